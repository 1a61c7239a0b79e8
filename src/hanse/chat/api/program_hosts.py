"""Routes of the hosts that the programs of an organisation may ask."""

from typing import Annotated

from litestar import get, put
from msgspec import Meta, Struct

from hanse.chat.api.common import errors
from hanse.chat.programs import hosts
from hanse.identity import Access
from hanse.platform.database import Db


class ProgramHosts(Struct, forbid_unknown_fields=True):
    """Hosts that programs may ask by https: `example.org`, or `example.org:8443`."""

    hosts: Annotated[list[Annotated[str, Meta(max_length=260)]], Meta(max_length=hosts.HOSTS_MAX)]


@get(
    "/chat/program-hosts",
    operation_id="getProgramHosts",
    summary="Get which hosts programs may ask",
    tags=["Programs"],
    responses=errors(),
)
async def get_hosts(access: Access, db: Db) -> ProgramHosts:
    """Get the hosts that the organisation lets programs ask."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return ProgramHosts(await hosts.get_hosts(tx, access))


@put(
    "/chat/program-hosts",
    operation_id="setProgramHosts",
    summary="Set which hosts programs may ask",
    tags=["Programs"],
    responses=errors(400),
)
async def set_hosts(access: Access, db: Db, data: ProgramHosts) -> ProgramHosts:
    """Say it for all programs that are allowed `http`; the server calls what it may call at all."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return ProgramHosts(await hosts.set_hosts(tx, access, data.hosts))


handlers = [get_hosts, set_hosts]
