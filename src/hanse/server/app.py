"""The web application: every system's routes, and the dependencies they ask for by name."""

import asyncio
import hmac
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from litestar import HttpMethod, Litestar, MediaType, Request, Response, get, route
from litestar.datastructures import State
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme
from msgspec import Struct

from hanse import chat, identity, language
from hanse import inference as inference_system
from hanse.identity import Access, Authenticator
from hanse.inference import InferenceClient
from hanse.platform.bus import Bus
from hanse.platform.database import Db
from hanse.platform.http import (
    Busy,
    RateLimits,
    RequestContext,
    Shedding,
    by_method,
    problem_response,
)
from hanse.platform.outbound import LOOPBACK_HOSTS
from hanse.platform.problems import Forbidden, Problem, UnsupportedMediaType
from hanse.platform.telemetry import METRICS_CONTENT_TYPE, log, render_metrics
from hanse.server import pages, web
from hanse.server.access import CookieCredentials, access_of, bearer_of, credentials_of, visitor_of
from hanse.server.events import event_catalogue
from hanse.server.notices import notices
from hanse.server.settings import Settings

READ: list[HttpMethod] = [HttpMethod.GET, HttpMethod.HEAD]
READY_TIMEOUT_S = 2.0
BODY_BYTES_MAX = 128 * 1024
OPENAI_PATHS = ("/v1/embeddings", "/v1/models", "/v1/chat/completions")
_PROXY_HEADERS = ("forwarded", "via", "x-forwarded-for", "x-real-ip")
_LOOPBACK = frozenset({"127.0.0.1", "::1"})


class Health(Struct):
    """What is up: each part by name, `ok` or what is wrong with it."""

    status: str
    parts: dict[str, str]


class MetricsForbidden(Forbidden):
    """Metrics are for the operator."""

    code = "metrics_forbidden"


@route(
    "/livez",
    http_method=READ,
    operation_id=by_method("Liveness"),
    summary="Is this process alive",
    tags=["Operation"],
)
async def livez() -> Health:
    """Answer as long as this process serves requests at all."""
    return Health("ok", {})


@route(
    "/readyz",
    http_method=READ,
    operation_id=by_method("Readiness"),
    summary="Can requests be served",
    tags=["Operation"],
)
async def readyz(db: Db, bus: Bus, inference: InferenceClient) -> Response[Health]:
    """Answer 200 if database, message bus and inference can be reached, else 503 saying which."""

    async def check(ping: Any) -> str:
        try:
            async with asyncio.timeout(READY_TIMEOUT_S):
                await ping
        except TimeoutError:
            return f"no answer within {READY_TIMEOUT_S:g} s"
        except Problem as problem:
            return problem.detail
        except Exception as error:  # whatever is wrong, this is where it is told
            log.error("readiness_check_failed", exc_info=error)
            return type(error).__name__
        return "ok"

    names = ("database", "bus", "inference")
    answers = await asyncio.gather(
        check(db.ping()), check(bus.ping()), check(_ping_inference(inference))
    )
    parts = dict(zip(names, answers, strict=True))
    ready = all(answer == "ok" for answer in answers)
    return Response(
        Health("ok" if ready else "unavailable", parts),
        status_code=200 if ready else 503,
        headers={} if ready else {"Retry-After": "1"},
    )


async def _ping_inference(inference: InferenceClient) -> None:
    await inference.status()


@get("/metrics", include_in_schema=False)
async def metrics(request: Request[Any, Any, Any], settings: Settings) -> Response[bytes]:
    """Serve the metrics of the whole tree in Prometheus' format, to the operator only."""
    given = request.headers.get("authorization", "")
    if settings.metrics_token:
        allowed = hmac.compare_digest(given.encode(), f"Bearer {settings.metrics_token}".encode())
    else:
        client = request.client.host if request.client else ""
        proxied = any(name in request.headers for name in _PROXY_HEADERS)
        local = request.url.hostname in LOOPBACK_HOSTS and not settings.public_url
        allowed = client in _LOOPBACK and local and not proxied
    if not allowed:
        raise MetricsForbidden("Set HANSE_METRICS_TOKEN and send it as a bearer token.")
    return Response(await asyncio.to_thread(render_metrics), media_type=METRICS_CONTENT_TYPE)


