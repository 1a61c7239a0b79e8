"""Entries of a room's log as events of Matrix, each reader's in their language. Pure."""

from typing import Any
from uuid import UUID

from msgspec import Struct

from hanse.chat.files.model import File
from hanse.chat.log.model import Event, Kind
from hanse.chat.matrix.ids import Server, event_id, translation_id
from hanse.chat.translations.model import Translated

ORIGINAL = "hanse.original"
EMOTE = "/me "
REDACTING = "redact:"
"""Before the transaction id of a redaction, which may be a message's too."""

Json = dict[str, Any]
_Said = tuple[str, str | None, Json]
"""Type, state key if it is state, and content."""


class Reader(Struct, frozen=True, kw_only=True):
    """Whom events are for, and what is known besides them.

    `translations` are by message and revision; `taken_back` has for the number of an event that
    takes a reaction back the number of that reaction. `both` shows the original below.
    """

    server: Server
    device: str
    names: dict[UUID, str] = {}
    translations: dict[tuple[int, int], Translated] = {}
    taken_back: dict[int, int] = {}
    both: bool = False


def matrix_events(event: Event, reader: Reader) -> list[Json]:
    """Return what an entry of the log is to a client of Matrix; nothing for some kinds."""
    said: list[_Said]
    match event.kind:
        case Kind.MESSAGE:
            said = _message(event, reader)
        case Kind.EDIT:
            said = [("m.room.message", None, _edit(event, reader))]
        case Kind.REACTION if event.body.on:
            said = [("m.reaction", None, _reaction(event))]
        case Kind.REACTION | Kind.DELETE:
            said = _redaction(event, reader)
        case Kind.MEMBERS:
            said = [
                ("m.room.member", reader.server.user(each), _membership(event, each, reader))
                for each in event.body.members
            ]
        case Kind.ROOM:
            said = _facts(event)
        case _:
            said = []
    return [_framed(event, reader, part, *each) for part, each in enumerate(said)]


def late_translation(translated: Translated, sender_id: UUID, at_ms: int, reader: Reader) -> Json:
    """Return the edit by which a translation arrives that came after its message."""
    content = {
        "msgtype": "m.text",
        "body": f"* {translated.text}",
        "m.new_content": {"msgtype": "m.text", **_in_language(translated, "", reader)},
        "m.relates_to": {
            "rel_type": "m.replace",
            "event_id": event_id(translated.room_id, translated.number),
        },
    }
    return {
        "type": "m.room.message",
        "event_id": translation_id(
            translated.room_id, translated.number, translated.revision, translated.language
        ),
        "room_id": reader.server.room(translated.room_id),
        "sender": reader.server.user(sender_id),
        "origin_server_ts": at_ms,
        "content": content,
        "unsigned": {},
    }


def _framed(
    event: Event, reader: Reader, part: int, type: str, state_key: str | None, content: Json
) -> Json:
    unsigned: Json = {}
    if event.device == reader.device:
        unsigned["transaction_id"] = event.client_key.removeprefix(REDACTING)
    if event.is_redacted:
        unsigned["redacted_because"] = {"type": "m.room.redaction", "content": {}}
    framed: Json = {
        "type": type,
        "event_id": event_id(event.room_id, event.number, part),
        "room_id": reader.server.room(event.room_id),
        "sender": reader.server.user(event.sender_id),
        "origin_server_ts": int(event.created_at.timestamp() * 1000),
        "content": content,
        "unsigned": unsigned,
    }
    if state_key is not None:
        framed["state_key"] = state_key
    if type == "m.room.redaction":
        framed["redacts"] = content["redacts"]
    return framed


def _message(event: Event, reader: Reader) -> list[_Said]:
    if event.is_redacted:
        return [("m.room.message", None, {})]
    said = []
    if event.body.text:
        said.append(_text(event, event.number, reader))
    said += [_file(event.room_id, each, reader) for each in event.body.files]
    if event.thread is not None:
        root = event_id(event.room_id, event.thread)
        relation = {
            "rel_type": "m.thread",
            "event_id": root,
            "is_falling_back": True,
            "m.in_reply_to": {"event_id": root},
        }
        said = [{**each, "m.relates_to": relation} for each in said]
    return [("m.room.message", None, each) for each in said]


def _text(event: Event, number: int, reader: Reader) -> Json:
    text = event.body.text
    is_emote = text.startswith(EMOTE)
    content: Json = {"msgtype": "m.emote" if is_emote else "m.text"}
    translated = reader.translations.get((number, event.number))
    if translated is None:
        content["body"] = text.removeprefix(EMOTE)
    else:
        content |= _in_language(translated, text, reader)
    mentions: Json = {}
    if event.body.mentions:
        mentions["user_ids"] = [reader.server.user(each) for each in event.body.mentions]
    if event.body.to_all:
        mentions["room"] = True
    return {**content, "m.mentions": mentions}


def _in_language(translated: Translated, original: str, reader: Reader) -> Json:
    told: Json = {"language": translated.source_language}
    if original:
        told["body"] = original
    body = translated.text.removeprefix(EMOTE)
    if reader.both and original:
        body = f"{body}\n\n{original}"
    return {"body": body, ORIGINAL: told, "hanse.language": translated.language}


def _edit(event: Event, reader: Reader) -> Json:
    if event.is_redacted or event.target is None:
        return {}
    new = _text(event, event.target, reader)
    return {
        **new,
        "body": f"* {new['body']}",
        "m.new_content": new,
        "m.relates_to": {
            "rel_type": "m.replace",
            "event_id": event_id(event.room_id, event.target),
        },
    }


def _file(room_id: UUID, file: File, reader: Reader) -> Json:
    info: Json = {"mimetype": file.media_type, "size": file.bytes}
    is_image = file.media_type.startswith("image/") and file.width is not None
    if is_image:
        info |= {"w": file.width, "h": file.height}
    return {
        "msgtype": "m.image" if is_image else "m.file",
        "body": file.name,
        "filename": file.name,
        "info": info,
        "url": reader.server.media(room_id, file.id),
    }


def _reaction(event: Event) -> Json:
    assert event.target is not None
    return {
        "m.relates_to": {
            "rel_type": "m.annotation",
            "event_id": event_id(event.room_id, event.target),
            "key": event.body.emoji or "",
        }
    }


def _redaction(event: Event, reader: Reader) -> list[_Said]:
    gone = event.target if event.kind is Kind.DELETE else reader.taken_back.get(event.number)
    if gone is None:
        return []
    return [("m.room.redaction", None, {"redacts": event_id(event.room_id, gone)})]


def _membership(event: Event, who: UUID, reader: Reader) -> Json:
    if event.body.role is None:
        return {"membership": "leave"}
    return {"membership": "join", "displayname": reader.names.get(who, "")}


def _facts(event: Event) -> list[_Said]:
    said: list[_Said] = []
    if event.body.name is not None:
        said.append(("m.room.name", "", {"name": event.body.name}))
    if event.body.description is not None:
        said.append(("m.room.topic", "", {"topic": event.body.description}))
    return said
