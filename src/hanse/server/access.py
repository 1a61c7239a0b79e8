"""How a route learns who calls it: dependencies that read the request's credentials."""

from typing import Any, TypedDict

from litestar import Request

from hanse.identity import SESSION_COOKIE, Access, Authenticator
from hanse.platform.http import ANSWER_HEADERS, RateLimits


class CookieCredentials(TypedDict):
    """The parts of a request that say who sends it."""

    method: str
    authorization: str | None
    session_token: str | None
    origin: str | None
    fetch_site: str | None
    host: str | None


def credentials_of(request: Request[Any, Any, Any]) -> CookieCredentials:
    """Pick a request's credentials out of its headers and cookies."""
    headers = request.headers
    return {
        "method": request.method,
        "authorization": headers.get("authorization"),
        "session_token": request.cookies.get(SESSION_COOKIE),
        "origin": headers.get("origin"),
        "fetch_site": headers.get("sec-fetch-site"),
        "host": headers.get("host"),
    }


async def access_of(
    request: Request[Any, Any, Any], authenticator: Authenticator, limits: RateLimits | None
) -> Access:
    """Authenticate a request and take it out of its caller's rate limit.

    Raises MissingCredentials (401), WrongCredentials and CrossSiteRequest (403), RateLimited (429),
    DatabaseUnavailable (503).
    """
    access = await authenticator.access(**credentials_of(request))
    if limits is not None:
        limit = await limits.take(access.organisation_id, access.caller)
        request.scope["state"][ANSWER_HEADERS] = [
            (name.lower().encode(), value.encode()) for name, value in limit.headers().items()
        ]
    return access
