"""The verbs about programs of rooms. Each runs in the caller's transaction and asks the policy.

Whoever owns a room, or may change the organisation, puts programs into it; everybody in it sees
which there are. Whatever changes what runs is an event of the room's log.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct

from hanse import identity
from hanse.chat.log import store as log_store
from hanse.chat.log.append import append_all
from hanse.chat.log.model import Body, Draft, Event, Kind, RoomRole
from hanse.chat.log.rules import NoSuchRoom, NotAllowedInRoom
from hanse.chat.moderation import store as moderation_store
from hanse.chat.programs import store
from hanse.chat.programs.guests import Language
from hanse.chat.programs.model import GRANTS, Entry, Progress, RoomProgram, Status, Version
from hanse.chat.programs.sandbox import SOURCE_BYTES_MAX
from hanse.chat.programs.templates import read_template, templates_of
from hanse.chat.rooms import store as rooms_store
from hanse.chat.rooms.model import RoomKind
from hanse.chat.rooms.service import DEVICE, actor_of, see_room
from hanse.identity import Access, Permission
from hanse.platform.database import Tx
from hanse.platform.ids import new_id
from hanse.platform.problems import BadRequest, Conflict, NotFound, Problem

NAME_CHARACTERS_MAX: Final = 80
PROGRAMS_MAX: Final = 5
"""Of one room."""
VERSIONS_MAX: Final = 500


class InvalidProgram(BadRequest):
    """The program is not one that can be run."""

    code = "invalid_program"
    title = "Invalid program"


class NoSuchProgram(NotFound):
    """There is no such program, or none that the caller may see."""

    code = "no_such_program"
    title = "No such program"

    def __init__(self) -> None:
        super().__init__("There is no such program among those that you may see.")


class NoSuchVersion(NotFound):
    """The program has no version of that number."""

    code = "no_such_version"
    title = "No such version"


class TooManyPrograms(Conflict):
    """A room, or a program, has no place for another one."""

    code = "too_many_programs"
    title = "Too many programs"


class ProgramChanged(Struct, frozen=True):
    """A program after a change, and what the change put into its room's log."""

    program: RoomProgram
    events: list[Event]


class ProgramDetails(Struct, frozen=True):
    """A program, how far it is, and the source of the version that runs or did last."""

    program: RoomProgram
    progress: Progress
    source: str
    language: Language


class ProgramVersion(Struct, frozen=True):
    """A version with its source."""

    number: int
    source: str
    language: Language


def source_of(
    source: str | None, template: str | None, language: Language = Language.JAVASCRIPT
) -> str:
    """Return the source that is meant. Raises InvalidProgram."""
    if (source is None) == (template is None):
        raise InvalidProgram("Give either `source` or `template`.")
    if template is not None:
        if template not in templates_of(language):
            known = ", ".join(templates_of(language))
            raise InvalidProgram(f"There is no template {template!r} in {language}: {known}.")
        return read_template(template, language)
    assert source is not None
    if "\0" in source or len(source.encode(errors="replace")) > SOURCE_BYTES_MAX:
        raise InvalidProgram(f"`source` has up to {SOURCE_BYTES_MAX} bytes, without U+0000.")
    return source


async def require_may_manage(tx: Tx, access: Access, room_id: UUID) -> None:
    """Raise NoSuchRoom or NotAllowedInRoom unless the caller may put programs into a room."""
    access.require(Permission.CHAT_READ, Permission.CHAT_WRITE)
    role = await rooms_store.get_role(tx, room_id, actor_of(access))
    if role is RoomRole.OWNER:
        return
    room = await rooms_store.get_room(tx, room_id, actor_of(access))
    if room is None:
        raise NoSuchRoom
    if Permission.ORGANISATION_WRITE in access.permissions:
        if room.kind is RoomKind.DIRECT and room.role is None:
            raise NoSuchRoom  # what people say to each other alone is nobody's to look into
        return
    await see_room(tx, access, room_id)
    raise NotAllowedInRoom("Programs are for owners of the room and administrators.")


