"""What the routes of identity share."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, TypeVar

import msgspec
from litestar import Request, Response
from litestar.datastructures import Cookie
from msgspec import UNSET, Meta, Struct, UnsetType

from hanse.identity.authentication import device_cookie, session_cookie
from hanse.identity.model import Access, Status
from hanse.identity.people.service import LANGUAGES_MAX, NAME_CHARACTERS_MAX, Changes
from hanse.identity.signing.model import SignedIn
from hanse.identity.signing.sessions import SESSION_LIFETIME
from hanse.platform.database import Db, Tx
from hanse.platform.http import Answer, idempotent, problem_responses

T = TypeVar("T")

DEVICE_COOKIE_S = 365 * 24 * 3600
errors = problem_responses
"""Describe the errors of a route for the OpenAPI document."""

Name = Annotated[str, Meta(min_length=1, max_length=NAME_CHARACTERS_MAX)]
Email = Annotated[str, Meta(min_length=3, max_length=320)]
Tag = Annotated[str, Meta(min_length=2, max_length=35)]


class MySettings(Struct, forbid_unknown_fields=True):
    """What to change about oneself; what is left out stays."""

    name: Name | UnsetType = UNSET
    locale: Tag | UnsetType = UNSET
    time_zone: Annotated[str, Meta(min_length=1, max_length=64)] | UnsetType = UNSET
    languages: Annotated[list[Tag], Meta(max_length=LANGUAGES_MAX)] | UnsetType = UNSET


class SignInLink(Struct):
    """A link that signs one person in, once."""

    url: str
    expires_in_s: int


def cookie_of(token: str, public_url: str) -> Cookie:
    """The cookie of a new session: no script reads it, no other site's page sends it."""
    return Cookie(
        session_cookie(public_url),
        value=token,
        path="/",
        max_age=int(SESSION_LIFETIME.total_seconds()),
        httponly=True,
        secure=public_url.startswith("https:"),
        samesite="lax",
    )


def cookies_of(signed_in: SignedIn, public_url: str) -> list[Cookie]:
    """The cookies of a new session, and of the browser that it is in."""
    device = Cookie(
        device_cookie(public_url),
        value=signed_in.device,
        path="/",
        max_age=DEVICE_COOKIE_S,
        httponly=True,
        secure=public_url.startswith("https:"),
        samesite="lax",
    )
    return [cookie_of(signed_in.token, public_url), device]


def forget_cookie(response: Response[Any], public_url: str) -> None:
    """Let the browser forget its session."""
    response.set_cookie(
        Cookie(
            session_cookie(public_url),
            value="",
            path="/",
            max_age=0,
            httponly=True,
            secure=public_url.startswith("https:"),
            samesite="lax",
        )
    )


def changes_of(data: Struct) -> dict[str, Any]:
    """What a PATCH names, by field; what it leaves out is not in it."""
    return {
        name: value
        for name, value in msgspec.structs.asdict(data).items()
        if value is not msgspec.UNSET
    }


def person_changes_of(data: MySettings) -> Changes:
    """What a PATCH names of a person."""
    changes = changes_of(data)
    if "languages" in changes:
        changes["languages"] = unique(changes["languages"])
    if "status" in changes:
        changes["status"] = Status(changes["status"])
    return Changes(**changes)


def unique(values: Sequence[T]) -> list[T]:
    """Return the values in their order, each once."""
    return list(dict.fromkeys(values))


async def create_once(
    request: Request[Any, Any, Any],
    access: Access,
    db: Db,
    idempotency_key: str | None,
    create: Callable[[Tx], Awaitable[Any]],
    *,
    kept: Callable[[Any], Any] = lambda body: body,
) -> Response[Any]:
    """Answer 201 with what `create` makes, or what the same key got before (see `idempotent`)."""
    async with db.tx(access.organisation_id, access.person_id) as tx:

        async def run() -> Answer:
            return Answer(201, msgspec.to_builtins(await create(tx)))

        answer = await idempotent(
            tx,
            caller=access.caller,
            key=idempotency_key,
            request=f"{request.method} {request.url.path} ".encode() + await request.body(),
            run=run,
            kept=kept,
        )
    headers = {"Idempotency-Replayed": "true"} if answer.replayed else {}
    return Response(answer.body, status_code=answer.status, headers=headers)


def link_of(token: str, public_url: str, expires_in_s: float) -> SignInLink:
    """The link in which a token goes to a person."""
    return SignInLink(f"{public_url}/sign-in/{token}", int(expires_in_s))
