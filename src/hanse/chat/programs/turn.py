"""One turn of a program: some events of its room's log, from where it stands.

Effects, state and cursor are one transaction, which holds the head of the room as every append
does and changes nothing if the cursor is not where the turn began. So a turn may be tried by
anybody, any number of times.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct

from hanse import identity
from hanse.chat.log import store as log_store
from hanse.chat.log.model import Body, Event, Kind, at_most
from hanse.chat.moderation import store as moderation_store
from hanse.chat.notifying import store as notifying_store
from hanse.chat.notifying.kinds import PROGRAM_STOPPED
from hanse.chat.programs import events as program_events
from hanse.chat.programs import store, turn_store
from hanse.chat.programs.delivery import Begins, steps_of
from hanse.chat.programs.effecting import Effecting
from hanse.chat.programs.effects import Effect, Rights, require_rights
from hanse.chat.programs.messages import Ran
from hanse.chat.programs.model import (
    FAULTS_MAX,
    LIMIT_CODES,
    LIMITS_MAX,
    Due,
    Standing,
    Status,
    entry_of,
)
from hanse.chat.programs.sandbox import Fault, ProgramFault, state_hash
from hanse.platform.database import Tx

EVENTS_MAX: Final = 50
CHARACTERS_MAX: Final = 200_000
"""Of the text of one turn's events."""


class Raced(Exception):
    """Somebody else moved the program meanwhile, or changed its grants; nothing was done."""


class Turn(Struct, frozen=True):
    """What is next: `begins`, or `events` to be handled, after which the cursor is at `to`."""

    before: Standing
    begins: Begins | None
    events: list[program_events.Event]
    to: int


class Finished(Struct, frozen=True):
    """What is new in the log, and where the cursor is; `is_done` if that is the log's end."""

    events: list[Event]
    cursor: int
    is_done: bool


async def read_turn(tx: Tx, due: Due) -> Turn | None:
    """Return what is next for a program; None if nothing is."""
    before = await turn_store.standing(tx, due.program_id)
    if before is None or before.cursor >= before.head:
        return None
    found = await log_store.read_events(tx, due.room_id, before.cursor, EVENTS_MAX)
    return planned(before, at_most(found, CHARACTERS_MAX), due.program_id)


def planned(before: Standing, found: Sequence[Event], program_id: UUID) -> Turn:
    """Return what is next, given the events behind the cursor. Pure."""
    given: list[program_events.Event] = []
    to = found[-1].number
    for step in steps_of(found, program_id):
        if isinstance(step, Begins):
            if given or step.number > found[0].number:
                to = step.number - 1  # it comes first in the next turn
                break
            return Turn(before, step, [], step.number)
        if before.version is not None:
            given.append(step.event)
    return Turn(before, None, given, to)


def rights_of(standing: Standing) -> Rights:
    """Return what a program may do now."""
    allowed = frozenset(standing.allowed)
    hosts = frozenset(standing.hosts) if "http" in allowed else frozenset()
    return Rights(allowed=allowed, hosts=hosts)


async def pass_over(tx: Tx, due: Due, turn: Turn) -> Finished:
    """Move the cursor where there is nothing to be handled, or another version begins.

    Raises Raced.
    """
    before, begins = turn.before, turn.begins
    await log_store.lock_heads(tx, [due.room_id])
    version = before.version if begins is None else begins.version
    if not await turn_store.move(tx, due.program_id, before, turn.to, version):
        raise Raced
    if begins is not None and begins.version is not None:
        state = None if begins.is_reset else before.state
        hashed = None if state is None else program_hash(state)
        await turn_store.keep_state(tx, due.program_id, state, hashed)
    return Finished([], turn.to, turn.to >= before.head)


