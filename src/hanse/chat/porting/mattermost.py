"""Reads Mattermost's bulk export: one JSON object a line, alone or in a zip beside its files.

Source: docs.mattermost.com/onboard/bulk-loading-data-format.html.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from msgspec import Struct, field

from hanse.chat.log.model import Kind
from hanse.chat.porting.archive import Archive, decoded, lines
from hanse.chat.porting.emojis import character, outside_code, with_characters
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

_MENTION: Final = re.compile(r"(?<![\w@./-])@([a-z0-9][a-z0-9._-]*)", re.IGNORECASE)
_TO_ALL: Final = frozenset({"all", "channel", "here"})


class _Reaction(Struct):
    user: str
    emoji_name: str
    create_at: int


class _Attachment(Struct):
    path: str = ""


class _Post(Struct):
    user: str
    create_at: int
    message: str = ""
    team: str = ""
    channel: str = ""
    channel_members: list[str] | None = None
    type: str | None = None
    edit_at: int | None = None
    is_pinned: bool | None = None
    reactions: list[_Reaction] | None = None
    replies: list["_Post"] | None = None
    attachments: list[_Attachment] | None = None


class _Team(Struct):
    name: str


class _Channel(Struct):
    team: str
    name: str
    display_name: str = ""
    type: str = "O"
    header: str | None = None
    purpose: str | None = None
    deleted_at: int | None = None


class _UserChannel(Struct):
    name: str
    roles: str | None = None


class _UserTeam(Struct):
    name: str
    channels: list[_UserChannel] | None = None


class _User(Struct):
    username: str
    email: str | None = None
    nickname: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    teams: list[_UserTeam] | None = None


class _Bot(Struct):
    username: str
    display_name: str | None = None


class _Participant(Struct):
    username: str


class _Direct(Struct):
    members: list[str] | None = None
    participants: list[_Participant] | None = None
    header: str | None = None


class _Line(Struct):
    type: str
    version: int | None = None
    team: _Team | None = None
    channel: _Channel | None = None
    user: _User | None = None
    bot: _Bot | None = None
    post: _Post | None = None
    direct_channel: _Direct | None = None
    direct_post: _Post | None = None


class _Members(Struct):
    members: list[str] = field(default_factory=list)
    owners: list[str] = field(default_factory=list)


def recognised(archive: Archive) -> Source | None:
    """Return the export in an archive; None if it is none of Mattermost's. Raises InvalidExport."""
    names = [each for each in archive.names() if each.endswith(".jsonl") and "/" not in each]
    for name in names:
        first = next(iter(lines(archive, name)), (0, b""))[1]
        if b'"version"' in first and b'"type"' in first:
            teams = [
                line.team.name
                for _, line in _objects(archive, name, until="user")
                if line.type == "team" and line.team
            ]
            known = hashlib.sha256("/".join(sorted(teams)).encode()).hexdigest()[:16]
            return Source(f"mattermost:{known}", _Reader(archive, name).items)
    return None


def _objects(archive: Archive, name: str, until: str = "") -> Iterator[tuple[int, _Line]]:
    for number, data in lines(archive, name):
        line: _Line = decoded(data, _Line, f"{name}, line {number}")
        if line.type == until:
            return
        if line.type == "version" and line.version != 1:
            raise InvalidExport(f"{name} has version {line.version}; version 1 can be read.")
        yield number, line