async def managed(tx: Tx, access: Access, id: UUID) -> RoomProgram:
    """Return a program that the caller may manage. Raises NoSuchProgram, NotAllowedInRoom."""
    program = await store.get_program(tx, id)
    if program is None:
        raise NoSuchProgram
    try:
        await require_may_manage(tx, access, program.room_id)
    except NoSuchRoom:
        raise NoSuchProgram from None
    return program


async def note_reading(tx: Tx, access: Access, action: str, program: RoomProgram) -> None:
    """Note that what a room says was read through a program: its owners may, and administrators."""
    await identity.record(
        tx, access, action, "program", program.id, program.name, room_id=str(program.room_id)
    )


async def attach(
    tx: Tx,
    access: Access,
    room_id: UUID,
    *,
    name: str,
    source: str,
    language: Language,
    allowed: Sequence[str],
) -> ProgramChanged:
    """Put a program, which loads, into a room; it is given what comes from here on.

    Raises NoSuchRoom, NotAllowedInRoom, InvalidProgram, TooManyPrograms.
    """
    await log_store.lock_heads(tx, [room_id])
    await require_may_manage(tx, access, room_id)
    name, allowed = _clean_name(name), _clean_grants(allowed)
    if await store.count_programs(tx, room_id) >= PROGRAMS_MAX:
        raise TooManyPrograms(f"A room has up to {PROGRAMS_MAX} programs.")
    id, actor = new_id(), actor_of(access)
    head = (await log_store.read_heads(tx, [room_id]))[room_id]
    await store.insert_program(tx, id, room_id, name, allowed, actor, head)
    version = await store.insert_version(tx, id, source, language, actor)
    await identity.record(
        tx, access, "chat.program_attached", "program", id, room_id=str(room_id), name=name
    )
    program = await managed(tx, access, id)
    return await _run(tx, access, program, version, is_reset=True)


async def add_version(
    tx: Tx, access: Access, id: UUID, source: str, language: Language, *, is_reset: bool
) -> ProgramChanged:
    """Let another version of a program, which loads, run from here on.

    It goes on with the state there is, unless `is_reset`. Raises NoSuchProgram, NotAllowedInRoom,
    TooManyPrograms.
    """
    program = await _held(tx, access, id)
    if program.versions >= VERSIONS_MAX:
        raise TooManyPrograms(f"A program has up to {VERSIONS_MAX} versions.")
    version = await store.insert_version(tx, id, source, language, actor_of(access))
    return await _run(tx, access, program, version, is_reset=is_reset)


async def activate(
    tx: Tx, access: Access, id: UUID, version: int, *, is_reset: bool
) -> ProgramChanged:
    """Let a version, an earlier one perhaps, run from here on, also after a pause or a stop.

    Raises NoSuchProgram, NotAllowedInRoom, NoSuchVersion.
    """
    program = await _held(tx, access, id)
    if not 1 <= version <= program.versions:
        raise NoSuchVersion(f"The program has versions 1 to {program.versions}.")
    return await _run(tx, access, program, version, is_reset=is_reset)


async def pause(tx: Tx, access: Access, id: UUID) -> ProgramChanged:
    """Let a program stand still: what comes meanwhile it is not given.

    Raises NoSuchProgram, NotAllowedInRoom.
    """
    program = await _held(tx, access, id)
    if program.status is not Status.RUNNING:
        return ProgramChanged(program, [])
    await store.set_status(tx, id, Status.PAUSED)
    events = await _say(tx, access, program, Body(program_id=id, name=program.name))
    return ProgramChanged(await managed(tx, access, id), events)


async def change(
    tx: Tx, access: Access, id: UUID, name: str | None, allowed: Sequence[str] | None
) -> RoomProgram:
    """Change a program's name, or what it may do. Raises NoSuchProgram, NotAllowedInRoom,
    InvalidProgram."""
    program = await _held(tx, access, id)
    cleaned = None if name is None else _clean_name(name)
    granted = None if allowed is None else _clean_grants(allowed)
    await store.change_program(tx, id, cleaned, granted)
    if granted is not None and "moderate" not in granted:
        await moderation_store.take_off(tx, program.room_id, id)
    await identity.record(tx, access, "chat.program_changed", "program", id, allowed=granted)
    return await managed(tx, access, id)


