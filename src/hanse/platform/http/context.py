"""The outermost layer of a web process: request ids, one log line, metrics, a span, headers."""

import re
import time
from functools import cache
from typing import Any

from prometheus_client import Counter, Histogram

from hanse.platform.ids import new_id
from hanse.platform.telemetry import bound, log, span

WATCHED = frozenset({"/livez", "/readyz", "/metrics"})
"""Paths that machines ask for all the time: their requests are logged at level debug."""

_GIVEN_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")

ANSWER_HEADERS = "hanse_answer_headers"
"""Key of the ASGI state under which a dependency leaves headers (pairs of bytes) for the answer."""

CLIENT_CLOSED_REQUEST = 499
"""What logs and metrics say of a request whose client went away before its answer."""

REQUESTS = Counter("hanse_http_requests_total", "HTTP requests by outcome", ["method", "status"])
SECONDS = Histogram(
    "hanse_http_request_seconds",
    "Time from the first byte of a request to the end of its answer",
    ["method"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)

SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (
        b"content-security-policy",
        b"default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; "
        b"frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    ),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
)
HSTS = (b"strict-transport-security", b"max-age=31536000")


class RequestContext:
    """ASGI middleware: gives each request an id, found in its answer and in each of its log lines.

    A caller's own `X-Request-Id` is kept if it is 8 to 64 letters, digits, dots, dashes or
    underscores. `X-Trace-ID`, which the DeepL contract asks for, carries the same value.
    `secure` says that people reach the server by TLS: browsers are told never to do otherwise.
    """

    def __init__(self, app: Any, *, secure: bool = False) -> None:
        self._app = app
        self._headers = (*SECURITY_HEADERS, HSTS) if secure else SECURITY_HEADERS

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one ASGI connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"")
        request_id = given if _GIVEN_ID.fullmatch(given) else str(new_id()).encode()
        traceparent = headers.get(b"traceparent")
        status = CLIENT_CLOSED_REQUEST
        started = time.perf_counter()
        gone = False

        async def receive_noting() -> Any:
            nonlocal gone
            message = await receive()
            gone = gone or message["type"] == "http.disconnect"
            return message

        async def send_with_headers(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                present = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    (b"x-request-id", request_id),
                    (b"x-trace-id", request_id),
                    *scope.get("state", {}).get(ANSWER_HEADERS, ()),
                    *(pair for pair in self._headers if pair[0] not in present),
                ]
            await send(message)

        with bound(request_id=request_id.decode()):
            with span(
                f"{scope['method']} {_without_secrets(scope['path'])}",
                traceparent=traceparent.decode("latin-1") if traceparent else None,
            ):
                try:
                    await self._app(scope, receive_noting, send_with_headers)
                finally:
                    if gone and status >= 500:
                        # What failed then is that nobody was there.
                        status = CLIENT_CLOSED_REQUEST
                    seconds = time.perf_counter() - started
                    method = known_method(scope["method"])
                    _count(method, status).inc()
                    _seconds(method).observe(seconds)
                    quiet = scope["path"] in WATCHED
                    (log.debug if quiet else log.info)(
                        "request",
                        method=scope["method"],
                        path=_without_secrets(scope["path"]),
                        status=status,
                        milliseconds=round(seconds * 1000, 2),
                    )


@cache
def _count(method: str, status: int) -> Counter:
    return REQUESTS.labels(method, str(status))


@cache
def _seconds(method: str) -> Histogram:
    return SECONDS.labels(method)


_SECRET_AFTER = (
    "/sign-in/",
    "/v1/hooks/",
    "/v1/notifications/unsubscribe/",
    "/v3/translation_memories/files/",
)


def known_method(method: str) -> str:
    """Bound the number of label values: a client may send any word as its method."""
    return method if method in {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"} else "OTHER"


def _without_secrets(path: str) -> str:
    """A token in an address is as good as a password: it must not stand in a log."""
    for prefix in _SECRET_AFTER:
        if path.startswith(prefix):
            return f"{prefix}…"
    return path
