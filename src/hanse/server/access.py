"""How a route learns who calls it: dependencies that read the request's credentials."""

from typing import Any, TypedDict
from uuid import UUID

import msgspec
from litestar import Request

from hanse.identity import Access, Authenticator, Origin, require_same_origin, session_cookie
from hanse.platform.database import Db
from hanse.platform.http import ANSWER_HEADERS, RateLimit, take_token

_NOBODY = UUID(int=0)
"""Whose rate limits are those of people who have not signed in."""


class CookieCredentials(TypedDict):
    """The parts of a request that say who sends it."""

    method: str
    authorization: str | None
    session_token: str | None
    origin: str | None
    fetch_site: str | None
    host: str | None


def credentials_of(request: Request[Any, Any, Any], public_url: str) -> CookieCredentials:
    """Pick a request's credentials out of its headers and cookies."""
    headers = request.headers
    return {
        "method": request.method,
        "authorization": headers.get("authorization"),
        "session_token": request.cookies.get(session_cookie(public_url)),
        "origin": headers.get("origin"),
        "fetch_site": headers.get("sec-fetch-site"),
        "host": headers.get("host"),
    }


def origin_of(request: Request[Any, Any, Any]) -> Origin:
    """Where a request comes from, for the audit log and the limits of those not signed in."""
    return Origin(
        request.client.host if request.client else None, request.headers.get("user-agent")
    )


async def access_of(
    request: Request[Any, Any, Any],
    authenticator: Authenticator,
    db: Db,
    public_url: str,
    per_minute: int,
) -> Access:
    """Authenticate a request and take it out of its caller's rate limit.

    Raises MissingCredentials (401), WrongCredentials and CrossSiteRequest (403), RateLimited (429),
    DatabaseUnavailable (503).
    """
    access = await authenticator.access(**credentials_of(request, public_url))
    own = access.requests_per_minute
    limit = min(own, per_minute) if own and per_minute else own or per_minute
    if limit:
        async with db.tx(access.organisation_id, durable=False) as tx:
            _tell(request, await take_token(tx, access.caller, limit))
    return msgspec.structs.replace(access, origin=origin_of(request))


async def visitor_of(
    request: Request[Any, Any, Any], db: Db, public_url: str, per_minute: int
) -> Origin:
    """Let somebody who is not signed in call a route for that, within their address's limit.

    Raises CrossSiteRequest (403), RateLimited (429), DatabaseUnavailable (503).
    """
    origin = origin_of(request)
    if request.method not in ("GET", "HEAD"):
        # Else another site could sign people in to an account of its own.
        require_same_origin(**credentials_of(request, public_url))
    if per_minute:
        async with db.tx(_NOBODY, durable=False) as tx:
            _tell(request, await take_token(tx, f"sign-in:{origin.address}", per_minute))
    return origin


def _tell(request: Request[Any, Any, Any], limit: RateLimit) -> None:
    request.scope["state"][ANSWER_HEADERS] = [
        (name.lower().encode(), value.encode()) for name, value in limit.headers().items()
    ]
