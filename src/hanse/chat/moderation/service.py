"""The verbs about rules of rooms, which are its owners' and moderators'."""

from uuid import UUID

from hanse import identity
from hanse.chat.log import store as log_store
from hanse.chat.log.rules import MODERATORS, NotAllowedInRoom
from hanse.chat.moderation import store
from hanse.chat.moderation.model import RoomRules, Rules, cleaned, wrong_rules
from hanse.chat.rooms.model import RoomKind
from hanse.chat.rooms.service import DirectRoom, see_room
from hanse.identity import Access, Permission
from hanse.platform.database import Tx
from hanse.platform.problems import BadRequest


class InvalidRules(BadRequest):
    """The rules cannot be held against messages."""

    code = "invalid_rules"
    title = "Invalid rules"


async def get_rules(tx: Tx, access: Access, room_id: UUID) -> RoomRules:
    """Return what is in force in a room. Raises NoSuchRoom, DirectRoom, NotAllowedInRoom."""
    await _require_moderator(tx, access, room_id)
    return RoomRules(
        rules=await store.read_rules(tx, room_id),
        of_programs=await store.rules_of_programs(tx, room_id),
        refusals=await store.read_refusals(tx, room_id),
    )


async def set_rules(tx: Tx, access: Access, room_id: UUID, rules: Rules) -> RoomRules:
    """Put rules in force in a room, beside those of its programs.

    Raises NoSuchRoom, DirectRoom, NotAllowedInRoom, InvalidRules.
    """
    access.require(Permission.CHAT_WRITE)
    await log_store.lock_heads(tx, [room_id])
    await _require_moderator(tx, access, room_id)
    if wrong := wrong_rules(rules):
        raise InvalidRules(f"In these rules {wrong}")
    rules = cleaned(rules)
    if await store.put(tx, room_id, None, rules):
        # The words themselves may be what nobody should read.
        await identity.record(
            tx,
            access,
            "chat.room_rules_changed",
            "room",
            room_id,
            words=len(rules.words),
            links=rules.links,
            slow_s=rules.slow_s,
            who=rules.who,
            max_characters=rules.max_characters,
        )
    return await get_rules(tx, access, room_id)


async def _require_moderator(tx: Tx, access: Access, room_id: UUID) -> None:
    room = await see_room(tx, access, room_id)
    if room.kind is RoomKind.DIRECT:
        raise DirectRoom("A direct room has no rules.")
    if room.role not in MODERATORS:
        raise NotAllowedInRoom("Rules are for owners and moderators of this room.")
