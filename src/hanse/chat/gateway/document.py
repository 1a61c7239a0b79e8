"""The AsyncAPI document of the gateway, made from the frames themselves."""

from typing import Any, Final, get_args

import msgspec

from hanse.chat.gateway import frames
from hanse.chat.gateway.connection import (
    NO_HELLO,
    RESTART,
    REVOKED,
    TOO_SLOW,
    UNAUTHENTICATED,
    UNREADABLE,
)

PATH: Final = "/v1/chat/socket"
JSON: Final = "hanse.chat.v1+json"
MSGPACK: Final = "hanse.chat.v1+msgpack"

_REF: Final = "#/components/schemas/{name}"
_FROM_SERVER: Final = (
    frames.Welcome,
    frames.Subscribed,
    frames.Events,
    frames.Limited,
    frames.Sent,
    frames.Marker,
    frames.Joined,
    frames.Left,
    frames.Translation,
    frames.Previews,
    frames.IsTyping,
    frames.Presence,
    frames.Heads,
    frames.Pong,
    frames.Failed,
)
_DESCRIPTION: Final = f"""\
One socket for all rooms, at the `url` of `POST /v1/chat/tickets`. Frames are JSON in text frames
(sub-protocol `{JSON}`, also without any) or MessagePack in binary ones (`{MSGPACK}`).

Say who you are first: `Authorization: Bearer <key>` in the handshake, a session's cookie from a
page of this server, or `hello` with a ticket within ten seconds. Then `subscribe` with the last
number you have of each room. Numbers of a room are dense from 1: a client that gets number n after
n - 1 has missed nothing. After a lost connection, subscribe again with the last number; what is
missing comes first. Send with a `client_key` of your own and repeat it until you are told the
number: it is appended once.

Close codes: {UNAUTHENTICATED} not signed in, {NO_HELLO} no hello in time, {REVOKED} no longer
signed in, {UNREADABLE} a message too long, {TOO_SLOW} not read for fifteen seconds, {RESTART}
restart. After the last two, resume.
"""


def asyncapi_document(version: str) -> dict[str, Any]:
    """Return the AsyncAPI 3.0 document of this version."""
    to_server = get_args(frames.FromClient)
    kinds = (*to_server, *_FROM_SERVER)
    _, schemas = msgspec.json.schema_components(kinds, ref_template=_REF)
    messages = {
        kind.__name__: {
            "summary": (kind.__doc__ or "").split("\n")[0],
            "payload": {"$ref": _REF.format(name=kind.__name__)},
        }
        for kind in kinds
    }
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Hanse chat", "version": version, "description": _DESCRIPTION},
        "channels": {
            "socket": {
                "address": PATH,
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
            }
        },
        "operations": {
            "ask": _operation("receive", to_server),
            "tell": _operation("send", _FROM_SERVER),
        },
        "components": {"messages": messages, "schemas": schemas},
    }


def _operation(action: str, kinds: tuple[type, ...]) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": "#/channels/socket"},
        "messages": [{"$ref": f"#/channels/socket/messages/{kind.__name__}"} for kind in kinds],
    }
