"""Routes by which a client of Matrix finds the server, signs in and asks what there is."""

# ruff: noqa: ARG001

import re
from typing import Annotated, Final
from urllib.parse import quote, urlsplit

from litestar import Response, get, post
from litestar.params import QueryParameter
from msgspec import Struct

from hanse import identity
from hanse.chat.matrix.common import CLIENT, server_of
from hanse.chat.matrix.events import Json
from hanse.chat.matrix.reading import device_of
from hanse.chat.rooms.service import actor_of
from hanse.identity import Access, Authenticator, Origin, Passwords, Seal
from hanse.platform.database import Db
from hanse.platform.outbound import LOOPBACK_HOSTS
from hanse.platform.problems import BadRequest, NotFound

PUSH_RULES: Json = {
    "global": {"override": [], "content": [], "room": [], "sender": [], "underride": []}
}
VERSIONS = ["v1.1", "v1.2", "v1.3", "v1.4", "v1.5", "v1.11"]
"""v1.11 tells clients to get files with their token."""
_NO_CLIENTS: Final = frozenset(
    {"javascript", "data", "vbscript", "blob", "file", "about", "view-source", "filesystem"}
    | {"intent", "mailto", "sms", "tel"}
)
"""Schemes of addresses that are programs or documents themselves, or lead to no client."""


class Identifier(Struct, frozen=True):
    """Who signs in: `user` or `address` is their e-mail address, `@address:server` too."""

    type: str = ""
    user: str = ""
    address: str = ""


class Login(Struct):
    """A sign-in by e-mail address and password, or by a token from the page of the sign-in."""

    type: str
    password: str = ""
    token: str = ""
    identifier: Identifier = Identifier()
    user: str = ""


class InvalidClientAddress(BadRequest):
    """This is no address of a client to go back to."""

    code = "invalid_client_address"
    title = "Invalid address of a client"


class UnsupportedSignIn(BadRequest):
    """This kind of sign-in is not offered."""

    code = "unsupported_sign_in"
    title = "Unsupported sign-in"


@get("/_matrix/client/versions")
async def versions() -> Json:
    """Tell which versions of the specification the routes follow."""
    return {"versions": VERSIONS, "unstable_features": {}}


@get("/.well-known/matrix/client")
async def well_known(public_url: str) -> Json:
    """Tell where the server is."""
    return {"m.homeserver": {"base_url": public_url}}


@get(f"{CLIENT}/login")
async def login_flows() -> Json:
    """Tell how one signs in."""
    kinds = ("m.login.password", "m.login.sso", "m.login.token")
    return {"flows": [{"type": each} for each in kinds]}


@get(
    [f"{CLIENT}/login/sso/redirect", f"{CLIENT}/login/sso/redirect/{{provider:str}}"],
    status_code=302,
)
async def to_sign_in(
    public_url: str,
    back: Annotated[str, QueryParameter(name="redirectUrl", max_length=2000)],
    provider: str = "",
) -> Response[None]:
    """Send the browser to the page where one signs in and lets the client in."""
    require_address_of_client(back)
    headers = {"Location": f"{public_url}/connect?to={quote(back, safe='')}"}
    return Response(None, status_code=302, headers=headers)


@post(f"{CLIENT}/login", status_code=200)
async def login(
    stranger: Origin,
    db: Db,
    hasher: Passwords,
    seal: Seal,
    authenticator: Authenticator,
    public_url: str,
    data: Login,
) -> Json:
    """Begin a session, whose secret is the client's access token.

    By password, whoever has a second factor is refused: the clients cannot ask for its code.
    """
    if data.type == "m.login.token":
        signed_in = await identity.sign_in_by_link(
            db, seal, data.token, origin=stranger, for_client=True
        )
    elif data.type == "m.login.password":
        who = data.identifier
        signed_in = await identity.sign_in_by_password(
            db,
            hasher,
            seal,
            email=_address_of(who.user or who.address or data.user),
            password=data.password,
            code=None,
            organisation_id=None,
            origin=stranger,
        )
    else:
        raise UnsupportedSignIn("Sign in with m.login.password, m.login.sso or m.login.token.")
    access = await authenticator.session(signed_in.token)
    server = server_of(public_url)
    return {
        "user_id": server.user(actor_of(access)),
        "access_token": signed_in.token,
        "device_id": device_of(access),
        "home_server": server.name,
        "well_known": {"m.homeserver": {"base_url": public_url}},
    }


