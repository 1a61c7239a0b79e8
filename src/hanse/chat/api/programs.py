"""Routes of programs of rooms."""

import json
from typing import Annotated, Any
from uuid import UUID

from litestar import delete, get, patch, post
from msgspec import UNSET, Meta, Struct, UnsetType

from hanse.chat.api.common import Chat, Limit, errors, position_of
from hanse.chat.api.program_trials import Source, require_loads
from hanse.chat.programs import service, store
from hanse.chat.programs.guests import Language
from hanse.chat.programs.model import Entry, RoomProgram
from hanse.chat.programs.service import ProgramDetails
from hanse.chat.programs.templates import NEEDS, read_template, templates_of
from hanse.identity import Access, Permission
from hanse.platform.database import Db
from hanse.platform.http import Cursor, cut_page

ProgramName = Annotated[str, Meta(min_length=1, max_length=service.NAME_CHARACTERS_MAX)]
Grants = Annotated[list[Annotated[str, Meta(max_length=40)]], Meta(max_length=10)]


class NewProgram(Struct, forbid_unknown_fields=True):
    """A program to put into a room: its `source`, or the name of a `template`.

    `language` is what it is written in; `allowed` are effects beyond the room: `delete`, `http`,
    `translate`.
    """

    name: ProgramName
    source: Source | UnsetType = UNSET
    template: Annotated[str, Meta(max_length=40)] | UnsetType = UNSET
    language: Language = Language.JAVASCRIPT
    allowed: Grants = []


class ProgramChanges(Struct, forbid_unknown_fields=True):
    """What to change about a program; what is left out stays."""

    name: ProgramName | UnsetType = UNSET
    allowed: Grants | UnsetType = UNSET


class ProgramTemplate(Struct):
    """A program to begin with. `allowed` are the effects beyond the room that it needs."""

    name: str
    language: Language
    source: str
    allowed: list[str]


class ProgramState(Struct):
    """What a program keeps, as JSON; null before its first event."""

    state: Any


class EntryPage(Struct):
    """Lines of a program's log, the newest first. `next_cursor` asks for older ones."""

    items: list[Entry]
    next_cursor: str | None


@get(
    "/program-templates",
    operation_id="listProgramTemplates",
    summary="List programs to begin with",
    tags=["Programs"],
    responses=errors(),
)
async def list_templates(access: Access) -> list[ProgramTemplate]:
    """List templates with their source."""
    access.require(Permission.CHAT_READ)
    return [
        ProgramTemplate(name, language, read_template(name, language), list(NEEDS.get(name, ())))
        for language in Language
        for name in templates_of(language)
    ]


@post(
    "/rooms/{room_id:uuid}/programs",
    operation_id="attachProgram",
    summary="Put a program into a room",
    tags=["Programs"],
    responses=errors(400, 409, 503),
)
async def attach_program(
    access: Access, db: Db, chat: Chat, room_id: UUID, data: NewProgram
) -> RoomProgram:
    """Put a program into a room; it is given what comes from then on.

    For owners of the room and administrators. It is loaded once before, so that one which cannot
    be is refused with line and column.
    """
    source = service.source_of(
        None if data.source is UNSET else data.source,
        None if data.template is UNSET else data.template,
        data.language,
    )
    async with db.tx(access.organisation_id, access.person_id) as tx:
        await service.require_may_manage(tx, access, room_id)
    await require_loads(chat, room_id, source, data.language)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        changed = await service.attach(
            tx,
            access,
            room_id,
            name=data.name,
            source=source,
            language=data.language,
            allowed=data.allowed,
        )
    await chat.ring(access.organisation_id, changed.events)
    return changed.program


@get(
    "/rooms/{room_id:uuid}/programs",
    operation_id="listPrograms",
    summary="List the programs of a room",
    tags=["Programs"],
    responses=errors(),
)
async def list_programs(access: Access, db: Db, room_id: UUID) -> list[RoomProgram]:
    """List them for whoever reads the room; deleted ones, of which messages remain, at the end."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await service.list_programs(tx, access, room_id)


@get(
    "/programs/{program_id:uuid}",
    operation_id="readProgram",
    summary="Read a program",
    tags=["Programs"],
    responses=errors(),
)
async def read_program(access: Access, db: Db, program_id: UUID) -> ProgramDetails:
    """Read a program with its source and how far it is."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await service.read_program(tx, access, program_id)


@get(
    "/programs/{program_id:uuid}/state",
    operation_id="readProgramState",
    summary="Read what a program keeps",
    tags=["Programs"],
    responses=errors(),
)
async def read_program_state(access: Access, db: Db, program_id: UUID) -> ProgramState:
    """Read the state after the last event that it was given."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        program = await service.managed(tx, access, program_id)
        await service.note_reading(tx, access, "chat.program_state_read", program)
        state = await store.read_state(tx, program_id)
    return ProgramState(json.loads(state or "null"))


@patch(
    "/programs/{program_id:uuid}",
    operation_id="changeProgram",
    summary="Change a program",
    tags=["Programs"],
    responses=errors(400),
)
async def change_program(
    access: Access, db: Db, program_id: UUID, data: ProgramChanges
) -> RoomProgram:
    """Change its name, or what it may do beyond its room."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await service.change(
            tx,
            access,
            program_id,
            None if data.name is UNSET else data.name,
            None if data.allowed is UNSET else data.allowed,
        )


@delete(
    "/programs/{program_id:uuid}",
    operation_id="deleteProgram",
    summary="Take a program out of its room",
    tags=["Programs"],
    status_code=204,
    responses=errors(),
)
async def delete_program(access: Access, db: Db, chat: Chat, program_id: UUID) -> None:
    """Delete it with its versions, state and log; what it said stays in the room."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        _, events = await service.delete(tx, access, program_id)
    await chat.ring(access.organisation_id, events)


@get(
    "/programs/{program_id:uuid}/log",
    operation_id="readProgramLog",
    summary="Read what went wrong with a program",
    tags=["Programs"],
    responses=errors(400),
)
async def read_program_log(
    access: Access, db: Db, program_id: UUID, limit: Limit = 20, cursor: Cursor = None
) -> EntryPage:
    """Read faults and effects that could not be carried out, the newest of 1,000 first."""
    before = position_of(cursor)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        found = await service.list_entries(tx, access, program_id, before, limit + 1)
    return EntryPage(*cut_page(found, limit, lambda entry: str(entry.id)))


handlers = [
    list_templates,
    attach_program,
    list_programs,
    read_program,
    read_program_state,
    change_program,
    delete_program,
    read_program_log,
]
