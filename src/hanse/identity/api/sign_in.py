"""Routes that let people in and out: no credentials are needed, and all count by address.

An answer never tells whether an address has an account. Asking for `visitor` is what counts a
request and refuses another site's, whether or not the route has more use for it.
"""

# ruff: noqa: ARG001

from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from litestar import Request, Response, delete, get, post
from litestar.background_tasks import BackgroundTask
from litestar.datastructures import Cookie
from litestar.params import QueryParameter
from msgspec import Meta, Struct

from hanse.identity.api.common import Email, cookies_of, errors, forget_cookie
from hanse.identity.api.entry import Entry
from hanse.identity.api.me import Me, Password
from hanse.identity.authentication import SECRET_CHARACTERS_MAX, Authenticator
from hanse.identity.model import Access, Origin
from hanse.identity.providers import flow
from hanse.identity.providers import store as providers_store
from hanse.identity.providers.oidc import OidcClient
from hanse.identity.sealing import Seal
from hanse.identity.signing import links, passkeys, passwords, sessions
from hanse.identity.signing import store as signing_store
from hanse.identity.signing.passkeys import RelyingParty
from hanse.identity.signing.passwords import Passwords
from hanse.platform.database import Db
from hanse.platform.problems import Problem

OIDC_COOKIE = "hanse_oidc"
CALLBACK_PATH = "/v1/auth/oidc/callback"

Token = Annotated[str, Meta(min_length=1, max_length=SECRET_CHARACTERS_MAX)]
Code = Annotated[str, Meta(min_length=1, max_length=64)]
_NO_STORE = {"Cache-Control": "no-store"}
_OPEN: list[dict[str, list[str]]] = [{}]


class SignInProvider(Struct):
    """An identity provider to choose from."""

    id: UUID
    name: str


class SignInMethods(Struct):
    """How people with an address of this domain can sign in."""

    password: bool
    passkey: bool
    providers: list[SignInProvider]


class LoginToken(Struct):
    """A token with which a program signs in as the caller, once, within `expires_in_s`."""

    token: str
    expires_in_s: int


class PasswordSignIn(Struct, forbid_unknown_fields=True):
    """Address and password; `code` where there is a second factor.

    `organisation_id` where the answer was `choose_organisation`.
    """

    email: Email
    password: Password
    code: Code | None = None
    organisation_id: UUID | None = None


class PasskeyChallenge(Struct):
    """What the browser hands to the authenticator (`PublicKeyCredential.parse…FromJSON`)."""

    challenge_id: str
    options: dict[str, Any]


class PasskeySignIn(Struct, forbid_unknown_fields=True):
    """The authenticator's answer (`PublicKeyCredential.toJSON`)."""

    challenge_id: Token
    credential: dict[str, Any]


class LinkRequest(Struct, forbid_unknown_fields=True):
    """Whom to send a sign-in link."""

    email: Email


class LinkSignIn(Struct, forbid_unknown_fields=True):
    """The token in a sign-in link; `code` where there is a second factor."""

    token: Token
    code: Code | None = None


@get(
    "/auth/methods",
    operation_id="listSignInMethods",
    summary="How can I sign in",
    tags=["Sign-in"],
    responses=errors(400),
    security=_OPEN,
)
async def methods(
    visitor: Origin,
    db: Db,
    email: Annotated[str, QueryParameter(name="email", max_length=320)] = "",
) -> SignInMethods:
    """Tell how people with an address of this domain can sign in, accounts or not."""
    domain = email.rpartition("@")[2].strip()
    async with db.system_tx() as tx:
        providers = await providers_store.list_sign_in_providers(tx, domain)
        password = await signing_store.allows_passwords(tx)
    return SignInMethods(password, True, [SignInProvider(*each) for each in providers])


@post(
    "/auth/password",
    operation_id="signInByPassword",
    summary="Sign in by password",
    tags=["Sign-in"],
    status_code=200,
    responses=errors(400, 409),
    security=_OPEN,
)
async def by_password(
    visitor: Origin,
    db: Db,
    hasher: Passwords,
    seal: Seal,
    entry: Entry,
    data: PasswordSignIn,
) -> Response[Me]:
    """Sign in by address and password.

    401 `wrong_credentials`, or `second_factor_required`: repeat with `code`. 429 after too many
    attempts, with `Retry-After`.
    """
    signed_in = await passwords.sign_in(
        db,
        hasher,
        seal,
        email=data.email,
        password=data.password,
        code=data.code,
        organisation_id=data.organisation_id,
        origin=visitor,
    )
    return await entry.answer(signed_in)


@post(
    "/auth/passkeys/options",
    operation_id="beginPasskeySignIn",
    summary="Begin to sign in by passkey",
    tags=["Sign-in"],
    status_code=200,
    responses=errors(),
    security=_OPEN,
)
async def passkey_options(visitor: Origin, db: Db, public_url: str) -> PasskeyChallenge:
    """Make a challenge, good for five minutes and one attempt."""
    return PasskeyChallenge(*await passkeys.begin_sign_in(db, RelyingParty.at(public_url)))


@post(
    "/auth/passkeys",
    operation_id="signInByPasskey",
    summary="Sign in by passkey",
    tags=["Sign-in"],
    status_code=200,
    responses=errors(400),
    security=_OPEN,
)
async def by_passkey(
    visitor: Origin, db: Db, public_url: str, entry: Entry, data: PasskeySignIn
) -> Response[Me]:
    """Sign in by a passkey, which is password and second factor in one."""
    signed_in = await passkeys.sign_in(
        db,
        RelyingParty.at(public_url),
        challenge_id=data.challenge_id,
        credential=data.credential,
        origin=visitor,
    )
    return await entry.answer(signed_in)


