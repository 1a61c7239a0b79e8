"""Routes about where one is signed in: a device of Matrix is a session."""

from litestar import get, post

from hanse import identity
from hanse.chat.matrix.common import CLIENT
from hanse.chat.matrix.events import Json
from hanse.identity import Access, Authenticator
from hanse.platform.database import Db
from hanse.platform.problems import NotFound


@get(f"{CLIENT}/devices")
async def list_devices(bearer: Access, db: Db) -> Json:
    """List where one is signed in, browsers too. Raises PersonRequired for an API key."""
    return {"devices": await _devices(bearer, db)}


@get(f"{CLIENT}/devices/{{device:str}}")
async def get_device(bearer: Access, db: Db, device: str) -> Json:
    """Tell of one place where one is signed in."""
    for each in await _devices(bearer, db):
        if each["device_id"] == device:
            return each
    raise NotFound("You have no such device.")


async def _devices(bearer: Access, db: Db) -> list[Json]:
    async with db.tx(bearer.organisation_id, bearer.person_id) as tx:
        sessions = await identity.list_own_sessions(tx, bearer)
    return [
        {
            "device_id": str(each.id),
            "display_name": identity.device_name(each.user_agent),
            "last_seen_ip": each.address or "",
            "last_seen_ts": int((each.last_seen_at or each.created_at).timestamp() * 1000),
        }
        for each in sessions
    ]


@post(f"{CLIENT}/logout/all", status_code=200)
async def logout_all(bearer: Access, db: Db, authenticator: Authenticator) -> Json:
    """End all of one's sessions, browsers too. Raises PersonRequired for an API key."""
    async with db.tx(bearer.organisation_id, bearer.person_id) as tx:
        await identity.sign_out_everywhere(tx, bearer)
    authenticator.forget_all()
    return {}


handlers = [list_devices, get_device, logout_all]
