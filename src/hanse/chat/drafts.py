"""What people send, as it comes over HTTP and sockets, made into a draft."""

from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from hanse.chat.log.model import Body, Draft, Kind
from hanse.chat.log.rules import (
    EMOJI_CHARACTERS_MAX,
    FILES_MAX,
    GROUPS_MAX,
    KEY_CHARACTERS_MAX,
    MENTIONS_MAX,
    TEXT_CHARACTERS_MAX,
    TOPIC_CHARACTERS_MAX,
)
from hanse.chat.rooms.service import actor_of
from hanse.identity import Access, Permission

_Number = Annotated[int, Meta(ge=1, le=2**62)]
_Key = Annotated[str, Meta(min_length=1, max_length=KEY_CHARACTERS_MAX)]


class NewEvent(Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """Something to append to a room's log.

    `client_key` is chosen by the client, anew for each event; sent again from the same `device`
    it gets the number of the first. A message has `text`, and may have a `topic`, the number of
    the message that it answers (`thread`), `mentions` of members, of all members who are in
    `groups`, `to_all`, `to_here` (of those members who have the chat open now), and `files`: up
    to ten ids that uploads returned, with which it needs no text. The other kinds name the
    message that they concern as `target`: an edit has a new `text`, a reaction an `emoji`, a
    topic the new `topic`; `on` false takes a reaction or pin back. A topic without a `target`
    is about a topic as a whole: all messages of `from_topic`, or those from number `since` on,
    move to `topic`; or `topic` is marked as resolved, or not (`is_resolved`).
    """

    client_key: _Key
    device: _Key = "default"
    kind: Literal["message", "edit", "delete", "reaction", "pin", "topic"] = "message"
    text: Annotated[str, Meta(max_length=TEXT_CHARACTERS_MAX)] = ""
    topic: Annotated[str, Meta(min_length=1, max_length=TOPIC_CHARACTERS_MAX)] | None = None
    thread: _Number | None = None
    target: _Number | None = None
    mentions: Annotated[list[UUID], Meta(max_length=MENTIONS_MAX)] = []
    groups: Annotated[list[UUID], Meta(max_length=GROUPS_MAX)] = []
    to_all: bool = False
    to_here: bool = False
    files: Annotated[list[UUID], Meta(max_length=FILES_MAX)] = []
    emoji: Annotated[str, Meta(min_length=1, max_length=EMOJI_CHARACTERS_MAX)] | None = None
    on: bool = True
    from_topic: Annotated[str, Meta(min_length=1, max_length=TOPIC_CHARACTERS_MAX)] | None = None
    since: _Number | None = None
    is_resolved: bool | None = None


def draft_of(access: Access, room_id: UUID, new: NewEvent) -> Draft:
    """Return the draft of an event that this caller sends. Raises MissingScope."""
    access.require(Permission.CHAT_WRITE)
    if new.groups:
        access.require(Permission.GROUPS_READ)
    kind = Kind(new.kind)
    return Draft(
        room_id=room_id,
        sender_id=actor_of(access),
        device=new.device,
        client_key=new.client_key,
        kind=kind,
        target=new.target,
        thread=new.thread,
        topic=new.topic,
        body=Body(
            text=new.text,
            mentions=tuple(dict.fromkeys(new.mentions)),
            groups=tuple(dict.fromkeys(new.groups)),
            to_all=new.to_all,
            to_here=new.to_here,
            emoji=new.emoji if kind is Kind.REACTION else None,
            on=new.on,
            from_topic=new.from_topic,
            since=new.since,
            is_resolved=new.is_resolved,
        ),
        files=tuple(dict.fromkeys(new.files)),
        may_reach_all=Permission.CHAT_REACH_ALL in access.permissions,
    )
