"""The pages outside the web client: sign-in by link, signing out, the documentation of the API."""

import contextlib
from html import escape
from importlib import resources, util
from pathlib import Path
from typing import Any

from litestar import MediaType, Response, get, post
from litestar.exceptions import NotFoundException

from hanse import identity
from hanse.identity import Authenticator, Entry, Origin, Seal
from hanse.platform.database import Db
from hanse.platform.problems import Problem
from hanse.server.access import CookieCredentials

_ASSETS = {
    "hanse.css": "text/css",
    "docs.js": "text/javascript",
}
_SWAGGER_ASSETS = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
}


def _page(title: str, body: str, *, status: int = 200, **more: Any) -> Response[str]:
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)} · Hanse</title><link rel="stylesheet" href="/assets/hanse.css">'
        f"</head><body><main>{body}</main></body></html>"
    )
    headers = {"Cache-Control": "no-store"}
    return Response(html, status_code=status, media_type=MediaType.HTML, headers=headers, **more)


def _problem_page(problem: Problem) -> Response[str]:
    return _page(
        problem.title,
        f"<h1>{escape(problem.title)}</h1><p>{escape(problem.detail)}</p>"
        '<p><a href="/">Back to the start</a></p>',
        status=problem.status,
    )


@get("/sign-in/{token:str}", include_in_schema=False)
async def confirm_sign_in(token: str) -> Response[str]:
    """Ask before a link is used up: programs that preview links open them, too."""
    return _page(
        "Sign in",
        "<h1>Welcome to Hanse</h1><p>This link signs you in on this device. It works once.</p>"
        f'<form method="post" action="/sign-in/{escape(token, quote=True)}">'
        "<button>Sign in</button></form>",
    )


@post("/sign-in/{token:str}", include_in_schema=False, status_code=303)
async def sign_in(
    token: str,
    visitor: Origin,
    db: Db,
    seal: Seal,
    entry: Entry,
    public_url: str,
) -> Response[Any]:
    """Use a sign-in link up and start a session."""
    try:
        signed_in = await identity.sign_in_by_link(db, seal, token, origin=visitor)
        await entry.end_earlier()
    except Problem as problem:
        return _problem_page(problem)
    cookies = identity.cookies_of(signed_in, public_url)
    return Response(None, status_code=303, headers={"Location": "/"}, cookies=cookies)


@post("/sign-out", include_in_schema=False, status_code=303)
async def sign_out(
    credentials: CookieCredentials, authenticator: Authenticator, db: Db, public_url: str
) -> Response[Any]:
    """End the session, here and in every copy of its cookie."""
    with contextlib.suppress(identity.MissingCredentials, identity.WrongCredentials):
        access = await authenticator.access(**credentials)
        await identity.sign_out(db, access)
        authenticator.forget_all()
    response = Response(None, status_code=303, headers={"Location": "/"})
    identity.forget_cookie(response, public_url)
    return response


@get("/docs", include_in_schema=False)
async def docs() -> Response[str]:
    """Show the API's documentation, from files that this server has itself."""
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<title>API · Hanse</title>"
        '<link rel="stylesheet" href="/assets/swagger-ui.css"></head><body><div id="docs"></div>'
        '<script src="/assets/swagger-ui-bundle.js"></script>'
        '<script src="/assets/docs.js"></script>'
        "</body></html>"
    )
    return Response(html, media_type=MediaType.HTML)


@get("/assets/{name:str}", include_in_schema=False, sync_to_thread=False)
def asset(name: str) -> Response[bytes]:
    """Serve one of the few files that the pages need."""
    if name in _ASSETS:
        data = (resources.files("hanse.server") / "assets" / name).read_bytes()
        kind = _ASSETS[name]
    elif name in _SWAGGER_ASSETS:
        data = (_swagger_folder() / name).read_bytes()
        kind = _SWAGGER_ASSETS[name]
    else:
        raise NotFoundException("There is no such file.")
    headers = {"Cache-Control": "public, max-age=3600"}
    return Response(data, media_type=kind, headers=headers)


def _swagger_folder() -> Path:
    # Only the files are wanted; importing the package would bring in a second web framework.
    spec = util.find_spec("flask_swagger_ui")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "dist"


handlers = [confirm_sign_in, sign_in, sign_out, docs, asset]
