"""Whose request is this: `Authorization: DeepL-Auth-Key` or `Bearer`, or a session's cookie."""

import asyncio
import functools
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit
from uuid import UUID

from hanse.identity import store
from hanse.identity.model import CLIENT, Access
from hanse.identity.policy import Permission, Role, permissions_of
from hanse.identity.secrets import KEY_PREFIX, digest
from hanse.identity.signing import store as signing_store
from hanse.platform.database import Db, Tx
from hanse.platform.problems import Forbidden, Unauthenticated

_COOKIE = "hanse_session"
_DEVICE_COOKIE = "hanse_device"
REMEMBERED_S = 2.0
REMEMBERED_MAX = 10_000
SECRET_CHARACTERS_MAX = 256

_SCHEMES = ("deepl-auth-key", "bearer")
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def session_cookie(public_url: str) -> str:
    """Return the name of the session's cookie.

    Behind TLS it is one that no page of a neighbouring domain can plant (RFC 6265bis, `__Host-`).
    """
    return f"__Host-{_COOKIE}" if public_url.startswith("https:") else _COOKIE


def device_cookie(public_url: str) -> str:
    """Return the name of the cookie by which a browser is known again; it lets nobody in."""
    return f"__Host-{_DEVICE_COOKIE}" if public_url.startswith("https:") else _DEVICE_COOKIE


class MissingCredentials(Unauthenticated):
    """Nothing in the request says who sends it."""

    code = "missing_credentials"

    def __init__(self) -> None:
        super().__init__(
            "Send the header 'Authorization: DeepL-Auth-Key <key>' or 'Authorization: Bearer <key>'"
            " with an API key. 'hanse key create NAME' makes one.",
            headers={"WWW-Authenticate": 'Bearer realm="hanse"'},
        )


class WrongCredentials(Forbidden):
    """The key or session does not exist, has expired, or was revoked."""

    code = "wrong_credentials"
    title = "Authorization failure"

    def __init__(self) -> None:
        super().__init__("Authorization failure: the API key or session is not valid.")


class CrossSiteRequest(Forbidden):
    """Another site tried to act with this person's session."""

    code = "cross_site_request"
    title = "Cross-site request"


