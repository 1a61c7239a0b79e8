"""Rules of a room: what holds of a message before it is appended. Pure."""

import codecs
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from hanse.chat.log.rules import TEXT_CHARACTERS_MAX

WORDS_MAX: Final = 500
HOSTS_MAX: Final = 100
SLOW_S_MAX: Final = 86_400

Word = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"\A[^\x00-\x1f]+\Z")]
Host = Annotated[str, Meta(min_length=1, max_length=253, pattern=r"\A[^\x00-\x1f]+\Z")]
Rule = Literal["words", "links", "slow_s", "who", "max_characters"]


class Rules(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What holds of messages and edits in a room; all of it left out, nothing does.

    `words` are words or phrases that nobody writes, whole ones unless `*` stands before or behind;
    case and width make no difference. All else is for whoever is below a moderator: `links` are the
    hosts, with those below them, to which links may lead (null: any, empty: none), `slow_s` the
    seconds between two messages of one person, `max_characters` the length of a message, and `who`
    says who writes at all. Whoever is refused reads the `reason`, too.
    """

    words: Annotated[tuple[Word, ...], Meta(max_length=WORDS_MAX)] = ()
    links: Annotated[tuple[Host, ...], Meta(max_length=HOSTS_MAX)] | None = None
    slow_s: Annotated[int, Meta(ge=0, le=SLOW_S_MAX)] = 0
    who: Literal["everybody", "moderators"] = "everybody"
    max_characters: Annotated[int, Meta(ge=1, le=TEXT_CHARACTERS_MAX)] | None = None
    reason: Annotated[str, Meta(max_length=200, pattern=r"\A[^\x00-\x1f]*\Z")] = ""


class ProgramRules(Struct, frozen=True, kw_only=True):
    """Rules that a program of the room put in force."""

    program_id: UUID
    name: str
    rules: Rules


class Refusals(Struct, frozen=True, kw_only=True):
    """How often a rule refused something, the last time at `refused_at`.

    `program_id` says whose rule it was, null for people's. What was refused is kept nowhere.
    """

    rule: Rule
    program_id: UUID | None
    refused: int
    refused_at: datetime


class RoomRules(Struct, frozen=True, kw_only=True):
    """What is in force in a room: `rules` of its moderators, and those of its programs."""

    rules: Rules
    of_programs: Sequence[ProgramRules]
    refusals: Sequence[Refusals]


HOST_CHARACTERS_MAX: Final = 253
"""Longer ones are none (RFC 1035), and to find that out by IDNA would take seconds."""
# Both are loaded here: a runner of programs, which is shut in, could not load them later.
_IDNA: Final = codecs.lookup("idna")
codecs.lookup("punycode")
_HOST: Final = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")


def ascii_host(host: str) -> str | None:
    """Return a host as it is compared, in ASCII (IDNA) and small letters; None if it is none."""
    if len(host) > HOST_CHARACTERS_MAX:
        return None
    try:
        found = _IDNA.encode(host.strip().rstrip("."))[0].decode().lower()
    except UnicodeError:
        return None
    return found if _HOST.fullmatch(found) else None


def wrong_rules(rules: Rules) -> str | None:
    """Return what is wrong with rules that their types do not say; None if nothing is."""
    if empty := [each for each in rules.words if not each.strip("* ")]:
        return f"the word {empty[0]!r} has no letter."
    if wrong := [each for each in rules.links or () if ascii_host(each) is None]:
        return f"{wrong[0]!r} is no host such as example.org."
    return None


def cleaned(rules: Rules) -> Rules:
    """Return rules with each word and host once, as they are shown."""
    words = tuple(dict.fromkeys(" ".join(each.split()) for each in rules.words))
    hosts = None
    if rules.links is not None:
        hosts = tuple(dict.fromkeys(each.strip().lower().rstrip(".") for each in rules.links))
    reason = rules.reason.strip()
    return msgspec.structs.replace(rules, words=words, links=hosts, reason=reason)
