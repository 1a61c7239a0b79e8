"""What Matrix's clients send, made into what the log takes. Pure."""

from typing import Any

import msgspec

from hanse.chat.drafts import NewEvent
from hanse.chat.matrix.events import EMOTE, Json
from hanse.chat.matrix.ids import Server, number_of
from hanse.platform.problems import BadRequest, Forbidden

EVENT_BYTES_MAX = 64 * 1024
_TEXTS = ("m.text", "m.notice", "m.emote")
_FILES = ("m.file", "m.image", "m.audio", "m.video")


class UnsupportedEvent(BadRequest):
    """An event of this kind cannot be sent here."""

    code = "unsupported_event"
    title = "Unsupported event"


class EncryptionRefused(Forbidden):
    """Rooms are not encrypted end to end: the server translates what is said in them."""

    code = "encryption_refused"
    title = "No end-to-end encryption"


def new_event(
    server: Server, room: str, type: str, content: Json, device: str, transaction: str
) -> NewEvent:
    """Return what to append for an event of this type. Raises UnsupportedEvent, UnknownMatrixId,
    EncryptionRefused."""
    if type in ("m.room.encrypted", "m.room.encryption"):
        raise EncryptionRefused("Rooms of this server are not encrypted end to end.")
    relation = content.get("m.relates_to")
    relation = relation if isinstance(relation, dict) else {}
    room_id = server.room_of(room)

    def number(id: object) -> int:
        return number_of(id if isinstance(id, str) else "", room_id)

    said: Json
    if type == "m.reaction":
        said = {
            "kind": "reaction",
            "target": number(relation.get("event_id")),
            "emoji": relation.get("key"),
        }
    elif type != "m.room.message":
        raise UnsupportedEvent("Send m.room.message or m.reaction.")
    elif relation.get("rel_type") == "m.replace":
        new = content.get("m.new_content")
        said = {
            "kind": "edit",
            "target": number(relation.get("event_id")),
            **_said(server, new if isinstance(new, dict) else content),
        }
    else:
        said = {"kind": "message", **_said(server, content)}
        if relation.get("rel_type") == "m.thread":
            said["thread"] = number(relation.get("event_id"))
        elif isinstance(answered := relation.get("m.in_reply_to"), dict):
            said["thread"] = number(answered.get("event_id"))
    try:
        return msgspec.convert({"client_key": transaction, "device": device, **said}, NewEvent)
    except msgspec.ValidationError as error:
        raise UnsupportedEvent(str(error)) from error


def _said(server: Server, content: Json) -> dict[str, Any]:
    kind, body = content.get("msgtype"), content.get("body")
    if kind in _FILES:
        return _file(server, content)
    if kind not in _TEXTS or not isinstance(body, str):
        raise UnsupportedEvent(
            "A message needs a `body`, and a `msgtype` of m.text, m.notice, m.emote or a file's."
        )
    mentions = content.get("m.mentions")
    mentions = mentions if isinstance(mentions, dict) else {}
    users = mentions.get("user_ids")
    return {
        "text": EMOTE + body if kind == "m.emote" else body,
        "mentions": [
            str(server.user_of(each if isinstance(each, str) else ""))
            for each in (users if isinstance(users, list) else [])
        ],
        "to_all": mentions.get("room") is True,
    }


def _file(server: Server, content: Json) -> dict[str, Any]:
    url, body, name = content.get("url"), content.get("body"), content.get("filename")
    if not isinstance(url, str) or not isinstance(body, str):
        raise UnsupportedEvent("A file needs a `body` and the `url` that its upload returned.")
    # Where the name is said apart, the body is what is said about the file.
    is_caption = isinstance(name, str) and name != body
    return {"text": body if is_caption else "", "files": [str(server.media_of(url))]}
