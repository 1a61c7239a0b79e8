"""Routes of trials of programs: nothing comes of them."""

from typing import Annotated, Final
from uuid import UUID

from litestar import post
from msgspec import UNSET, Meta, Struct, UnsetType

from hanse.chat.api.common import Chat, errors
from hanse.chat.log.model import shard_of
from hanse.chat.programs import service, store
from hanse.chat.programs.delivery import given, told
from hanse.chat.programs.effects import Rights
from hanse.chat.programs.events import Event
from hanse.chat.programs.guests import Language
from hanse.chat.programs.service import InvalidProgram
from hanse.chat.programs.trial import EVENTS_MAX, Trial, Tried
from hanse.identity import Access
from hanse.platform.database import Db

SOURCE_CHARACTERS_MAX: Final = 256 * 1024

Source = Annotated[str, Meta(max_length=SOURCE_CHARACTERS_MAX)]


class NewTrial(Struct, forbid_unknown_fields=True):
    """A source to be tried, without it the one that runs, on the last events of the room."""

    source: Source | UnsetType = UNSET
    language: Language = Language.JAVASCRIPT
    events: Annotated[int, Meta(ge=0, le=EVENTS_MAX)] = 50


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


async def require_loads(chat: Chat, room_id: UUID, source: str, language: Language) -> None:
    """Have a source loaded once. Raises InvalidProgram with its place, ProgramsAway."""
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


handlers = [try_program]
