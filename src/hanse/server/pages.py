"""The pages outside the web client: signing out, and the documentation of the API."""

import contextlib
from importlib import resources, util
from pathlib import Path
from typing import Any

from litestar import MediaType, Response, get, post
from litestar.exceptions import NotFoundException

from hanse import identity
from hanse.identity import Authenticator
from hanse.platform.database import Db
from hanse.server.access import CookieCredentials

_ASSETS = {
    "docs.js": "text/javascript",
}
_SWAGGER_ASSETS = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
}


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


handlers = [sign_out, docs, asset]
