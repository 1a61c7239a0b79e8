"""The web client: the files that were built from `web/`, and the addresses of its pages."""

from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from litestar import HttpMethod, MediaType, Request, Response, get, route
from litestar.exceptions import NotFoundException

from hanse.server.settings import Settings

FOLDER: Final = Path(__file__).parent / "client"
PAGES: Final = [
    "/",
    "/sign-in",
    "/sign-in/{token:str}",
    "/welcome",
    "/connect",
    "/account",
    "/account/{rest:path}",
    "/notifications",
    "/translate",
    "/translate/{rest:path}",
    "/chat",
    "/chat/{rest:path}",
    "/admin",
    "/admin/{rest:path}",
]
"""Addresses that the client itself understands; all show the same document."""

_CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self'; connect-src {connects}; manifest-src 'self'; worker-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_NOT_BUILT: Final = (
    '<!doctype html><html lang="en"><title>Hanse</title>'
    "<p>The web client was not built. Run <code>make run</code>, or <code>make web</code> and then "
    'start again. The <a href="/docs">API</a> works without it.'
)
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_KINDS: Final = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}


def content_security_policy(gateway_address: str) -> str:
    """Return what the pages may do: speak to this server and, if there is one, the gateway."""
    gateway = urlsplit(gateway_address)
    origin = f" {gateway.scheme}://{gateway.netloc}" if gateway.netloc else ""
    return _CSP.format(connects=f"'self'{origin}")


@route(
    PAGES,
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    include_in_schema=False,
)
async def page(settings: Settings) -> Response[bytes]:
    """Serve the client; it finds out by itself who is signed in and which page is meant."""
    document = FOLDER / "index.html"
    built = document.is_file()
    return Response(
        document.read_bytes() if built else _NOT_BUILT.encode(),
        media_type=MediaType.HTML,
        # The names of its files change with their content, so the document itself is asked anew.
        headers={
            "Cache-Control": "no-cache",
            "Content-Security-Policy": content_security_policy(settings.gateway_address),
        },
    )


@get("/app/{name:str}", include_in_schema=False)
async def built_file(name: str) -> Response[bytes]:
    """Serve a file whose name holds the hash of its content."""
    return _file(FOLDER / "app", name, _FOR_EVER)


@get(
    ["/icon.svg", "/manifest.webmanifest", "/service-worker.js"],
    include_in_schema=False,
)
async def public_file(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Serve one of the few files that have a fixed name."""
    return _file(FOLDER, request.url.path.removeprefix("/"), "no-cache")


def _file(folder: Path, name: str, cache: str) -> Response[bytes]:
    path = folder / name
    kind = _KINDS.get(path.suffix)
    if kind is None or path.parent != folder or not path.is_file():
        raise NotFoundException("There is no such file.")
    return Response(path.read_bytes(), media_type=kind, headers={"Cache-Control": cache})


handlers = [page, built_file, public_file]