class _Reader:
    def __init__(self, archive: Archive, name: str) -> None:
        self._archive = archive
        self._name = name
        self._names: dict[str, str] = {}
        self._channels: dict[str, _Channel] = {}
        self._members: dict[str, _Members] = {}
        self._direct: set[str] = set()
        self._are_rooms_told = False

    def items(self) -> Iterator[Item]:
        for number, line in _objects(self._archive, self._name):
            where = f"{self._name}, line {number}"
            if line.channel and line.type == "channel":
                self._channels[f"{line.channel.team}/{line.channel.name}"] = line.channel
            elif line.user and line.type == "user":
                yield self._user(line.user)
            elif line.bot and line.type == "bot":
                self._names[line.bot.username] = line.bot.display_name or line.bot.username
                yield Person(key=line.bot.username, name=self._names[line.bot.username])
            elif line.post and line.type == "post":
                yield from self._rooms()
                yield from self._post(f"{line.post.team}/{line.post.channel}", line.post, where)
            elif line.direct_channel and line.type == "direct_channel":
                direct = line.direct_channel
                members = direct.members or [each.username for each in direct.participants or ()]
                yield from self._direct_room(members)
            elif line.direct_post and line.type == "direct_post":
                members = line.direct_post.channel_members or []
                yield from self._direct_room(members)
                yield from self._post(_direct_key(members), line.direct_post, where)
            elif line.type == "emoji":
                yield Skipped("emoji of one's own (their names stay)")
        yield from self._rooms()

    def _user(self, user: _User) -> Person:
        name = " ".join(filter(None, [user.first_name, user.last_name]))
        self._names[user.username] = name or user.nickname or user.username
        for team in user.teams or ():
            for channel in team.channels or ():
                into = self._members.setdefault(f"{team.name}/{channel.name}", _Members())
                into.members.append(user.username)
                if "channel_admin" in (channel.roles or ""):
                    into.owners.append(user.username)
        return Person(key=user.username, name=self._names[user.username], email=user.email)

    def _rooms(self) -> Iterator[Room]:
        """Channels, once all members are known."""
        if self._are_rooms_told:
            return
        self._are_rooms_told = True
        for key, channel in self._channels.items():
            who = self._members.get(key, _Members())
            about = [channel.purpose, channel.header]
            yield Room(
                key=key,
                kind=RoomKind.CHANNEL,
                name=channel.display_name or channel.name,
                description="\n".join(dict.fromkeys(filter(None, about))),
                is_public=channel.type == "O",
                is_archived=bool(channel.deleted_at),
                members=tuple(who.members),
                owners=tuple(who.owners),
            )

    def _direct_room(self, members: Sequence[str]) -> Iterator[Room]:
        key = _direct_key(members)
        if key not in self._direct:
            self._direct.add(key)
            yield Room(key=key, kind=RoomKind.DIRECT, members=tuple(sorted(set(members))))

    def _post(
        self, room: str, post: _Post, where: str, thread: str | None = None
    ) -> Iterator[Item]:
        if (post.type or "").startswith("system_"):
            yield Skipped("notices of the system, such as that somebody joined")
            return
        at = moment(post.create_at, where)
        said = hashlib.sha256(post.message.encode("utf-8", "replace")).hexdigest()[:16]
        # What Mattermost itself tells posts apart by.
        key = f"{post.user}:{post.create_at}:{said}"
        text, mentions, to_all = self._said(post.message)
        facts: dict[str, Any] = {
            "room": room,
            "sender": post.user,
            "text": text,
            "mentions": mentions,
            "to_all": to_all,
        }
        files, lost = self._files(post.attachments or ())
        if lost:
            yield Skipped("files that the export does not hold", lost)
        yield Entry(**facts, key=key, kind=Kind.MESSAGE, at=at, thread=thread, files=files)
        if post.edit_at:
            edited = moment(post.edit_at, where)
            edit_key = f"edit:{key}:{post.edit_at}"
            yield Entry(**facts, key=edit_key, kind=Kind.EDIT, at=edited, target=key)
        if post.is_pinned:
            yield Entry(
                room=room, key=f"pin:{key}", kind=Kind.PIN, at=at, sender=post.user, target=key
            )
        for each in post.reactions or ():
            yield Entry(
                room=room,
                key=f"reaction:{key}:{each.user}:{each.emoji_name}",
                kind=Kind.REACTION,
                at=moment(each.create_at, where),
                sender=each.user,
                target=key,
                emoji=character(each.emoji_name) or f":{each.emoji_name}:",
            )
        for reply in post.replies or ():
            yield from self._post(room, reply, where, thread=key)

    def _said(self, text: str) -> tuple[str, tuple[str, ...], bool]:
        mentions: dict[str, None] = {}
        to_all = False

        def mention(match: re.Match[str]) -> str:
            nonlocal to_all
            name = match[1].lower()
            trimmed = name.rstrip("._-")
            if trimmed in _TO_ALL:
                to_all = True
            for each in (name, trimmed):
                if each in self._names:
                    mentions[each] = None
                    return f"@{self._names[each]}{match[1][len(each) :]}"
            return match[0]

        found = outside_code(text, lambda part: with_characters(_MENTION.sub(mention, part)))
        return found, tuple(mentions), to_all

    def _files(self, attachments: Sequence[_Attachment]) -> tuple[tuple[Attached, ...], int]:
        kept = []
        for each in attachments:
            for path in (each.path, f"data/{each.path}"):
                if self._archive.size(path) is not None:
                    kept.append(Attached(name=path.rpartition("/")[2], path=path))
                    break
        return tuple(kept), len(attachments) - len(kept)


def moment(milliseconds: int, where: str) -> datetime:
    """Return the time so many milliseconds after 1970. Raises InvalidExport."""
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise InvalidExport(f"{where}: {milliseconds} is no time in milliseconds.") from error


def _direct_key(members: Sequence[str]) -> str:
    return "direct:" + ",".join(sorted(set(members)))
