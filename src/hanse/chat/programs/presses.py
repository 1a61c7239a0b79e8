"""Presses of buttons of the cards that programs post."""

from uuid import UUID

import msgspec

from hanse.chat.log import store as log_store
from hanse.chat.log.append import append_all
from hanse.chat.log.cards import wrong_press
from hanse.chat.log.model import Appended, Body, Draft, Event, Kind
from hanse.chat.log.present import read_present
from hanse.chat.log.rules import NoSuchMessage
from hanse.chat.programs import store
from hanse.chat.programs.model import Status
from hanse.chat.rooms.service import actor_of, see_room
from hanse.identity import Access, Permission
from hanse.platform.database import Tx
from hanse.platform.problems import BadRequest, Conflict, Problem


class ProgramDoesNotRun(Conflict):
    """The program of the card stands still."""

    code = "program_does_not_run"
    title = "The program does not run"


class InvalidPress(BadRequest):
    """The card has no such button, or the form is not filled in."""

    code = "invalid_press"
    title = "Invalid press"


async def press(
    tx: Tx,
    access: Access,
    room_id: UUID,
    number: int,
    *,
    device: str,
    client_key: str,
    button: str,
    values: dict[str, str],
) -> tuple[Appended, list[Event]]:
    """Press a button of a card, as it stands now, with what its form says.

    Raises NoSuchRoom, NoSuchMessage, InvalidPress, ProgramDoesNotRun, and what keeps one from
    sending to the room.
    """
    access.require(Permission.CHAT_WRITE)
    await log_store.lock_heads(tx, [room_id])
    await see_room(tx, access, room_id)
    draft = Draft(
        room_id=room_id,
        sender_id=actor_of(access),
        device=device,
        client_key=client_key,
        kind=Kind.PRESS,
        target=number,
    )
    [known] = await log_store.known(tx, [draft])
    if known.known_number is not None and known.known_at is not None:
        return Appended(known.known_number, True, known.known_at), []
    found = await read_present(tx, room_id, [number])
    card = found[0].card if found else None
    program_id = found[0].program_id if found else None
    if card is None or program_id is None:
        raise NoSuchMessage(f"Message {number} of this room is no card.")
    program = await store.get_program(tx, program_id)
    if program is None or program.status is not Status.RUNNING:
        raise ProgramDoesNotRun("The program that posted this card does not run at the moment.")
    if wrong := wrong_press(card, button, values):
        raise InvalidPress(wrong)
    body = Body(
        program_id=program_id,
        key=await store.key_of(tx, program_id, number),
        button=button,
        values=values,
    )
    batch = await append_all(tx, [msgspec.structs.replace(draft, body=body)])
    [outcome] = batch.outcomes
    if isinstance(outcome, Problem):
        raise outcome
    return outcome, batch.events
