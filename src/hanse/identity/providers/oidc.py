"""Talking to OpenID Connect providers: discovery, the code for a token, and the token's claims.

Authorisation code flow with PKCE (RFC 7636), state, nonce and the issuer in the answer (RFC 9207).
"""

import hmac
import time
from collections.abc import Mapping
from typing import Any

import httpx
import msgspec
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jwt import JWTClaimsRegistry, decode

from hanse.identity.providers.model import IdentityProvider
from hanse.platform.problems import Forbidden, Problem

TIMEOUT_S = 10.0
ANSWER_BYTES_MAX = 1024 * 1024
REMEMBERED_S = 600.0
REMEMBERED_MAX = 200
LEEWAY_S = 60
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]


class ProviderUnavailable(Problem):
    """The identity provider cannot be reached, or does not answer as one."""

    status = 502
    code = "identity_provider_unavailable"
    title = "Identity provider unavailable"


class TokenRefused(Forbidden):
    """What the provider answered does not prove who somebody is."""

    code = "identity_token_refused"
    title = "The identity provider's answer was refused"


class Discovery(msgspec.Struct, frozen=True):
    """What a provider tells about itself (OpenID Connect Discovery 1.0)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False


class OidcClient:
    """Talks to providers; what they tell about themselves is remembered for REMEMBERED_S."""

    def __init__(self) -> None:
        self._remembered: dict[str, tuple[float, Any]] = {}

    async def authorization_url(
        self,
        provider: IdentityProvider,
        *,
        redirect_uri: str,
        state: str,
        nonce: str,
        code_verifier: str,
    ) -> str:
        """Return where the browser goes to sign in. Raises ProviderUnavailable."""
        discovery = await self._discover(provider)
        client = self._oauth(provider, None, redirect_uri, discovery)
        async with client:
            url, _ = client.create_authorization_url(
                discovery.authorization_endpoint,
                state=state,
                nonce=nonce,
                code_verifier=code_verifier,
            )
        return str(url)

    async def claims(
        self,
        provider: IdentityProvider,
        client_secret: str | None,
        *,
        redirect_uri: str,
        code: str,
        code_verifier: str,
        nonce: str,
        issuer: str | None,
    ) -> dict[str, Any]:
        """Give the code of an answer back for a token; return what it says of the person.

        `issuer` is the answer's own `iss`. Raises ProviderUnavailable, TokenRefused.
        """
        discovery = await self._discover(provider)
        told = discovery.authorization_response_iss_parameter_supported
        if issuer != discovery.issuer and (told or issuer is not None):
            raise TokenRefused("The answer came from another identity provider.")
        async with self._oauth(provider, client_secret, redirect_uri, discovery) as client:
            try:
                token = await client.fetch_token(
                    discovery.token_endpoint,
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=code_verifier,
                )
            except OAuthError as error:
                raise TokenRefused(f"The identity provider said: {error.error}.") from error
            except (httpx.HTTPError, ValueError) as error:
                raise ProviderUnavailable("It gave no token for the code.") from error
            claims = await self._verified(provider, discovery, token.get("id_token"), nonce)
            if "email" not in claims and discovery.userinfo_endpoint:
                more = await self._userinfo(client, discovery.userinfo_endpoint)
                # Else the claims would be somebody else's (OpenID Connect Core, section 5.3.2).
                if more.get("sub") == claims["sub"]:
                    claims = {**more, **claims}
        return claims

    async def _verified(
        self, provider: IdentityProvider, discovery: Discovery, id_token: Any, nonce: str
    ) -> dict[str, Any]:
        if not isinstance(id_token, str):
            raise TokenRefused("There is no ID token in the answer.")
        registry = JWTClaimsRegistry(
            leeway=LEEWAY_S,
            iss={"essential": True, "value": discovery.issuer},
            aud={"essential": True, "value": provider.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
        )
        for fresh in (False, True):
            keys = await self._keys(discovery, fresh=fresh)
            try:
                claims = decode(id_token, keys, algorithms=ALGORITHMS).claims
                break
            except (JoseError, ValueError) as error:
                # Providers change their keys; a token may be signed by one not seen yet.
                if fresh:
                    raise TokenRefused("The signature of the ID token is wrong.") from error
        try:
            registry.validate(claims)
        except JoseError as error:
            raise TokenRefused("The ID token is not for us, or too old.") from error
        authorized_party = claims.get("azp", provider.client_id)
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if authorized_party != provider.client_id or (several and "azp" not in claims):
            raise TokenRefused("The ID token was made for another application.")
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise TokenRefused("The ID token belongs to another sign-in.")
        return dict(claims)

    async def _discover(self, provider: IdentityProvider) -> Discovery:
        url = f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration"
        try:
            discovery = msgspec.convert(await self._fetch(url), Discovery)
        except msgspec.ValidationError as error:
            raise ProviderUnavailable(f"{url} is no discovery document: {error}") from error
        if discovery.issuer.rstrip("/") != provider.issuer.rstrip("/"):
            raise ProviderUnavailable(f"It calls itself {discovery.issuer}.")
        return discovery

    async def _keys(self, discovery: Discovery, *, fresh: bool) -> KeySet:
        document = await self._fetch(discovery.jwks_uri, fresh=fresh)
        try:
            return KeySet.import_key_set(document)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise ProviderUnavailable("Its keys cannot be read.") from error

    async def _fetch(self, url: str, *, fresh: bool = False) -> Any:
        now = time.monotonic()
        known = self._remembered.get(url)
        if known is not None and now - known[0] < REMEMBERED_S and not fresh:
            return known[1]
        async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
            document = await _json(client, url, {})
        if len(self._remembered) >= REMEMBERED_MAX:
            self._remembered.clear()
        self._remembered[url] = (now, document)
        return document

    async def _userinfo(self, client: Any, url: str) -> dict[str, Any]:
        try:
            answer = await client.get(url)
            document = answer.json() if answer.status_code == 200 else {}
        except (httpx.HTTPError, ValueError, OAuthError) as error:
            raise ProviderUnavailable("It does not tell who this is.") from error
        return document if isinstance(document, dict) else {}

    def _oauth(
        self,
        provider: IdentityProvider,
        client_secret: str | None,
        redirect_uri: str,
        discovery: Discovery,
    ) -> Any:
        return AsyncOAuth2Client(
            provider.client_id,
            client_secret,
            scope=" ".join(provider.scopes),
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            token_endpoint_auth_method=_auth_method(discovery, client_secret),
            timeout=TIMEOUT_S,
        )


def _auth_method(discovery: Discovery, client_secret: str | None) -> str:
    if client_secret is None:
        return "none"
    known = discovery.token_endpoint_auth_methods_supported
    return "client_secret_post" if "client_secret_basic" not in known else "client_secret_basic"


async def _json(client: httpx.AsyncClient, url: str, headers: Mapping[str, str]) -> Any:
    body = b""
    try:
        async with client.stream("GET", url, headers=dict(headers)) as answer:
            if answer.status_code != 200:
                raise ProviderUnavailable(f"{url} answered {answer.status_code}.")
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > ANSWER_BYTES_MAX:
                    raise ProviderUnavailable(f"{url} answered with too much.")
        return msgspec.json.decode(body)
    except (httpx.HTTPError, httpx.InvalidURL, msgspec.DecodeError) as error:
        raise ProviderUnavailable(f"{url} cannot be read.") from error
