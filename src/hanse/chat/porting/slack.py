"""Reads the export of a Slack workspace: `channels.json`, `groups.json`, `dms.json`, `mpims.json`,
`users.json`, and a folder for each room with a file for each day.

Source: slack.com/help/articles/220556107 and the message events of docs.slack.dev. Slack's own
export has no files, only addresses; those in `__uploads/<id>/`, where other tools put them, are
carried.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from msgspec import Struct, field

from hanse.chat.log.model import Kind
from hanse.chat.porting.archive import Archive, document
from hanse.chat.porting.emojis import character
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
from hanse.chat.porting.mrkdwn import converted
from hanse.chat.rooms.model import RoomKind

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\.json")
_SAID: Final = frozenset(
    {None, "", "bot_message", "file_share", "me_message", "thread_broadcast", "file_comment"}
)
"""Subtypes of messages that somebody wrote; the others tell of joins, names and the like."""
_LISTS: Final = (
    ("channels.json", RoomKind.CHANNEL, True),
    ("groups.json", RoomKind.CHANNEL, False),
    ("dms.json", RoomKind.DIRECT, False),
    ("mpims.json", RoomKind.DIRECT, False),
)


class _Profile(Struct):
    email: str | None = None
    real_name: str | None = None
    display_name: str | None = None


class _User(Struct):
    id: str
    name: str | None = None
    real_name: str | None = None
    team_id: str | None = None
    profile: _Profile | None = None


class _Text(Struct):
    value: str = ""


class _Pin(Struct):
    id: str
    user: str | None = None
    created: float | None = None


class _Channel(Struct):
    id: str
    name: str | None = None
    created: float | None = None
    creator: str | None = None
    is_archived: bool | None = None
    members: list[str] | None = None
    topic: _Text | None = None
    purpose: _Text | None = None
    pins: list[_Pin] | None = None


class _Reaction(Struct):
    name: str
    users: list[str] = field(default_factory=list)
    count: int = 0


class _File(Struct):
    id: str = ""
    name: str | None = None
    title: str | None = None
    url_private: str | None = None
    mode: str | None = None


class _Edited(Struct):
    ts: str = ""
    user: str | None = None


class _Attachment(Struct):
    fallback: str | None = None
    text: str | None = None
    from_url: str | None = None


class _BotProfile(Struct):
    name: str | None = None


class _Message(Struct):
    type: str = "message"
    subtype: str | None = None
    ts: str = ""
    user: str | None = None
    bot_id: str | None = None
    username: str | None = None
    text: str | None = ""
    thread_ts: str | None = None
    edited: _Edited | None = None
    reactions: list[_Reaction] | None = None
    files: list[_File] | None = None
    attachments: list[_Attachment] | None = None
    user_profile: _Profile | None = None
    bot_profile: _BotProfile | None = None


def recognised(archive: Archive) -> Source | None:
    """Return the export in an archive; None if it is none of Slack's. Raises InvalidExport."""
    if archive.size("users.json") is None or not any(
        archive.size(name) is not None for name, _, _ in _LISTS
    ):
        return None
    users = document(archive, "users.json", list[_User])
    teams = sorted({each.team_id for each in users if each.team_id})
    # Guests of other workspaces are in the list, too: whoever has most people is the workspace.
    team = max(teams, key=lambda team: sum(each.team_id == team for each in users), default="")
    return Source(f"slack:{team}", lambda: _Reader(archive, users).items())


