"""Sessions: records of the server, found by the hash of a secret that only the cookie holds."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hanse.identity.audit import record
from hanse.identity.model import CLIENT, Access, Origin
from hanse.identity.notifications.kinds import SIGNED_IN
from hanse.identity.notifications.service import notify
from hanse.identity.secrets import digest, new_secret
from hanse.identity.signing import store
from hanse.identity.signing.devices import device_name
from hanse.identity.signing.model import RecentSignInRequired, SessionInfo, SignedIn
from hanse.platform.database import Db, Tx
from hanse.platform.ids import new_id
from hanse.platform.problems import NotFound

SESSION_LIFETIME = timedelta(days=30)
RECENT = timedelta(minutes=30)
SESSIONS_SHOWN_MAX = 100


async def begin(tx: Tx, person_id: UUID, *, method: str, origin: Origin) -> SignedIn:
    """Start a session; its secret is always a new one, whatever cookie the browser sent.

    Whoever has signed in before, but never from this device, is told.
    """
    token, id = new_secret(), new_id()
    device = origin.device or new_secret()
    is_new = await store.is_new_device(tx, person_id, digest(device))
    await store.insert_session(
        tx,
        id,
        person_id,
        digest(token),
        datetime.now(UTC) + SESSION_LIFETIME,
        method,
        origin,
        digest(device),
    )
    if is_new:
        facts = {"device": device_name(origin.user_agent), "address": origin.address or "?"}
        await notify(tx, [person_id], SIGNED_IN, facts, "/account")
    name = await store.get_name(tx, person_id)
    access = Access(tx.organisation_id, frozenset(), person_id=person_id, name=name, origin=origin)
    await record(tx, access, "session.begun", "session", id, method=method)
    return SignedIn(token, tx.organisation_id, person_id, device)


async def rotate(tx: Tx, access: Access) -> str:
    """Give this session a new secret and end all others of the person; return the secret.

    For a change of how one signs in: whoever had copied the cookie is out.
    """
    person_id = access.require_person()
    assert access.session_id is not None
    token = new_secret()
    await store.revoke_links(tx, person_id)
    await store.revoke_sessions(tx, person_id, but=access.session_id)
    await store.change_token(tx, access.session_id, digest(token))
    return token


async def end(db: Db, token: str) -> None:
    """End the session with this secret, if there is one."""
    async with db.system_tx() as tx:
        row = await store.find_session(tx, digest(token))
    if row is None:
        return
    async with db.tx(row["organisation_id"], row["person_id"]) as tx:
        await store.revoke_session(tx, row["id"], row["person_id"])


async def sign_out(db: Db, access: Access) -> None:
    """End the session that `access` came from. Raises PersonRequired for an API key."""
    person_id = access.require_person()
    assert access.session_id is not None
    async with db.tx(access.organisation_id, person_id) as tx:
        await store.revoke_session(tx, access.session_id, person_id)
        await record(tx, access, "session.ended", "session", access.session_id)


async def list_own(tx: Tx, access: Access) -> list[SessionInfo]:
    """One's own sessions that work, newest first."""
    rows = await store.list_sessions(tx, access.require_person(), SESSIONS_SHOWN_MAX)
    return [
        SessionInfo(
            row["id"],
            row["method"],
            row["created_at"],
            row["last_seen_at"],
            row["expires_at"],
            row["address"],
            row["user_agent"],
            row["id"] == access.session_id,
        )
        for row in rows
    ]


async def revoke_own(tx: Tx, access: Access, id: UUID) -> None:
    """End one of one's own sessions. Raises NotFound."""
    if not await store.revoke_session(tx, id, access.require_person()):
        raise NotFound("You have no such session.")
    await record(tx, access, "session.revoked", "session", id)


async def revoke_own_all(tx: Tx, access: Access) -> int:
    """Sign out everywhere, here included; return how many sessions that ended."""
    await store.revoke_links(tx, access.require_person())
    ended = await store.revoke_sessions(tx, access.require_person())
    await record(tx, access, "session.all_revoked", "person", access.person_id, sessions=ended)
    return ended


async def revoke_all(tx: Tx, person_id: UUID) -> int:
    """End all of somebody's sessions and links, for a caller that has asked the policy."""
    await store.revoke_links(tx, person_id)
    return await store.revoke_sessions(tx, person_id)


def is_recent(access: Access) -> bool:
    """Tell whether the session began within RECENT."""
    began = access.signed_in_at
    return began is not None and access.method != CLIENT and datetime.now(UTC) - began <= RECENT


def require_recent(access: Access) -> None:
    """Raise RecentSignInRequired unless the session began within RECENT."""
    if not is_recent(access):
        raise RecentSignInRequired("Sign in again, then repeat this.")