async def finish(tx: Tx, due: Due, turn: Turn, ran: Ran) -> Finished:
    """Carry out what came of a turn. Raises Raced.

    A version that fails again and again is stopped, unless the log says already what runs next.
    """
    before, steps = turn.before, ran.steps
    heads = await log_store.lock_heads(tx, [due.room_id])
    effecting = Effecting(tx, due.program_id, due.room_id)
    rights = rights_of(before)
    faults, limits = before.faults, before.limits
    for step in steps:
        if step.fault is None:
            _require(step.effects, rights)
            faults = limits = 0
            continue
        effecting.lines.append((step.number, *entry_of(step.fault)))
        faults += 1
        limits = limits + 1 if step.fault.code in LIMIT_CODES else 0
    await effecting.carry_out(steps)
    cursor = turn.to if len(steps) == len(turn.events) else steps[-1].number
    fault = steps[-1].fault
    stops = (
        fault is not None
        and (faults >= FAULTS_MAX or limits >= LIMITS_MAX)
        and await turn_store.next_begin(tx, due, cursor) is None
    )
    if stops:
        assert fault is not None
        await _stop(tx, due, before, effecting, cursor, str(fault))
    is_done = heads[due.room_id].head == cursor
    if is_done and effecting.events:
        cursor = effecting.events[-1].number  # its own, which it is not given
    await turn_store.keep_state(
        tx,
        due.program_id,
        ran.state.decode(),
        steps[-1].state_hash,
        events=len(steps),
        fuel=sum(step.fuel for step in steps),
        faults=0 if stops else faults,
        limits=0 if stops else limits,
    )
    version = None if stops else before.version
    if not await turn_store.move(tx, due.program_id, before, cursor, version):
        raise Raced
    if effecting.lines:
        await turn_store.add_entries(tx, due.program_id, before.version, effecting.lines)
    return Finished(effecting.events, cursor, is_done)


async def stop_unloadable(tx: Tx, due: Due, turn: Turn, fault: Fault) -> Finished:
    """Stop a program that cannot be loaded, or pass on to what the log says runs next.

    Raises Raced.
    """
    before = turn.before
    await log_store.lock_heads(tx, [due.room_id])
    effecting = Effecting(tx, due.program_id, due.room_id)
    effecting.lines.append((before.cursor, *entry_of(fault)))
    next_begin = await turn_store.next_begin(tx, due, before.cursor)
    if next_begin is None:
        cursor, version = before.cursor, None
        await _stop(tx, due, before, effecting, cursor, str(fault))
    else:
        cursor, version = next_begin - 1, before.version
    if not await turn_store.move(tx, due.program_id, before, cursor, version):
        raise Raced
    await turn_store.add_entries(tx, due.program_id, before.version, effecting.lines)
    return Finished(effecting.events, cursor, is_done=False)


async def fire_timers(tx: Tx, due: Due, limit: int) -> list[Event]:
    """Put the timers of a program that are due into the log; return what is new there."""
    await log_store.lock_heads(tx, [due.room_id])
    effecting = Effecting(tx, due.program_id, due.room_id)
    standing = await turn_store.standing(tx, due.program_id)
    if standing is None or standing.version is None:
        return []
    for key, at in await turn_store.take_due_timers(tx, due.program_id, limit):
        body = Body(key=key, program_id=due.program_id)
        client_key = program_hash(f"{key} {at.isoformat()}")[:40]
        await effecting.say(Kind.TIMER, f"timer {client_key}", body)
    return effecting.events


def program_hash(text: str) -> str:
    """Return the SHA-256 of a state, or of another text."""
    return state_hash(text.encode())


def _require(effects: Sequence[Effect], rights: Rights) -> None:
    """Hold the rights against what a runner answered, which might not be the program's alone."""
    try:
        require_rights(effects, rights)
    except ProgramFault as error:
        raise AssertionError("a runner let through what is not allowed") from error


async def _stop(
    tx: Tx, due: Due, before: Standing, effecting: Effecting, at: int, reason: str
) -> None:
    reason = reason.replace("\0", "\N{REPLACEMENT CHARACTER}")[:500]
    await store.set_status(tx, due.program_id, Status.STOPPED, reason=reason)
    await moderation_store.take_off(tx, due.room_id, due.program_id)
    effecting.lines.append((at, "stopped", f"The program was stopped: {reason}", None, None))
    body = Body(program_id=due.program_id, name=before.name, since=at)
    await effecting.say(Kind.PROGRAM, f"stopped {at} {before.version}", body)
    facts = {
        "program": before.name,
        "room": await notifying_store.room_name(tx, due.room_id),
        "reason": reason,
    }
    link = f"/chat/{due.room_id}"
    await identity.notify(tx, [before.owner_id], PROGRAM_STOPPED, facts, link)
