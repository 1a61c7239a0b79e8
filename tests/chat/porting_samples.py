"""Exports as Slack, Mattermost and Zulip write them, small ones."""

import io
import json
import tarfile
import zipfile
from pathlib import Path
from typing import Any

from PIL import Image

LATE = 1_700_000_000


def picture() -> bytes:
    """A small image."""
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, "PNG")
    return out.getvalue()


def slack(path: Path, ana: str, messages: int = 0) -> Path:
    """A workspace with a public, a private, an archived and two direct rooms.

    Ana has an account here; Zoe, Max and the bot have none. Further `messages` fill the first room.
    """
    users = [
        {"id": "U1", "team_id": "T1", "name": "ana", "profile": {"real_name": "Ana", "email": ana}},
        {"id": "U2", "team_id": "T1", "name": "zoe", "profile": {"real_name": "Zoe Zimmer"}},
        {"id": "U3", "team_id": "T1", "name": "max", "real_name": "Max", "profile": {}},
    ]
    general = {
        "id": "C1",
        "name": "general",
        "created": LATE - 1000,
        "creator": "U2",
        "is_archived": False,
        "members": ["U1", "U2"],
        "topic": {"value": "All of us"},
        "purpose": {"value": "What all need to know"},
        "pins": [{"id": f"{LATE}.000100", "type": "C", "created": LATE + 50, "user": "U2"}],
    }
    old = {"id": "C2", "name": "old", "created": LATE, "is_archived": True, "members": ["U1"]}
    secret = {"id": "G1", "name": "secret", "created": LATE, "creator": "U3", "members": ["U3"]}
    days: dict[str, list[Any]] = {
        "general/2023-11-14.json": [
            {"type": "message", "subtype": "channel_join", "ts": f"{LATE - 1}.0", "user": "U2"},
            {
                "type": "message",
                "ts": f"{LATE}.000100",
                "user": "U2",
                "text": "*Hello* <@U1> &amp; <!here>, see"
                " <https://hanse.example/a|the plan> :tada:",
                "thread_ts": f"{LATE}.000100",
                "reply_count": 1,
                "edited": {"user": "U2", "ts": f"{LATE + 20}.000000"},
                "reactions": [{"name": "+1", "users": ["U1", "U3"], "count": 2}],
            },
            {
                "type": "message",
                "ts": f"{LATE + 10}.000200",
                "user": "U1",
                "text": "Which `*plan*`?",
                "thread_ts": f"{LATE}.000100",
                "parent_user_id": "U2",
            },
        ],
        "general/2023-11-15.json": [
            {
                "type": "message",
                "subtype": "bot_message",
                "ts": f"{LATE + 90000}.000100",
                "bot_id": "B9",
                "username": "Weather",
                "text": "Sunny",
                "files": [
                    {"id": "F1", "name": "sun.png", "url_private": "https://files.example/sun"},
                    {"id": "F2", "name": "map.pdf", "url_private": "https://files.example/map"},
                ],
            },
            *(
                {
                    "type": "message",
                    "ts": f"{LATE + 100000 + each}.000000",
                    "user": "U1" if each % 3 else "U2",
                    "text": f"Message {each}",
                }
                for each in range(messages)
            ),
        ],
        "old/2023-11-14.json": [
            {"type": "message", "ts": f"{LATE + 5}.000000", "user": "U1", "text": "We moved"}
        ],
        "secret/2023-11-14.json": [
            {"type": "message", "ts": f"{LATE}.000000", "user": "U3", "text": "psst"}
        ],
        "D1/2023-11-14.json": [
            {"type": "message", "ts": f"{LATE}.000000", "user": "U2", "text": "Just us two"}
        ],
    }
    documents = {
        "users.json": users,
        "channels.json": [general, old],
        "groups.json": [secret],
        "dms.json": [{"id": "D1", "created": LATE, "members": ["U1", "U2"]}],
        "mpims.json": [],
        "integration_logs.json": [],
        **days,
    }
    with zipfile.ZipFile(path, "w") as file:
        for name, document in documents.items():
            file.writestr(name, json.dumps(document))
        file.writestr("__uploads/F1/sun.png", picture())
    return path


