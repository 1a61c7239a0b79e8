"""Keeping what somebody has begun to write, so that they go on with it on another device."""

from typing import Final
from uuid import UUID

from hanse.chat.composing import store
from hanse.chat.composing.store import ComposerDraft
from hanse.chat.log.rules import TEXT_CHARACTERS_MAX, InvalidEvent, NoSuchRoom
from hanse.chat.rooms.service import actor_of, see_room
from hanse.identity import Access, Permission
from hanse.platform.database import Tx
from hanse.platform.problems import Conflict

DRAFTS_MAX: Final = 200


class TooManyDrafts(Conflict):
    """Nobody has begun to write so much."""

    code = "too_many_drafts"
    title = "Too many drafts"


async def put_draft(
    tx: Tx, access: Access, room_id: UUID, topic: str | None, thread: int | None, text: str
) -> ComposerDraft | None:
    """Keep a draft of the caller; None, and nothing is kept, if it says nothing.

    Raises NoSuchRoom for whoever is not in the room, InvalidEvent, TooManyDrafts.
    """
    access.require(Permission.CHAT_WRITE)
    room = await see_room(tx, access, room_id)
    if room.role is None:
        raise NoSuchRoom
    if topic is not None and thread is not None:
        raise InvalidEvent("A draft is for a topic or for a thread.")
    if "\0" in text or "\0" in (topic or ""):
        raise InvalidEvent("Leave out the character U+0000.")
    assert len(text) <= TEXT_CHARACTERS_MAX
    actor = actor_of(access)
    if not text.strip():
        await store.delete(tx, actor, room_id, topic, thread)
        return None
    draft = await store.put(tx, actor, room_id, topic, thread, text)
    if await store.count(tx, actor) > DRAFTS_MAX:
        raise TooManyDrafts(f"Up to {DRAFTS_MAX} drafts are kept. Send or delete some first.")
    return draft


async def list_drafts(tx: Tx, access: Access) -> list[ComposerDraft]:
    """Return the caller's drafts in rooms that they are in, last written first."""
    access.require(Permission.CHAT_READ)
    return await store.list_drafts(tx, actor_of(access), DRAFTS_MAX)
