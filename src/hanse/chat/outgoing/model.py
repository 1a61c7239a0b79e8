"""What is sent of a room, to whom, and when. Pure."""

import re
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct

from hanse.chat.log.model import Event

MESSAGE_TYPE: Final = "chat.room_message"
"""The type of what is sent, for whoever gets it."""
COMMAND_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_PUNCTUATION: Final = ".,:;!?"


class Sends(StrEnum):
    """Which messages of a room are sent."""

    ALL = "all"
    WORD = "word"
    """Those that begin with a word."""
    MENTION = "mention"
    """Those that mention the bot."""
    COMMAND = "command"
    """Those that are a command: `/name` and what follows."""


class Rule(Struct, frozen=True):
    """Which messages a webhook wants; `word` is in small letters."""

    bot_id: UUID
    webhook_id: UUID
    sends: Sends
    word: str | None
    created_at: datetime


class OutgoingWebhook(Struct, frozen=True, kw_only=True):
    """An address to which messages of a room are sent; answers are posted by its bot.

    `word` is what messages begin with, or the command's name; `hint` says what follows a command.
    It is `active` until its owners or `disabled_reason` turn it off.
    """

    bot_id: UUID
    name: str
    url: str
    sends: Sends
    word: str | None
    hint: str
    description: str
    active: bool
    disabled_reason: str | None
    created_by: UUID
    created_at: datetime


class Command(Struct, frozen=True):
    """A command of a room: `/name` and what `hint` says."""

    name: str
    hint: str
    description: str


class SentRoom(Struct, frozen=True):
    """The room that a message stands in."""

    id: UUID
    name: str


class SentMessage(Struct, frozen=True, kw_only=True):
    """A message as it is sent. `arguments` are what follows the word or command."""

    number: int
    text: str
    arguments: str
    topic: str | None
    thread: int | None
    sender_id: UUID
    sender: str
    created_at: datetime


class Sent(Struct, frozen=True, kw_only=True):
    """What a receiver gets as `data`."""

    bot_id: UUID
    sends: Sends
    word: str | None
    room: SentRoom
    message: SentMessage


def arguments_of(rule: Rule, event: Event) -> str | None:
    """Return what a message says to a webhook that wants it: the text behind the word, if any.

    None if it does not want the message.
    """
    if event.created_at < rule.created_at:
        return None
    text = event.body.text.strip()
    if rule.sends is Sends.ALL or (
        rule.sends is Sends.MENTION and rule.bot_id in event.body.mentions
    ):
        return text
    if rule.word is None or not text:
        return None
    first, *rest = text.split(maxsplit=1)
    if rule.sends is Sends.COMMAND:
        wanted = first.lower() == f"/{rule.word}"
    else:
        wanted = first.lower().rstrip(_PUNCTUATION) == rule.word.rstrip(_PUNCTUATION)
    return "".join(rest) if wanted else None
