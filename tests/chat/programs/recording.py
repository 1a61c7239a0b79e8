"""Recorded rooms, made by hand."""

import json
from datetime import datetime, timedelta
from typing import Any

ROOM = "0199b1f0-0000-7000-8000-00000000000a"
ADA, BEA, CEM = (f"0199b1f0-0000-7000-8000-00000000001{each}" for each in range(3))
BEGIN = datetime.fromisoformat("2026-03-02T08:00:00+00:00")


class Recording:
    """Lines of a room's log, a minute apart unless said otherwise."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.at = BEGIN

    def add(self, kind: str, sender: str = ADA, *, minutes: int = 1, **body: Any) -> "Recording":
        self.at += timedelta(minutes=minutes)
        event = {
            "room_id": ROOM,
            "number": len(self.lines) + 1,
            "messages": len(self.lines) + 1,
            "sender_id": sender,
            "device": "d",
            "client_key": str(len(self.lines)),
            "kind": kind,
            "created_at": self.at.isoformat(),
            "body": body,
        }
        self.lines.append(json.dumps(event))
        return self

    def say(self, text: str, sender: str = ADA, **body: Any) -> "Recording":
        return self.add("message", sender, text=text, **body)