@get("/openapi.json", include_in_schema=False, sync_to_thread=False)
def openapi(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
    """Serve the OpenAPI 3.1 document of this server."""
    return Response(request.app.openapi_schema.to_schema(), media_type=MediaType.JSON)


async def refuse_codings(request: Request[Any, Any, Any]) -> None:
    """Refuse a body that would first have to be decompressed. Raises UnsupportedMediaType."""
    coding = request.headers.get("content-encoding", "identity")
    if coding.lower() != "identity":
        raise UnsupportedMediaType(
            f"A body with Content-Encoding '{coding}' is not read here; send it as it is.",
            headers={"Accept-Encoding": "identity"},
        )


Renderer = Callable[[Request[Any, Any, Any], Exception], Response[Any]]


def renderer_of(path: str) -> Renderer:
    """Return what renders errors of a path in the form of its API: DeepL's ... or RFC 9457."""
    if f"{path}/".startswith(f"{identity.SCIM_PREFIX}/"):
        return identity.scim_error_response
    if chat.is_matrix(path):
        return chat.matrix_error_response
    if inference_system.is_open_inference(path):
        return inference_system.open_inference_error_response
    if path.startswith(("/v2/", "/v3/", "/v1/jobs/voice/", "/v1/quality-evaluation")):
        return language.deepl_error_response
    if path.startswith(OPENAI_PATHS):
        return inference_system.openai_error_response
    return problem_response


def render_error(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Render an error in the form of the API that was called."""
    return renderer_of(request.url.path)(request, error)


def create_app(
    settings: Settings,
    db: Db,
    bus: Bus,
    inference: InferenceClient,
    generation: InferenceClient | None = None,
    mailer: identity.Mailer | None = None,
    hasher: identity.Passwords | None = None,
    stopping: asyncio.Event | None = None,
) -> Shedding:
    """Put the web application together from resources that the caller opened and will close.

    `generation` leads to a language model, if there is one; `mailer` and `hasher` replace those of
    the settings; `stopping` is set when open streams must end.
    """
    secret_key = settings.secret_key or identity.read_or_make_key(settings.home_path)
    app = _routes(settings, db, bus, inference, generation, mailer, hasher, secret_key, stopping)
    secure = settings.address.startswith("https:")
    return Shedding(
        RequestContext(chat.AnyOrigin(app), secure=secure),
        RequestContext(chat.AnyOrigin(Busy(render_error)), secure=secure),
        renderer_of,
    )


def document(settings: Settings) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document, without a server."""
    unused: Any = None
    key = "only for the document"
    app = _routes(settings, unused, unused, unused, None, None, None, key, None)
    return app.openapi_schema.to_schema()


def _routes(
    settings: Settings,
    db: Db,
    bus: Bus,
    inference: InferenceClient,
    generation: InferenceClient | None,
    mailer: identity.Mailer | None,
    hasher: identity.Passwords | None,
    secret_key: str,
    stopping: asyncio.Event | None,
) -> Litestar:
    breached = settings.breached_passwords_file
    public_url = settings.address
    authenticator = Authenticator(db)
    limits = RateLimits(db)
    seal = identity.Seal(secret_key)
    if mailer is None and settings.smtp_url:
        mailer = identity.MailQueue(seal)

    async def access(request: Request[Any, Any, Any]) -> Access:
        return await access_of(
            request, authenticator, limits, public_url, settings.rate_limit_per_minute
        )

    async def bearer(request: Request[Any, Any, Any]) -> Access:
        return await bearer_of(
            request, authenticator, limits, public_url, settings.rate_limit_per_minute
        )

    async def visitor(request: Request[Any, Any, Any]) -> identity.Origin:
        return await visitor_of(request, limits, public_url, settings.sign_in_limit_per_minute)

    async def stranger(request: Request[Any, Any, Any]) -> identity.Origin:
        per_minute = settings.sign_in_limit_per_minute
        return await visitor_of(request, limits, public_url, per_minute, any_site=True)

    def credentials(request: Request[Any, Any, Any]) -> CookieCredentials:
        return credentials_of(request, public_url)

    def entry(request: Request[Any, Any, Any]) -> identity.Entry:
        earlier = credentials_of(request, public_url)["session_token"]
        return identity.Entry(db, authenticator, public_url, earlier)

    def constant(value: Any) -> Provide:
        return Provide(lambda: value, sync_to_thread=False)

    return Litestar(
        route_handlers=[
            livez,
            readyz,
            metrics,
            openapi,
            identity.router,
            *identity.scim_routes,
            *inference_system.routes,
            *language.routes,
            chat.router,
            chat.matrix_router,
            *pages.handlers,
            *web.handlers,
        ],
        dependencies={
            "access": Provide(access),
            "bearer": Provide(bearer),
            "visitor": Provide(visitor),
            "stranger": Provide(stranger),
            "credentials": Provide(credentials, sync_to_thread=False),
            "entry": Provide(entry, sync_to_thread=False),
            "hasher": constant(hasher or identity.Passwords(Path(breached) if breached else None)),
            "seal": constant(seal),
            "chat": constant(
                chat.Chat(
                    db,
                    bus,
                    seal,
                    settings.gateway_address,
                    settings.file_rules,
                    settings.incoming_webhook_limit_per_minute,
                    settings.matrix_initial_syncs_per_minute,
                )
            ),
            "oidc": constant(identity.OidcClient()),
            "mailer": constant(mailer),
            "notices": constant(notices(settings, bus, secret_key, stopping)),
            "authenticator": constant(authenticator),
            "db": constant(db),
            "bus": constant(bus),
            "inference": constant(inference),
            "generation": constant(generation),
            "settings": constant(settings),
            "event_catalogue": constant(event_catalogue()),
            "webhook_rules": constant(settings.webhook_rules),
            "public_url": constant(public_url),
            "operating_organisation": constant(settings.operating_id),
        },
        state=State(
            {
                language.STATE: language.Translations(
                    db, inference, settings.characters_per_month_max, generation
                )
            }
        ),
        exception_handlers={Exception: render_error},
        before_request=refuse_codings,
        request_max_body_size=BODY_BYTES_MAX,
        logging_config=None,
        openapi_config=OpenAPIConfig(
            title="Hanse",
            version=version("hanse"),
            description="The API of one Hanse server. The routes under /v2 and /v3 follow the "
            "contract of the DeepL API, so its clients work with this server's address; those "
            "under /v2/models and /v2/health follow the Open Inference Protocol.",
            path="/_openapi",
            components=Components(
                security_schemes={
                    "auth_header": SecurityScheme(
                        type="apiKey",
                        name="Authorization",
                        security_scheme_in="header",
                        description="`DeepL-Auth-Key <key>` or `Bearer <key>`",
                    )
                }
            ),
            security=[{"auth_header": []}],
        ),
    )
