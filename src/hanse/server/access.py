"""How a route learns who calls it: dependencies that read the request's credentials."""

from typing import Any, TypedDict
from uuid import UUID

import msgspec
from litestar import Request

from hanse.identity import (
    SECRET_CHARACTERS_MAX,
    Access,
    Authenticator,
    Origin,
    device_cookie,
    require_same_origin,
    session_cookie,
)
from hanse.platform.http import ANSWER_HEADERS, RateLimit, RateLimits

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


def origin_of(request: Request[Any, Any, Any], public_url: str) -> Origin:
    """Where a request comes from, for the audit log and the limits of those not signed in."""
    device = request.cookies.get(device_cookie(public_url))
    return Origin(
        request.client.host if request.client else None,
        request.headers.get("user-agent"),
        device if device and len(device) <= SECRET_CHARACTERS_MAX else None,
    )


async def access_of(
    request: Request[Any, Any, Any],
    authenticator: Authenticator,
    limits: RateLimits,
    public_url: str,
    per_minute: int,
) -> Access:
    """Authenticate a request and take it out of its caller's rate limit.

    Raises MissingCredentials (401), WrongCredentials and CrossSiteRequest (403), RateLimited (429),
    DatabaseUnavailable (503).
    """
    access = await authenticator.access(**credentials_of(request, public_url))
    return await _admitted(request, access, limits, public_url, per_minute)


async def bearer_of(
    request: Request[Any, Any, Any],
    authenticator: Authenticator,
    limits: RateLimits,
    public_url: str,
    per_minute: int,
) -> Access:
    """Authenticate a request by its header alone, as `access_of` does: for other people's clients.

    Raises MissingCredentials (401), WrongCredentials (403), RateLimited (429),
    DatabaseUnavailable (503).
    """
    access = await authenticator.bearer(request.headers.get("authorization"))
    return await _admitted(request, access, limits, public_url, per_minute)


async def _admitted(
    request: Request[Any, Any, Any],
    access: Access,
    limits: RateLimits,
    public_url: str,
    per_minute: int,
) -> Access:
    if limit := access.limit_per_minute(per_minute):
        _tell(request, await limits.take(access.organisation_id, access.caller, limit))
    return msgspec.structs.replace(access, origin=origin_of(request, public_url))


async def visitor_of(
    request: Request[Any, Any, Any],
    limits: RateLimits,
    public_url: str,
    per_minute: int,
    *,
    any_site: bool = False,
) -> Origin:
    """Let somebody who is not signed in call a route for that, within their address's limit.

    `any_site` is for routes that answer with no cookie.

    Raises CrossSiteRequest (403), RateLimited (429), DatabaseUnavailable (503).
    """
    origin = origin_of(request, public_url)
    if not any_site and request.method not in ("GET", "HEAD"):
        # Else another site could sign people in to an account of its own.
        require_same_origin(**credentials_of(request, public_url))
    if per_minute:
        _tell(request, await limits.take(_NOBODY, f"sign-in:{origin.address}", per_minute))
    return origin


def _tell(request: Request[Any, Any, Any], limit: RateLimit) -> None:
    request.scope["state"][ANSWER_HEADERS] = [
        (name.lower().encode(), value.encode()) for name, value in limit.headers().items()
    ]