@post(
    "/auth/links",
    operation_id="sendSignInLink",
    summary="Send me a sign-in link",
    tags=["Sign-in"],
    status_code=204,
    responses=errors(400),
    security=_OPEN,
)
async def send_link(
    visitor: Origin,
    db: Db,
    public_url: str,
    mailer: links.Mailer | None,
    data: LinkRequest,
) -> Response[None]:
    """Send a sign-in link to this address if it has an account. The answer is always the same."""
    # After the answer: how long it takes tells nothing either.
    later = BackgroundTask(links.send, db, mailer, public_url, data.email)
    return Response(None, status_code=204, background=later)


@post(
    "/auth/link",
    operation_id="signInByLink",
    summary="Sign in by link",
    tags=["Sign-in"],
    status_code=200,
    responses=errors(400),
    security=_OPEN,
)
async def by_link(
    visitor: Origin, db: Db, seal: Seal, entry: Entry, data: LinkSignIn
) -> Response[Me]:
    """Use a sign-in link up."""
    return await entry.answer(
        await links.sign_in(db, seal, data.token, origin=visitor, code=data.code)
    )


@post(
    "/auth/hand-over",
    operation_id="handSignInOver",
    summary="Let a program sign in as oneself",
    tags=["Sign-in"],
    status_code=201,
    responses=errors(),
)
async def hand_over(access: Access, db: Db) -> Response[LoginToken]:
    """Make a token with which a client of Matrix begins a session (`m.login.token`).

    It is for the program that one has sent to one's sign-in, and works once.
    """
    async with db.tx(access.organisation_id, access.person_id) as tx:
        token = await links.hand_over(tx, access)
    made = LoginToken(token, int(links.HANDED_OVER_LIFETIME.total_seconds()))
    return Response(made, status_code=201, headers=_NO_STORE)


@get(
    "/auth/oidc/{provider_id:uuid}",
    operation_id="signInByProvider",
    summary="Go to an identity provider",
    tags=["Sign-in"],
    status_code=302,
    responses=errors(400, 404, 502),
    security=_OPEN,
)
async def to_provider(
    visitor: Origin,
    db: Db,
    oidc: OidcClient,
    public_url: str,
    provider_id: UUID,
    next_path: Annotated[
        str | None,
        QueryParameter(
            name="next", max_length=2000, description="Path on this server to go to afterwards."
        ),
    ] = None,
) -> Response[None]:
    """Send the browser to the provider. It comes back to `next`, with a session."""
    departure = await flow.depart(
        db, oidc, provider_id, next_path=next_path, redirect_uri=public_url + CALLBACK_PATH
    )
    cookie = _oidc_cookie(departure.browser_token, int(flow.CEREMONY_S), public_url)
    headers = {"Location": departure.url, **_NO_STORE}
    return Response(None, status_code=302, headers=headers, cookies=[cookie])


@get(
    "/auth/oidc/callback",
    operation_id="finishProviderSignIn",
    summary="Come back from an identity provider",
    tags=["Sign-in"],
    status_code=302,
    responses=errors(400),
    security=_OPEN,
)
async def from_provider(
    request: Request[Any, Any, Any],
    visitor: Origin,
    db: Db,
    oidc: OidcClient,
    seal: Seal,
    public_url: str,
    entry: Entry,
    code: Annotated[str, QueryParameter(name="code", max_length=4000)] = "",
    oidc_state: Annotated[str, QueryParameter(name="state", max_length=SECRET_CHARACTERS_MAX)] = "",
    issuer: Annotated[str | None, QueryParameter(name="iss", max_length=2000)] = None,
) -> Response[None]:
    """Finish a sign-in. A failure leads to `/?sign_in_error=<code>`, and the log has the rest."""
    try:
        arrival = await flow.arrive(
            db,
            oidc,
            seal,
            state=oidc_state,
            code=code,
            issuer=issuer,
            browser_token=request.cookies.get(OIDC_COOKIE),
            redirect_uri=public_url + CALLBACK_PATH,
            origin=visitor,
        )
    except Problem as problem:
        entry.log_refusal(problem)
        location = f"/?sign_in_error={quote(problem.code)}"
        return Response(None, status_code=302, headers={"Location": location, **_NO_STORE})
    await entry.end_earlier()
    return Response(
        None,
        status_code=302,
        headers={"Location": arrival.next_path, **_NO_STORE},
        cookies=[
            *cookies_of(arrival.signed_in, public_url),
            _oidc_cookie("", 0, public_url),
        ],
    )


@delete(
    "/auth/session",
    operation_id="signOut",
    summary="Sign out",
    tags=["Sign-in"],
    status_code=204,
    responses=errors(),
)
async def sign_out(
    access: Access, db: Db, authenticator: Authenticator, public_url: str
) -> Response[None]:
    """End this session, in every copy of its cookie."""
    await sessions.sign_out(db, access)
    authenticator.forget_all()
    response = Response(None, status_code=204)
    forget_cookie(response, public_url)
    return response


def _oidc_cookie(value: str, max_age: int, public_url: str) -> Cookie:
    # Lax, not strict: the provider's page sends the browser back here.
    return Cookie(
        OIDC_COOKIE,
        value=value,
        path="/v1/auth/oidc",
        max_age=max_age,
        httponly=True,
        secure=public_url.startswith("https:"),
        samesite="lax",
    )


handlers = [
    methods,
    by_password,
    passkey_options,
    by_passkey,
    send_link,
    by_link,
    hand_over,
    to_provider,
    from_provider,
    sign_out,
]