def require_address_of_client(address: str) -> None:
    """Raise InvalidClientAddress if going there would run something, or lead nowhere."""
    scheme, colon, rest = address.partition(":")
    is_proper = re.fullmatch("[A-Za-z][A-Za-z0-9+.-]*", scheme) and colon and rest
    if scheme.lower() == "http" and _host_of(address) not in LOOPBACK_HOSTS:
        raise InvalidClientAddress("`redirectUrl` by http leads to one's own machine alone.")
    if not is_proper or not address.isprintable() or scheme.lower() in _NO_CLIENTS:
        raise InvalidClientAddress("`redirectUrl` is an address like 'https://app.example.org/'.")


def _host_of(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def _address_of(user: str) -> str:
    # Some clients take nothing but an id of Matrix.
    return user[1:].partition(":")[0] if user.startswith("@") else user


@post(f"{CLIENT}/logout", status_code=200)
async def logout(bearer: Access, db: Db, authenticator: Authenticator) -> Json:
    """End this session. Raises PersonRequired for an API key."""
    await identity.sign_out(db, bearer)
    authenticator.forget_all()
    return {}


@get(f"{CLIENT}/account/whoami")
async def whoami(bearer: Access, public_url: str) -> Json:
    """Tell who calls."""
    user = server_of(public_url).user(actor_of(bearer))
    return {"user_id": user, "device_id": device_of(bearer), "is_guest": False}


@get(f"{CLIENT}/capabilities")
async def capabilities(bearer: Access) -> Json:
    """Tell what a client may offer."""
    off = {"enabled": False}
    return {
        "capabilities": {
            "m.change_password": off,
            "m.set_displayname": off,
            "m.set_avatar_url": off,
            "m.3pid_changes": off,
            "m.room_versions": {"default": "10", "available": {"10": "stable"}},
        }
    }


@get([f"{CLIENT}/pushrules", f"{CLIENT}/pushrules/"])
async def push_rules(bearer: Access) -> Json:
    """Return no rules: whom to tell of what is chosen in Hanse."""
    return PUSH_RULES


@post(f"{CLIENT}/keys/upload", status_code=200)
async def upload_keys(bearer: Access) -> Json:
    """Keep no keys: rooms are not encrypted end to end."""
    return {"one_time_key_counts": {}}


@post(f"{CLIENT}/keys/query", status_code=200)
async def query_keys(bearer: Access) -> Json:
    """Return that nobody has keys."""
    return {"device_keys": {}, "failures": {}}


@get(f"{CLIENT}/keys/changes")
async def key_changes(bearer: Access) -> Json:
    """Return that no keys changed."""
    return {"changed": [], "left": []}


@get(f"{CLIENT}/voip/turnServer")
async def turn_server(bearer: Access) -> Json:
    """Return that there is no TURN server."""
    return {}


@get(f"{CLIENT}/thirdparty/protocols")
async def third_parties(bearer: Access) -> Json:
    """Return that no other networks are bridged."""
    return {}


@get([f"{CLIENT}/profile/{{user:str}}", f"{CLIENT}/profile/{{user:str}}/displayname"])
async def profile(bearer: Access, db: Db, public_url: str, user: str) -> Json:
    """Tell what somebody is called."""
    id = server_of(public_url).user_of(user)
    async with db.tx(bearer.organisation_id, bearer.person_id) as tx:
        names = await identity.names_of(tx, [id])
    if id not in names:
        raise NotFound("There is nobody of that id.")
    return {"displayname": names[id]}


handlers = [
    versions,
    well_known,
    login_flows,
    to_sign_in,
    login,
    logout,
    whoami,
    capabilities,
    push_rules,
    upload_keys,
    query_keys,
    key_changes,
    turn_server,
    third_parties,
    profile,
]
