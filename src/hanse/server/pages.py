"""The few pages a browser needs before there is a web client: sign in, make a key, sign out."""

import contextlib
from html import escape
from importlib import resources, util
from pathlib import Path
from typing import Annotated, Any

from litestar import HttpMethod, MediaType, Response, get, post, route
from litestar.enums import RequestEncodingType
from litestar.exceptions import NotFoundException
from litestar.params import Body
from msgspec import Struct

from hanse import identity
from hanse.identity import Access, Authenticator, Entry, Origin, Permission, Seal
from hanse.platform.database import Db
from hanse.platform.problems import Problem
from hanse.server.access import CookieCredentials
from hanse.server.settings import Settings

KEYS_SHOWN = 50

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


@route("/", http_method=[HttpMethod.GET, HttpMethod.HEAD], include_in_schema=False)
async def home(
    credentials: CookieCredentials,
    authenticator: Authenticator,
    db: Db,
    settings: Settings,
    public_url: str,
) -> Response[str]:
    """Show who is signed in and offer a key; tell others how to sign in."""
    try:
        access = await authenticator.access(**credentials)
    except (identity.MissingCredentials, identity.WrongCredentials):
        return _page(
            "Hanse",
            "<h1>Hanse</h1><p>Open the sign-in link that the server printed at its first start, or "
            "ask an administrator for one. On the server, this makes a new link:</p>"
            f"<pre>hanse user link {escape(settings.owner_email)}</pre>"
            '<p><a href="/docs">The API and its documentation</a></p>',
        )
    return await _signed_in(access, db, public_url)


async def _signed_in(access: Access, db: Db, public_url: str, made: str = "") -> Response[str]:
    async with db.tx(access.organisation_id, access.person_id) as tx:
        organisation = await identity.get_organisation(tx)
        person = await identity.get_person(tx, access.person_id) if access.person_id else None
        may = Permission.API_KEYS_WRITE in access.permissions
        live = await identity.newest_api_keys(tx, KEYS_SHOWN) if may else []
    rows = "".join(
        f"<tr><td>{escape(key.name)}</td><td>{key.created_at:%Y-%m-%d}</td>"
        f"<td>{f'{key.last_used_at:%Y-%m-%d %H:%M} UTC' if key.last_used_at else 'never'}</td></tr>"
        for key in live
    )
    table = (
        f"<table><thead><tr><th>Name</th><th>Made</th><th>Last used</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>"
        if live
        else '<p class="quiet">There is no API key yet.</p>'
    )
    form = (
        '<section class="card"><h2>Make an API key</h2><form method="post" action="/keys">'
        '<label for="name">What is it for?</label>'
        '<input id="name" name="name" required maxlength="200" placeholder="first steps">'
        f"<button>Make the key</button></form></section>"
        f'<section class="card"><h2>API keys</h2>{table}</section>'
        if may
        else ""
    )
    name = escape(person.name if person else "")
    return _page(
        organisation.name,
        f"<h1>{escape(organisation.name)}</h1>"
        f'<p class="quiet">You are signed in as {name}.</p>{made}{form}'
        f'<p><a href="/docs">The API and its documentation</a> at {escape(public_url)}</p>'
        '<form method="post" action="/sign-out"><button class="plain">Sign out</button></form>',
    )


class KeyForm(Struct):
    """The form that makes a key."""

    name: str


@post("/keys", include_in_schema=False, status_code=200)
async def make_key(
    credentials: CookieCredentials,
    authenticator: Authenticator,
    db: Db,
    public_url: str,
    data: Annotated[KeyForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[str]:
    """Make an API key and show it, this once."""
    try:
        access = await authenticator.access(**credentials)
        async with db.tx(access.organisation_id, access.person_id) as tx:
            _, secret = await identity.create_api_key(tx, access, name=data.name)
    except Problem as problem:
        return _problem_page(problem)
    example = (
        f"curl {public_url}/v2/translate -H 'Authorization: DeepL-Auth-Key {secret}' "
        '--json \'{"text": ["Good morning!"], "target_lang": "PT-BR"}\''
    )
    made = (
        '<section class="card" role="status"><h2>Your new key</h2>'
        f"<pre>{escape(secret)}</pre><p>Copy it now: it is not shown again. A first translation:"
        f"</p><pre>{escape(example)}</pre></section>"
    )
    return await _signed_in(access, db, public_url, made)


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
    cookie = identity.cookie_of(signed_in.token, public_url)
    return Response(None, status_code=303, headers={"Location": "/"}, cookies=[cookie])


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


handlers = [home, make_key, confirm_sign_in, sign_in, sign_out, docs, asset]
