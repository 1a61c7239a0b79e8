"""What may be appended: the form of a draft, and who may send it. Pure; what is not allowed here
is denied."""

import unicodedata
from datetime import datetime
from typing import Final

from msgspec import Struct

from hanse.chat.log.model import Draft, Kind, RoomRole
from hanse.platform.problems import BadRequest, Conflict, Forbidden, NotFound, Problem

TEXT_CHARACTERS_MAX: Final = 20_000
TOPIC_CHARACTERS_MAX: Final = 100
EMOJI_CHARACTERS_MAX: Final = 64
MENTIONS_MAX: Final = 100
GROUPS_MAX: Final = 10
KEY_CHARACTERS_MAX: Final = 64
FILES_MAX: Final = 10

SENT: Final = frozenset({Kind.MESSAGE, Kind.EDIT, Kind.DELETE, Kind.REACTION, Kind.PIN, Kind.TOPIC})
"""What people send; the other kinds follow from what they do to rooms and memberships."""

_TARGETED: Final = (SENT - {Kind.MESSAGE}) | {Kind.PRESS}
MEMBERS_WHO_WRITE: Final = frozenset({RoomRole.OWNER, RoomRole.MODERATOR, RoomRole.MEMBER})
MODERATORS: Final = frozenset({RoomRole.OWNER, RoomRole.MODERATOR})


class InvalidEvent(BadRequest):
    """The event is not one that can be sent."""

    code = "invalid_event"
    title = "Invalid event"


class NoSuchRoom(NotFound):
    """There is no such room, or none that the caller may see."""

    code = "no_such_room"
    title = "No such room"

    def __init__(self) -> None:
        super().__init__("There is no such room among those that you may see.")


class NotAllowedInRoom(Forbidden):
    """The sender's role in this room does not allow it."""

    code = "not_allowed_in_room"
    title = "Not allowed in this room"


class MayNotReachAll(NotAllowedInRoom):
    """Only some speak to everybody, or to groups, in this room."""

    code = "may_not_reach_all"
    title = "May not address everybody"


class NoSuchGroup(NotFound):
    """There is no group of that id."""

    code = "no_such_group"
    title = "No such group"


class RoomArchived(Conflict):
    """Nothing is sent to an archived room."""

    code = "room_archived"
    title = "Room archived"


class NoSuchMessage(NotFound):
    """There is no message of that number in the room."""

    code = "no_such_message"
    title = "No such message"


class MessageDeleted(Conflict):
    """The message was deleted meanwhile."""

    code = "message_deleted"
    title = "Message deleted"


class MutedInRoom(Forbidden):
    """A moderator has muted the sender in this room for a time."""

    code = "muted_in_room"
    title = "Muted in this room"


class NoSuchFile(NotFound):
    """The room has no such file, or none that the sender may send."""

    code = "no_such_file"
    title = "No such file"


class NoSuchTopic(NotFound):
    """No message of the room stands in that topic."""

    code = "no_such_topic"
    title = "No such topic"


class Facts(Struct, frozen=True):
    """What the log and the room say about a draft.

    `role` is the sender's, None outside the room. `target_*` are of the message that it concerns,
    `has_thread` whether the message that it answers exists, `has_files` whether the files that it
    brings are the sender's and were not sent, `has_groups` whether the groups that it names exist,
    `has_topic` whether there is something in the topic that it moves or marks.
    `everybody_reaches_all` says that whoever writes here may address all at once. Until
    `muted_until` the sender only takes back.
    """

    role: RoomRole | None
    is_archived: bool
    target_kind: str | None = None
    target_is_own: bool = False
    target_is_redacted: bool = False
    has_thread: bool = True
    has_files: bool = True
    muted_until: datetime | None = None
    is_direct: bool = False
    everybody_reaches_all: bool = False
    has_groups: bool = True
    has_topic: bool = True


def check_form(draft: Draft) -> None:
    """Raise InvalidEvent unless the draft has what its kind needs, in its limits."""
    if draft.kind not in SENT:
        raise InvalidEvent(f"An event of kind '{draft.kind}' cannot be sent.")
    for name, value in (("device", draft.device), ("client_key", draft.client_key)):
        if not 0 < len(value) <= KEY_CHARACTERS_MAX or not _is_plain(value):
            raise InvalidEvent(f"`{name}` needs 1 to {KEY_CHARACTERS_MAX} printable characters.")
    _check_whole_topic(draft)
    if (draft.target is not None) != _needs_target(draft):
        needs = "needs" if _needs_target(draft) else "has no"
        raise InvalidEvent(f"An event of kind '{draft.kind}' {needs} `target`.")
    if draft.thread is not None and draft.kind is not Kind.MESSAGE:
        raise InvalidEvent("Only a message answers in a thread.")
    if draft.files and draft.kind is not Kind.MESSAGE:
        raise InvalidEvent("Only a message brings files.")
    if len(draft.files) > FILES_MAX:
        raise InvalidEvent(f"A message brings up to {FILES_MAX} files.")
    if draft.kind in (Kind.MESSAGE, Kind.EDIT):
        _check_text(draft)
    elif draft.body.text or draft.body.mentions or _reaches_many(draft):
        raise InvalidEvent(f"An event of kind '{draft.kind}' has no text.")
    if draft.kind is Kind.REACTION:
        emoji = draft.body.emoji or ""
        if not 0 < len(emoji) <= EMOJI_CHARACTERS_MAX or not _is_plain(emoji) or " " in emoji:
            raise InvalidEvent("A reaction needs an `emoji`.")
    _check_topic(draft)


