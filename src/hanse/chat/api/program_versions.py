"""Routes of the versions of a program, and of which of them runs."""

from typing import Annotated
from uuid import UUID

from litestar import delete, get, post, put
from msgspec import Meta, Struct

from hanse.chat.api.common import Chat, Limit, errors, position_of
from hanse.chat.api.program_trials import Source, require_loads
from hanse.chat.programs import service
from hanse.chat.programs.guests import Language
from hanse.chat.programs.model import RoomProgram, Version
from hanse.chat.programs.service import ProgramVersion
from hanse.identity import Access
from hanse.platform.database import Db
from hanse.platform.http import Cursor, cut_page

VersionNumber = Annotated[int, Meta(ge=1, le=service.VERSIONS_MAX)]


class NewVersion(Struct, forbid_unknown_fields=True):
    """Another source for a program, in the same language or another.

    `is_reset` lets it begin with its initial state.
    """

    source: Source
    language: Language = Language.JAVASCRIPT
    is_reset: bool = False


class Activation(Struct, forbid_unknown_fields=True):
    """The version that is to run. `is_reset` lets it begin with its initial state."""

    version: VersionNumber
    is_reset: bool = False


class VersionPage(Struct):
    """Versions, the newest first. `next_cursor` asks for older ones; null at the end."""

    items: list[Version]
    next_cursor: str | None


@post(
    "/programs/{program_id:uuid}/versions",
    operation_id="addProgramVersion",
    summary="Let another version run",
    tags=["Programs"],
    responses=errors(400, 409, 503),
)
async def add_version(
    access: Access, db: Db, chat: Chat, program_id: UUID, data: NewVersion
) -> RoomProgram:
    """Let another source run from here on, if it loads."""
    source = service.source_of(data.source, None)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        program = await service.managed(tx, access, program_id)
    await require_loads(chat, program.room_id, source, data.language)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        changed = await service.add_version(
            tx, access, program_id, source, data.language, is_reset=data.is_reset
        )
    await chat.ring(access.organisation_id, changed.events)
    return changed.program


@get(
    "/programs/{program_id:uuid}/versions",
    operation_id="listProgramVersions",
    summary="List the versions of a program",
    tags=["Programs"],
    responses=errors(400),
)
async def list_versions(
    access: Access, db: Db, program_id: UUID, limit: Limit = 20, cursor: Cursor = None
) -> VersionPage:
    """List versions without their source, the newest first."""
    before = position_of(cursor)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        found = await service.list_versions(
            tx, access, program_id, min(before, service.VERSIONS_MAX + 1), limit + 1
        )
    return VersionPage(*cut_page(found, limit, lambda version: str(version.number)))


@get(
    "/programs/{program_id:uuid}/versions/{number:int}",
    operation_id="readProgramVersion",
    summary="Read a version of a program",
    tags=["Programs"],
    responses=errors(),
)
async def read_version(access: Access, db: Db, program_id: UUID, number: int) -> ProgramVersion:
    """Read a version with its source."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await service.read_version(tx, access, program_id, number)


@put(
    "/programs/{program_id:uuid}/activation",
    operation_id="activateProgram",
    summary="Let a version of a program run",
    tags=["Programs"],
    responses=errors(400),
)
async def activate_program(
    access: Access, db: Db, chat: Chat, program_id: UUID, data: Activation
) -> RoomProgram:
    """Roll back to an earlier version, or start one again that was paused or stopped."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        changed = await service.activate(
            tx, access, program_id, data.version, is_reset=data.is_reset
        )
    await chat.ring(access.organisation_id, changed.events)
    return changed.program


@delete(
    "/programs/{program_id:uuid}/activation",
    operation_id="pauseProgram",
    summary="Let a program stand still",
    tags=["Programs"],
    status_code=200,
    responses=errors(),
)
async def pause_program(access: Access, db: Db, chat: Chat, program_id: UUID) -> RoomProgram:
    """Pause it: what comes meanwhile it is not given later either."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        changed = await service.pause(tx, access, program_id)
    await chat.ring(access.organisation_id, changed.events)
    return changed.program


handlers = [add_version, list_versions, read_version, activate_program, pause_program]