async def delete(tx: Tx, access: Access, id: UUID) -> tuple[UUID, list[Event]]:
    """Take a program out of its room with all that it keeps; what it said stays there.

    Returns the room and what that put into its log. Raises NoSuchProgram, NotAllowedInRoom.
    """
    program = await _held(tx, access, id)
    await store.set_status(tx, id, Status.DELETED)
    await store.forget(tx, id)
    await moderation_store.take_off(tx, program.room_id, id)
    await identity.record(
        tx, access, "chat.program_deleted", "program", id, room_id=str(program.room_id)
    )
    events = await _say(tx, access, program, Body(program_id=id, name=program.name))
    return program.room_id, events


async def list_programs(tx: Tx, access: Access, room_id: UUID) -> list[RoomProgram]:
    """Return the programs of a room, deleted ones at the end. Raises NoSuchRoom."""
    if Permission.ORGANISATION_WRITE in access.permissions:
        await require_may_manage(tx, access, room_id)
    else:
        await see_room(tx, access, room_id)
    return await store.list_programs(tx, room_id)


async def read_program(tx: Tx, access: Access, id: UUID) -> ProgramDetails:
    """Return a program with its source. Raises NoSuchProgram, NotAllowedInRoom."""
    program = await managed(tx, access, id)
    progress = await store.read_progress(tx, id)
    found = await store.read_source(tx, id, program.version)
    if progress is None or found is None:
        raise NoSuchProgram
    return ProgramDetails(program, progress, *found)


async def read_version(tx: Tx, access: Access, id: UUID, number: int) -> ProgramVersion:
    """Return a version with its source. Raises NoSuchProgram, NotAllowedInRoom, NoSuchVersion."""
    program = await managed(tx, access, id)
    found = await store.read_source(tx, id, number) if number <= program.versions else None
    if found is None:
        raise NoSuchVersion(f"The program has versions 1 to {program.versions}.")
    return ProgramVersion(number, *found)


async def list_versions(tx: Tx, access: Access, id: UUID, before: int, limit: int) -> list[Version]:
    """Return versions before a number. Raises NoSuchProgram, NotAllowedInRoom."""
    await managed(tx, access, id)
    return await store.list_versions(tx, id, before, limit)


async def list_entries(tx: Tx, access: Access, id: UUID, before: int, limit: int) -> list[Entry]:
    """Return lines of a program's log before an id. Raises NoSuchProgram, NotAllowedInRoom."""
    await managed(tx, access, id)
    return await store.list_entries(tx, id, before, limit)


async def _held(tx: Tx, access: Access, id: UUID) -> RoomProgram:
    """The program that is to be changed, which nobody else changes or moves meanwhile."""
    program = await managed(tx, access, id)
    await log_store.lock_heads(tx, [program.room_id])
    return await managed(tx, access, id)


async def _run(
    tx: Tx, access: Access, program: RoomProgram, version: int, *, is_reset: bool
) -> ProgramChanged:
    if is_reset:
        await moderation_store.take_off(tx, program.room_id, program.id)
    await store.set_status(tx, program.id, Status.RUNNING, version=version)
    body = Body(program_id=program.id, name=program.name, version=version, is_reset=is_reset)
    events = await _say(tx, access, program, body)
    return ProgramChanged(await managed(tx, access, program.id), events)


async def _say(tx: Tx, access: Access, program: RoomProgram, body: Body) -> list[Event]:
    draft = Draft(
        room_id=program.room_id,
        sender_id=actor_of(access),
        device=DEVICE,
        client_key=str(new_id()),
        kind=Kind.PROGRAM,
        body=body,
        is_system=True,
    )
    batch = await append_all(tx, [draft])
    [outcome] = batch.outcomes
    if isinstance(outcome, Problem):
        raise outcome
    return batch.events


def _clean_name(name: str) -> str:
    name = name.strip()
    if not 0 < len(name) <= NAME_CHARACTERS_MAX or not name.isprintable():
        raise InvalidProgram(f"`name` has 1 to {NAME_CHARACTERS_MAX} characters, on one line.")
    return name


def _clean_grants(allowed: Sequence[str]) -> list[str]:
    if unknown := [each for each in allowed if each not in GRANTS]:
        raise InvalidProgram(f"{unknown[0]!r} cannot be allowed: {', '.join(GRANTS)} can.")
    return sorted(set(allowed))
