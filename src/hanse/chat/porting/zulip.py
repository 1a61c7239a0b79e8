"""Reads the export of a Zulip organisation: `realm.json`, `messages-000001.json` and so on, and
`uploads/`.

Source: zulip.readthedocs.io/en/latest/production/export-and-import.html and zerver/lib/export.py,
whose tables these are. Direct messages name their reader (type 1) or a group of people (type 3).
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from msgspec import Struct, field

from hanse.chat.log.model import Kind
from hanse.chat.porting.archive import Archive, decoded, document
from hanse.chat.porting.emojis import character, from_code_points, outside_code, with_characters
from hanse.chat.porting.model import (
    Attached,
    Entry,
    InvalidExport,
    Item,
    Person,
    Room,
    Skipped,
    Source,
)
from hanse.chat.rooms.model import RoomKind

_PERSONAL, _STREAM, _GROUP = 1, 2, 3
_MESSAGES: Final = re.compile(r"messages-[0-9]+\.json")
_MENTION: Final = re.compile(r"@(_?)\*\*([^*|\n]+)(?:\|([0-9]+))?\*\*")
_GROUP_MENTION: Final = re.compile(r"@_?\*([^*\n]+)\*")
_STREAM_LINK: Final = re.compile(r"#\*\*([^*\n]+?)\*\*")
_UPLOAD: Final = re.compile(r"!?\[([^\]\n]*)\]\((?:https?://[^/)\s]+)?/user_uploads/([^)\s]+)\)")
_TO_ALL: Final = frozenset({"all", "everyone", "channel", "stream", "topic"})


class _RealmFacts(Struct):
    string_id: str = ""
    uuid: str | None = None


class _User(Struct):
    id: int
    full_name: str = ""
    email: str | None = None
    delivery_email: str | None = None


class _StreamRow(Struct):
    id: int
    name: str
    description: str = ""
    invite_only: bool = False
    deactivated: bool = False
    date_created: float | None = None
    creator: int | None = None


class _Recipient(Struct):
    id: int
    type: int
    type_id: int


class _Subscription(Struct):
    user_profile: int
    recipient: int
    active: bool = True
    role: int | None = None


class _Reaction(Struct):
    message: int
    user_profile: int
    emoji_name: str
    emoji_code: str = ""
    reaction_type: str = "unicode_emoji"


class _Realm(Struct):
    zerver_realm: list[_RealmFacts]
    zerver_userprofile: list[_User] = field(default_factory=list)
    zerver_userprofile_crossrealm: list[_User] = field(default_factory=list)
    zerver_userprofile_mirrordummy: list[_User] = field(default_factory=list)
    zerver_stream: list[_StreamRow] = field(default_factory=list)
    zerver_recipient: list[_Recipient] = field(default_factory=list)
    zerver_subscription: list[_Subscription] = field(default_factory=list)
    zerver_reaction: list[_Reaction] = field(default_factory=list)


class _Message(Struct):
    id: int
    sender: int
    recipient: int
    date_sent: float
    content: str = ""
    subject: str = ""
    edit_history: str | list[Any] | None = None


class _Page(Struct):
    zerver_message: list[_Message]
    zerver_reaction: list[_Reaction] = field(default_factory=list)


class _Edit(Struct):
    timestamp: float
    prev_content: str | None = None


def recognised(archive: Archive) -> Source | None:
    """Return the export in an archive; None if it is none of Zulip's. Raises InvalidExport."""
    if archive.size("realm.json") is None:
        return None
    realm = document(archive, "realm.json", _Realm)
    if not realm.zerver_realm:
        raise InvalidExport("realm.json names no organisation.")
    facts = realm.zerver_realm[0]
    return Source(f"zulip:{facts.uuid or facts.string_id}", _Reader(archive, realm).items)