def _check_text(draft: Draft) -> None:
    text = draft.body.text
    is_empty = not text.strip() and not draft.files
    if is_empty or len(text) > TEXT_CHARACTERS_MAX:
        raise InvalidEvent(f"`text` needs 1 to {TEXT_CHARACTERS_MAX} characters.")
    if "\0" in draft.body.text:
        raise InvalidEvent("Leave out the character U+0000.")
    if len(draft.body.mentions) > MENTIONS_MAX:
        raise InvalidEvent(f"Mention up to {MENTIONS_MAX} members.")
    if len(draft.body.groups) > GROUPS_MAX:
        raise InvalidEvent(f"Mention up to {GROUPS_MAX} groups.")


def _check_topic(draft: Draft) -> None:
    topic = draft.topic
    if topic is None:
        return
    if draft.kind not in (Kind.MESSAGE, Kind.TOPIC):
        raise InvalidEvent(f"An event of kind '{draft.kind}' has no topic.")
    if not 0 < len(topic) <= TOPIC_CHARACTERS_MAX or not topic.strip() or not _is_plain(topic):
        raise InvalidEvent(f"A topic has 1 to {TOPIC_CHARACTERS_MAX} characters, on one line.")


def topic_of(draft: Draft) -> str | None:
    """Return the topic that a draft moves or marks as a whole; None if it does neither."""
    if draft.kind is not Kind.TOPIC:
        return None
    return draft.topic if draft.body.is_resolved is not None else draft.body.from_topic


def _needs_target(draft: Draft) -> bool:
    return draft.kind in _TARGETED and topic_of(draft) is None


def _check_whole_topic(draft: Draft) -> None:
    body = draft.body
    is_marking = body.is_resolved is not None
    if body.from_topic is None and body.since is None and not is_marking:
        return
    if draft.kind is not Kind.TOPIC:
        raise InvalidEvent(f"An event of kind '{draft.kind}' moves or marks no topic.")
    if draft.topic is None:
        raise InvalidEvent("Name the `topic`.")
    if (body.from_topic is not None) == is_marking:
        raise InvalidEvent("Move messages `from_topic`, or say whether a topic `is_resolved`.")
    if body.since is not None and body.from_topic is None:
        raise InvalidEvent("`since` goes with `from_topic`.")
    if body.from_topic == draft.topic:
        raise InvalidEvent("`topic` and `from_topic` are the same.")


def _is_plain(text: str) -> bool:
    return text.isprintable() or not any(unicodedata.category(c) in ("Cc", "Cs") for c in text)


def refusal(draft: Draft, facts: Facts | None) -> Problem | None:
    """Return why this draft may not be appended; None if it may. `facts` are None without a room.

    Somebody outside the room learns nothing of it, not even that it exists.
    """
    if facts is None:
        return NoSuchRoom()
    if draft.is_system:
        return None
    if facts.role is None:
        return NoSuchRoom()
    if facts.is_archived:
        return RoomArchived("This room is archived: read it, or ask an owner to open it again.")
    takes_back = draft.kind is Kind.DELETE and facts.target_is_own
    if facts.muted_until is not None and not takes_back:
        until = facts.muted_until.isoformat(timespec="minutes")
        return MutedInRoom(f"You may read here, and write again after {until}.")
    if not facts.has_thread:
        return NoSuchMessage(f"There is no message {draft.thread} to answer.")
    if not facts.has_files:
        return NoSuchFile("Send files that you uploaded to this room and have not sent yet.")
    if _needs_target(draft):
        if facts.target_kind != Kind.MESSAGE:
            return NoSuchMessage(f"There is no message {draft.target} in this room.")
        if facts.target_is_redacted:
            return MessageDeleted(f"Message {draft.target} was deleted.")
    if not _may(draft, facts):
        return NotAllowedInRoom(f"Your role here, '{facts.role}', does not allow this.")
    if not facts.has_topic:
        return NoSuchTopic(f"There is no message in the topic '{topic_of(draft)}', or from there.")
    return _refused_reach(draft, facts) if _reaches_many(draft) else None


def _reaches_many(draft: Draft) -> bool:
    return draft.body.to_all or draft.body.to_here or bool(draft.body.groups)


def _refused_reach(draft: Draft, facts: Facts) -> Problem | None:
    if not facts.has_groups:
        return NoSuchGroup("There is no group of one of these ids any more.")
    by_right = draft.may_reach_all or facts.role in MODERATORS
    if by_right or facts.is_direct or facts.everybody_reaches_all:
        return None
    return MayNotReachAll(
        "In this room owners and moderators alone speak to everybody or to groups. "
        "Mention people one by one."
    )


def _may(draft: Draft, facts: Facts) -> bool:
    moderates = facts.role in MODERATORS
    writes = facts.role in MEMBERS_WHO_WRITE
    match draft.kind:
        case Kind.MESSAGE | Kind.PIN:
            return writes
        case Kind.EDIT:
            return writes and facts.target_is_own
        case Kind.DELETE:
            return facts.target_is_own or moderates
        case Kind.TOPIC:
            marks = draft.body.is_resolved is not None
            is_own = draft.target is not None and facts.target_is_own
            return moderates or (writes and (marks or is_own))
        case Kind.REACTION | Kind.PRESS:
            return True
    return False