class Authenticator:
    """Finds the access behind a request's credentials.

    An answer is remembered for REMEMBERED_S seconds in this process, so a revoked key works that
    much longer at most. Secrets are never kept: the memory is keyed by their hashes.
    """

    def __init__(self, db: Db) -> None:
        self._db = db
        self._remembered: OrderedDict[bytes, tuple[float, Access]] = OrderedDict()
        self._looking_up: dict[bytes, asyncio.Task[Access]] = {}
        self._touched: dict[UUID, float] = {}

    async def access(
        self,
        *,
        method: str,
        authorization: str | None,
        session_token: str | None,
        origin: str | None,
        fetch_site: str | None,
        host: str | None,
    ) -> Access:
        """Return who sends a request.

        A session's cookie travels by itself, so a request that changes something must also come
        from our own pages (Sec-Fetch-Site, or else Origin).
        Raises MissingCredentials (401), WrongCredentials (403), CrossSiteRequest (403),
        DatabaseUnavailable.
        """
        if authorization is not None:
            scheme, _, secret = authorization.strip().partition(" ")
            if scheme.lower() not in _SCHEMES:
                raise MissingCredentials
            return await self._find(secret.strip(), b"key")
        if session_token is None:
            raise MissingCredentials
        if method not in _SAFE_METHODS and not _same_origin(origin, fetch_site, host):
            raise CrossSiteRequest("This request did not come from a page of Hanse.")
        access = await self._find(session_token, b"session")
        if access.method == CLIENT:
            # It was begun for a client of Matrix, which must not act as its person everywhere.
            raise WrongCredentials
        return access

    async def bearer(self, authorization: str | None) -> Access:
        """Return the access behind an API key, or the secret of a session, in a header.

        No browser sends it by itself, so it does not matter whose page it is.
        Raises MissingCredentials (401), WrongCredentials (403), DatabaseUnavailable.
        """
        scheme, _, secret = (authorization or "").strip().partition(" ")
        if scheme.lower() != "bearer":
            raise MissingCredentials
        secret = secret.strip()
        return await self._find(secret, b"key" if secret.startswith(KEY_PREFIX) else b"session")

    async def session(self, token: str) -> Access:
        """Return the access of a session by its secret. Raises WrongCredentials."""
        return await self._find(token, b"session")

    async def _find(self, secret: str, kind: bytes) -> Access:
        if not 0 < len(secret) <= SECRET_CHARACTERS_MAX:
            raise WrongCredentials
        secret_hash = digest(secret)
        now = time.monotonic()
        known = self._remembered.get(kind + secret_hash)
        if known is not None and now - known[0] < REMEMBERED_S:
            return known[1]
        # Whoever is not remembered any longer is looked up once for all their requests: else those
        # of a busy moment would all ask the database, and make it slower.
        looking_up = self._looking_up.get(kind + secret_hash)
        if looking_up is None:
            looking_up = asyncio.create_task(self._look_up(kind, secret_hash))
            self._looking_up[kind + secret_hash] = looking_up
            looking_up.add_done_callback(functools.partial(self._looked_up, kind + secret_hash))
        return await asyncio.shield(looking_up)

    def _looked_up(self, key: bytes, task: asyncio.Task[Access]) -> None:
        if self._looking_up.get(key) is task:
            del self._looking_up[key]

    async def _look_up(self, kind: bytes, secret_hash: bytes) -> Access:
        now = time.monotonic()
        access = await (
            self._find_key(secret_hash) if kind == b"key" else self._find_session(secret_hash)
        )
        if self._looking_up.get(kind + secret_hash) is not asyncio.current_task():
            return access  # all was forgotten meanwhile: this may be what was true before
        self._remembered[kind + secret_hash] = (now, access)
        self._remembered.move_to_end(kind + secret_hash)
        if len(self._remembered) > REMEMBERED_MAX:
            self._remembered.popitem(last=False)
        return access

    async def _find_key(self, secret_hash: bytes) -> Access:
        async with self._db.system_tx() as tx:
            row = await store.find_api_key(tx, secret_hash)
        if row is None:
            raise WrongCredentials
        await self._touch(row["organisation_id"], row["id"], store.touch_api_key)
        known = {each.value for each in Permission}
        return Access(
            row["organisation_id"],
            frozenset(Permission(each) for each in row["scopes"] if each in known),
            api_key_id=row["id"],
            name=row["name"],
            requests_per_minute=row["requests_per_minute"],
        )

    async def _find_session(self, token_hash: bytes) -> Access:
        async with self._db.system_tx() as tx:
            row = await signing_store.find_session(tx, token_hash)
        if row is None:
            raise WrongCredentials
        await self._touch(row["organisation_id"], row["id"], signing_store.touch_session)
        role = Role(row["role"])
        return Access(
            row["organisation_id"],
            permissions_of(role, row["permissions"]),
            person_id=row["person_id"],
            role=role,
            session_id=row["id"],
            name=row["name"],
            method=row["method"],
            signed_in_at=row["created_at"],
        )

    async def _touch(
        self,
        organisation_id: UUID,
        id: UUID,
        touch: Callable[[Tx, UUID], Awaitable[None]],
    ) -> None:
        now = time.monotonic()
        if now - self._touched.get(id, float("-inf")) < 60:
            return
        if len(self._touched) > REMEMBERED_MAX:
            self._touched.clear()
        self._touched[id] = now
        async with self._db.tx(organisation_id, durable=False) as tx:
            await touch(tx, id)

    def forget_all(self) -> None:
        """Forget what is remembered, as after a sign-out in this process."""
        self._remembered.clear()
        # What is looked up now may be told what was true before.
        self._looking_up.clear()


def require_same_origin(
    *, origin: str | None, fetch_site: str | None, host: str | None, **_others: str | None
) -> None:
    """Raise CrossSiteRequest if a browser says that another site's page sent this request."""
    told = origin is not None or fetch_site is not None
    if told and not _same_origin(origin, fetch_site, host):
        raise CrossSiteRequest("This request did not come from a page of Hanse.")


def _same_origin(origin: str | None, fetch_site: str | None, host: str | None) -> bool:
    if fetch_site is not None:
        return fetch_site in ("same-origin", "none")
    return origin is not None and host is not None and urlsplit(origin).netloc == host