def mattermost(path: Path, ana: str) -> Path:
    """A bulk export with a channel, a thread, a direct room and a file."""
    at = LATE * 1000
    rows = [
        {"type": "version", "version": 1, "info": {"generator": "mattermost-server"}},
        {"type": "team", "team": {"name": "harbour", "display_name": "Harbour", "type": "O"}},
        {
            "type": "channel",
            "channel": {
                "team": "harbour",
                "name": "town-square",
                "display_name": "Town Square",
                "type": "O",
                "header": "",
                "purpose": "For everybody",
            },
        },
        {"type": "user", "user": _user("ana", ana, "Ana", "channel_user channel_admin")},
        {"type": "user", "user": _user("zoe", "zoe@elsewhere.example", "Zoe", "channel_user")},
        {
            "type": "post",
            "post": {
                "team": "harbour",
                "channel": "town-square",
                "user": "zoe",
                "type": None,
                "message": "**Ready**, @ana? :ship:",
                "props": {},
                "create_at": at + 5000,
                "edit_at": at + 9000,
                "is_pinned": True,
                "reactions": [
                    {"user": "ana", "emoji_name": "heart", "create_at": at + 7000},
                ],
                "replies": [
                    {
                        "user": "ana",
                        "message": "Yes",
                        "create_at": at + 6000,
                        "attachments": [{"path": "20231114/chart.png"}],
                    }
                ],
                "attachments": [],
            },
        },
        {
            "type": "post",
            "post": {
                "team": "harbour",
                "channel": "town-square",
                "user": "ana",
                "message": "First of all",
                "create_at": at,
            },
        },
        {"type": "direct_channel", "direct_channel": {"members": ["ana", "zoe"]}},
        {
            "type": "direct_post",
            "direct_post": {
                "channel_members": ["ana", "zoe"],
                "user": "ana",
                "message": "Between us",
                "create_at": at,
            },
        },
    ]
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("import.jsonl", "\n".join(json.dumps(each) for each in rows) + "\n")
        file.writestr("data/20231114/chart.png", picture())
    return path


def _user(name: str, email: str, first: str, roles: str) -> dict[str, Any]:
    channels = [{"name": "town-square", "roles": roles}]
    return {
        "username": name,
        "email": email,
        "first_name": first,
        "last_name": "",
        "roles": "system_user",
        "teams": [{"name": "harbour", "roles": "team_user", "channels": channels}],
    }


def zulip(path: Path, ana: str) -> Path:
    """An organisation with a stream, topics, an edit, a direct message and an upload."""
    realm = {
        "zerver_realm": [{"id": 2, "string_id": "kontor", "name": "Kontor", "uuid": "a-uuid"}],
        "zerver_userprofile": [
            {"id": 10, "email": "user10@zulip", "delivery_email": ana, "full_name": "Ana"},
            {
                "id": 11,
                "email": "user11@zulip",
                "delivery_email": "z@e.example",
                "full_name": "Zoe",
            },
        ],
        "zerver_stream": [
            {"id": 5, "name": "engineering", "description": "How it works", "invite_only": False}
        ],
        "zerver_recipient": [
            {"id": 100, "type": 2, "type_id": 5},
            {"id": 101, "type": 1, "type_id": 10},
        ],
        "zerver_subscription": [
            {"id": 1, "user_profile": 10, "recipient": 100, "active": True},
            {"id": 2, "user_profile": 11, "recipient": 100, "active": True},
        ],
        "zerver_reaction": [
            {
                "id": 1,
                "message": 1,
                "user_profile": 10,
                "emoji_name": "octopus",
                "emoji_code": "1f419",
                "reaction_type": "unicode_emoji",
            }
        ],
    }
    messages = [
        {
            "id": 1,
            "sender": 11,
            "recipient": 100,
            "date_sent": LATE + 0.25,
            "subject": "deploys",
            "content": "See [log.png](/user_uploads/2/ab/log.png), @**Ana|10** in"
            " #**engineering>x**",
            "edit_history": json.dumps(
                [{"user_id": 11, "timestamp": LATE + 60, "prev_content": "Sea the log"}]
            ),
            "last_edit_time": LATE + 60,
        },
        {
            "id": 2,
            "sender": 10,
            "recipient": 100,
            "date_sent": LATE + 10.5,
            "subject": "lunch",
            "content": "Soup :stew:",
        },
        {
            "id": 3,
            "sender": 11,
            "recipient": 101,
            "date_sent": LATE + 20,
            "subject": "",
            "content": "Only for you",
        },
    ]
    files = {
        "export/realm.json": json.dumps(realm).encode(),
        "export/messages-000001.json": json.dumps(
            {"zerver_message": messages, "zerver_usermessage": []}
        ).encode(),
        "export/uploads/2/ab/log.png": picture(),
    }
    with tarfile.open(path, "w:gz") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path