class _Reader:
    def __init__(self, archive: Archive, users: list[_User]) -> None:
        self._archive = archive
        self._names = {each.id: _name(each) for each in users}
        self._users = users
        self._rooms: dict[str, str] = {}
        self._bots: set[str] = set()
        self._days: dict[str, list[str]] = {}
        self._uploads: dict[str, str] = {}
        for name in archive.names():
            folder, _, last = name.rpartition("/")
            if _DAY.fullmatch(last):
                self._days.setdefault(folder, []).append(name)
            elif folder.startswith("__uploads/"):
                self._uploads[folder.removeprefix("__uploads/")] = name

    def items(self) -> Iterator[Item]:
        for user in self._users:
            email = user.profile.email if user.profile else None
            yield Person(key=user.id, name=self._names[user.id], email=email)
        channels = [
            (each, kind, is_public)
            for name, kind, is_public in _LISTS
            if self._archive.size(name) is not None
            for each in document(self._archive, name, list[_Channel])
        ]
        self._rooms = {each.id: each.name or each.id for each, _, _ in channels}
        for channel, kind, is_public in channels:
            yield _room(channel, kind, is_public=is_public)
            yield from self._entries(channel)

    def _entries(self, channel: _Channel) -> Iterator[Item]:
        # Folders of channels have the name, those of direct rooms the id.
        folder = channel.name if channel.name in self._days else channel.id
        for name in self._days.get(folder, ()):
            for message in document(self._archive, name, list[_Message]):
                yield from self._message(channel.id, message, name)
        for pin in channel.pins or ():
            at = moment(pin.created) if pin.created else moment(pin.id)
            yield Entry(
                room=channel.id,
                key=f"pin:{pin.id}",
                kind=Kind.PIN,
                at=at,
                sender=pin.user or channel.creator or "",
                target=pin.id,
            )

    def _message(self, room: str, message: _Message, where: str) -> Iterator[Item]:
        if message.type != "message" or message.subtype not in _SAID:
            yield Skipped("notices of the system, such as that somebody joined")
            return
        sender = message.user or message.bot_id or message.username
        if not sender:
            yield Skipped("messages of nobody")
            return
        yield from self._unknown(sender, message)
        at = moment(message.ts, where)
        found = converted(_text_of(message), self._names, self._rooms)
        files, links, lost = self._files(message.files or ())
        if lost:
            yield Skipped("files that the export does not hold (links to them stay)", lost)
        facts: dict[str, Any] = {
            "room": room,
            "sender": sender,
            "text": "\n\n".join(filter(None, [found.text, *links])),
            "mentions": found.mentions,
            "to_all": found.to_all,
        }
        is_reply = message.thread_ts and message.thread_ts != message.ts
        yield Entry(
            **facts,
            key=message.ts,
            kind=Kind.MESSAGE,
            at=at,
            thread=message.thread_ts if is_reply else None,
            files=files,
        )
        if message.edited and message.edited.ts:
            edited = moment(message.edited.ts, where)
            key = f"edit:{message.ts}:{message.edited.ts}"
            yield Entry(**facts, key=key, kind=Kind.EDIT, at=edited, target=message.ts)
        yield from _reactions(room, message, at)

    def _unknown(self, sender: str, message: _Message) -> Iterator[Person]:
        if sender in self._names or sender in self._bots:
            return
        self._bots.add(sender)
        profile, bot = message.user_profile or _Profile(), message.bot_profile or _BotProfile()
        name = message.username or bot.name or profile.display_name or profile.real_name
        yield Person(key=sender, name=name or sender)

    def _files(
        self, files: list[_File] | tuple[_File, ...]
    ) -> tuple[tuple[Attached, ...], list[str], int]:
        kept: list[Attached] = []
        links: list[str] = []
        lost = 0
        for file in files:
            if file.mode == "tombstone":
                continue
            name = file.name or file.title or file.id
            if path := self._uploads.get(file.id):
                kept.append(Attached(name=name, path=path))
                continue
            lost += 1
            label = re.sub(r"([\\\[\]`*_<>])", r"\\\1", name)
            links.append(f"[{label}](<{file.url_private}>)" if file.url_private else label)
        return tuple(kept), links, lost


def moment(ts: str | float, where: str = "channels.json") -> datetime:
    """Return the time of one of Slack's time stamps, in seconds. Raises InvalidExport."""
    try:
        seconds, _, fraction = str(ts).partition(".")
        micro = int(fraction[:6].ljust(6, "0")) if fraction else 0
        return datetime.fromtimestamp(int(seconds), UTC).replace(microsecond=micro)
    except (ValueError, OverflowError, OSError) as error:
        raise InvalidExport(f"{where}: {ts!r} is no time.") from error


def _name(user: _User) -> str:
    profile = user.profile or _Profile()
    return profile.real_name or user.real_name or profile.display_name or user.name or user.id


def _room(channel: _Channel, kind: RoomKind, *, is_public: bool) -> Room:
    about = [each.value for each in (channel.purpose, channel.topic) if each]
    return Room(
        key=channel.id,
        kind=kind,
        name=channel.name or "",
        description="\n".join(dict.fromkeys(filter(None, about))),
        is_public=is_public,
        is_archived=bool(channel.is_archived),
        created_at=moment(channel.created) if channel.created else None,
        members=tuple(dict.fromkeys(channel.members or ())),
        owners=(channel.creator,) if channel.creator else (),
    )


def _text_of(message: _Message) -> str:
    if message.text:
        return f"_{message.text}_" if message.subtype == "me_message" else message.text
    parts = [each.text or each.fallback for each in message.attachments or () if not each.from_url]
    return "\n\n".join(filter(None, parts))


def _reactions(room: str, message: _Message, at: datetime) -> Iterator[Item]:
    for reaction in message.reactions or ():
        shown = character(reaction.name) or f":{reaction.name}:"
        for user in reaction.users:
            yield Entry(
                room=room,
                key=f"reaction:{message.ts}:{reaction.name}:{user}",
                kind=Kind.REACTION,
                at=at,
                sender=user,
                target=message.ts,
                emoji=shown,
            )
        if reaction.count > len(reaction.users):
            lost = reaction.count - len(reaction.users)
            yield Skipped("reactions of which the export does not say whose they are", lost)