class _Reader:
    def __init__(self, archive: Archive, realm: _Realm) -> None:
        self._archive = archive
        self._realm = realm
        self._users = [
            *realm.zerver_userprofile,
            *realm.zerver_userprofile_crossrealm,
            *realm.zerver_userprofile_mirrordummy,
        ]
        self._names = {each.id: each.full_name for each in self._users}
        self._ids = {each.full_name: each.id for each in reversed(self._users)}
        self._recipients = {each.id: each for each in realm.zerver_recipient}
        self._streams = {each.id: each for each in realm.zerver_stream}
        self._members: dict[int, list[_Subscription]] = {}
        for each in realm.zerver_subscription:
            self._members.setdefault(each.recipient, []).append(each)
        self._reactions: dict[int, list[_Reaction]] = {}
        for reaction in realm.zerver_reaction:
            self._reactions.setdefault(reaction.message, []).append(reaction)
        self._direct: set[str] = set()

    def items(self) -> Iterator[Item]:
        for user in self._users:
            email = user.delivery_email or user.email
            yield Person(key=str(user.id), name=user.full_name or str(user.id), email=email)
        for recipient in self._realm.zerver_recipient:
            if recipient.type == _STREAM and recipient.type_id in self._streams:
                yield self._stream_room(recipient)
        for name in self._archive.names():
            if _MESSAGES.fullmatch(name):
                page = document(self._archive, name, _Page)
                for reaction in page.zerver_reaction:
                    self._reactions.setdefault(reaction.message, []).append(reaction)
                for message in page.zerver_message:
                    yield from self._message(message, name)

    def _stream_room(self, recipient: _Recipient) -> Room:
        stream = self._streams[recipient.type_id]
        subscribed = [each for each in self._members.get(recipient.id, ()) if each.active]
        owners = [str(each.user_profile) for each in subscribed if each.role == 20]
        if stream.creator is not None:
            owners.insert(0, str(stream.creator))
        return Room(
            key=f"stream:{stream.id}",
            kind=RoomKind.CHANNEL,
            name=stream.name,
            description=stream.description,
            is_public=not stream.invite_only,
            is_archived=stream.deactivated,
            created_at=moment(stream.date_created, "realm.json") if stream.date_created else None,
            members=tuple(str(each.user_profile) for each in subscribed),
            owners=tuple(dict.fromkeys(owners)),
        )

    def _message(self, message: _Message, where: str) -> Iterator[Item]:
        recipient = self._recipients.get(message.recipient)
        if recipient is None or recipient.type not in (_PERSONAL, _STREAM, _GROUP):
            yield Skipped("messages to a room that the export does not have")
            return
        topic = None
        if recipient.type == _STREAM:
            room, topic = f"stream:{recipient.type_id}", message.subject or None
        else:
            people = self._people_of(recipient, message.sender)
            room = "direct:" + ",".join(people)
            if room not in self._direct:
                self._direct.add(room)
                yield Room(key=room, kind=RoomKind.DIRECT, members=tuple(people))
        yield from self._versions(message, room, topic, where)
        for each in self._reactions.get(message.id, ()):
            yield Entry(
                room=room,
                key=f"reaction:{message.id}:{each.user_profile}:{each.emoji_name}",
                kind=Kind.REACTION,
                at=moment(message.date_sent, where),
                sender=str(each.user_profile),
                target=str(message.id),
                emoji=_emoji(each),
            )

    def _versions(
        self, message: _Message, room: str, topic: str | None, where: str
    ) -> Iterator[Item]:
        """The message as it was sent, and what became of it."""
        edits = sorted(_edits(message, where), key=lambda each: each.timestamp)
        texts = [each.prev_content or "" for each in edits] + [message.content]
        sender, key = str(message.sender), str(message.id)
        for place, text in enumerate(texts):
            said, files, mentions, to_all = self._said(text)
            facts: dict[str, Any] = {
                "room": room,
                "sender": sender,
                "text": said,
                "mentions": mentions,
                "to_all": to_all,
            }
            if place:
                at = moment(edits[place - 1].timestamp, where)
                yield Entry(**facts, key=f"edit:{key}:{place}", kind=Kind.EDIT, at=at, target=key)
                continue
            # Files belong to the message for good, whichever version brought them.
            files = tuple(dict.fromkeys([*files, *self._said(message.content)[1]]))
            kept = tuple(each for each in files if self._archive.size(each.path) is not None)
            if len(kept) < len(files):
                yield Skipped("files that the export does not hold", len(files) - len(kept))
            at = moment(message.date_sent, where)
            yield Entry(**facts, key=key, kind=Kind.MESSAGE, at=at, topic=topic, files=kept)

    def _people_of(self, recipient: _Recipient, sender: int) -> list[str]:
        if recipient.type == _PERSONAL:
            people = {sender, recipient.type_id}
        else:
            people = {each.user_profile for each in self._members.get(recipient.id, ())} | {sender}
        return sorted(str(each) for each in people)

    def _said(self, text: str) -> tuple[str, tuple[Attached, ...], tuple[str, ...], bool]:
        mentions: dict[str, None] = {}
        files: dict[Attached, None] = {}
        to_all = False

        def mention(match: re.Match[str]) -> str:
            nonlocal to_all
            is_silent, name, id = match[1], match[2], match[3]
            if name in _TO_ALL and name not in self._ids:
                to_all = True
            found = int(id) if id else self._ids.get(name)
            if found is not None and not is_silent:
                mentions[str(found)] = None
            return f"@{name}"

        def upload(match: re.Match[str]) -> str:
            path = match[2]
            name = match[1] or path.rpartition("/")[2]
            files[Attached(name=name, path=f"uploads/{path}")] = None
            return name

        def change(part: str) -> str:
            part = _MENTION.sub(mention, _UPLOAD.sub(upload, part))
            part = _GROUP_MENTION.sub(r"@\1", part)
            part = _STREAM_LINK.sub(lambda each: "#" + each[1].replace(">", " > "), part)
            return with_characters(part)

        said = outside_code(text, change)
        if said.strip() in {each.name for each in files}:
            said = ""
        return said, tuple(files), tuple(mentions), to_all


def moment(seconds: float, where: str) -> datetime:
    """Return the time so many seconds after 1970. Raises InvalidExport."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise InvalidExport(f"{where}: {seconds} is no time.") from error


def _emoji(reaction: _Reaction) -> str:
    found = None
    if reaction.reaction_type == "unicode_emoji":
        found = from_code_points(reaction.emoji_code) or character(reaction.emoji_name)
    return found or f":{reaction.emoji_name}:"


def _edits(message: _Message, where: str) -> list[_Edit]:
    """Those entries of the history of edits that changed what was said."""
    history = message.edit_history
    if not history:
        return []
    data = history.encode() if isinstance(history, str) else msgspec.json.encode(history)
    edits: list[_Edit] = decoded(data, list[_Edit], f"{where}, message {message.id}")
    return [each for each in edits if each.prev_content is not None]
