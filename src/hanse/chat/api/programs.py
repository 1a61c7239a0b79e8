"""Routes of programs of rooms, and of the cards that they post."""

import json
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import delete, get, patch, post, put
from litestar.params import QueryParameter
from msgspec import UNSET, Meta, Struct, UnsetType

from hanse.chat.api.common import Chat, errors
from hanse.chat.log.model import shard_of
from hanse.chat.programs import service, store
from hanse.chat.programs.delivery import given, told
from hanse.chat.programs.effects import Rights
from hanse.chat.programs.events import Event
from hanse.chat.programs.guests import Language
from hanse.chat.programs.model import Entry, RoomProgram, Version
from hanse.chat.programs.service import InvalidProgram, ProgramDetails, ProgramVersion
from hanse.chat.programs.templates import read_template, templates_of
from hanse.chat.programs.trial import EVENTS_MAX, Trial, Tried
from hanse.identity import Access, Permission
from hanse.platform.database import Db
from hanse.platform.http import Cursor, InvalidCursor

PAGE_MAX: Final = 100
SOURCE_CHARACTERS_MAX: Final = 256 * 1024

ProgramName = Annotated[str, Meta(min_length=1, max_length=service.NAME_CHARACTERS_MAX)]
Source = Annotated[str, Meta(max_length=SOURCE_CHARACTERS_MAX)]
Grants = Annotated[list[Annotated[str, Meta(max_length=40)]], Meta(max_length=10)]
VersionNumber = Annotated[int, Meta(ge=1, le=service.VERSIONS_MAX)]
Limit = Annotated[int, QueryParameter(name="limit", ge=1, le=PAGE_MAX)]


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


class NewTrial(Struct, forbid_unknown_fields=True):
    """A source to be tried, without it the one that runs, on the last events of the room."""

    source: Source | UnsetType = UNSET
    language: Language = Language.JAVASCRIPT
    events: Annotated[int, Meta(ge=0, le=EVENTS_MAX)] = 50


class ProgramHosts(Struct, forbid_unknown_fields=True):
    """Hosts that programs may ask by https: `example.org`, or `example.org:8443`."""

    hosts: Annotated[list[Annotated[str, Meta(max_length=260)]], Meta(max_length=service.HOSTS_MAX)]


class ProgramTemplate(Struct):
    """A program to begin with."""

    name: str
    language: Language
    source: str


class ProgramState(Struct):
    """What a program keeps, as JSON; null before its first event."""

    state: Any


class VersionPage(Struct):
    """Versions, the newest first. `next_cursor` asks for older ones; null at the end."""

    items: list[Version]
    next_cursor: str | None


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
        ProgramTemplate(name, language, read_template(name, language))
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
    await _require_loads(chat, room_id, source, data.language)
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
    await _require_loads(chat, program.room_id, source, data.language)
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
    before = _before(cursor)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        found = await service.list_versions(
            tx, access, program_id, min(before, service.VERSIONS_MAX + 1), limit + 1
        )
    more = len(found) > limit
    return VersionPage(found[:limit], str(found[limit - 1].number) if more else None)


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
    before = _before(cursor)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        found = await service.list_entries(tx, access, program_id, before, limit + 1)
    more = len(found) > limit
    return EntryPage(found[:limit], str(found[limit - 1].id) if more else None)


@post(
    "/programs/{program_id:uuid}/trials",
    operation_id="tryProgram",
    summary="Try a program on its room's past",
    tags=["Programs"],
    status_code=200,
    responses=errors(400, 503),
)
async def try_program(
    access: Access, db: Db, chat: Chat, program_id: UUID, data: NewTrial
) -> Tried:
    """Feed the last events of the room to a source, from its initial state on; nothing comes of it.

    Answers what would have: effects, hashes of states, fuel, faults.
    """
    async with db.tx(access.organisation_id, access.person_id) as tx:
        details = await service.read_program(tx, access, program_id)
        after = max(details.progress.head - data.events, 0)
        program = details.program
        await service.note_reading(tx, access, "chat.program_tried", program)
        past = await store.read_past(tx, program.room_id, program.id, after, EVENTS_MAX)
        hosts = await store.get_hosts(tx)
    source, language = details.source, details.language
    if data.source is not UNSET:
        source, language = service.source_of(data.source, None), data.language
    events = [told(each) for each in past if given(each, program_id)]
    return await chat.try_program(
        _trial(program.room_id, source, language, program.allowed, hosts, events)
    )


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
        return ProgramHosts(await service.get_hosts(tx, access))


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
        return ProgramHosts(await service.set_hosts(tx, access, data.hosts))


async def _require_loads(chat: Chat, room_id: UUID, source: str, language: Language) -> None:
    tried = await chat.try_program(_trial(room_id, source, language, [], [], []))
    if tried.fault is not None:
        raise InvalidProgram(f"The program does not load: {tried.fault}")


def _trial(
    room_id: UUID,
    source: str,
    language: Language,
    allowed: list[str],
    hosts: list[str],
    events: list[Event],
) -> Trial:
    asked = frozenset(hosts) if "http" in allowed else frozenset()
    rights = Rights(allowed=frozenset(allowed), hosts=asked)
    return Trial(shard_of(room_id), source, language, room_id.bytes, rights, events)


def _before(cursor: str | None) -> int:
    if cursor is None:
        return 2**62
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
        raise InvalidCursor("The cursor is not one that this server gave out.")
    return int(cursor)


handlers = [
    list_templates,
    attach_program,
    list_programs,
    read_program,
    read_program_state,
    change_program,
    delete_program,
    add_version,
    list_versions,
    read_version,
    activate_program,
    pause_program,
    read_program_log,
    try_program,
    get_hosts,
    set_hosts,
]
