"""Whether rules of a room let a draft through. Pure."""

import html
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import ahocorasick
from msgspec import Struct

from hanse.chat.log.model import Draft, Kind, RoomRole
from hanse.chat.log.rules import MODERATORS
from hanse.chat.moderation.model import Rule, Rules, ascii_host
from hanse.chat.search.words import is_unspaced
from hanse.platform.problems import Forbidden

_TEXTS: Final = frozenset({Kind.MESSAGE, Kind.EDIT, Kind.TOPIC})
_LINK: Final = re.compile(r"https?:[/\\]*([^\s<>/\\][^\s<>]*)|(www\.[^\s<>]+)", re.I)
_ANGLED: Final = re.compile(r"<\s*https?:[/\\]*([^<>]*)>", re.I)
"""In Markdown such a link has blanks, too."""
_DROPPED: Final = str.maketrans("", "", "\t\r\n")
"""Browsers leave these out of addresses (WHATWG URL)."""
_ENDS: Final = re.compile(r"[)\]\uff0c\u3001\uff01\uff1f\uff1b\uff1a]")
"""What may stand directly behind a link, and in no host."""
_ESCAPED: Final = re.compile(r"\\([!-/:-@\[-`{-~])")
# Default_Ignorable_Code_Point of Unicode.
_INVISIBLE: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_TRAILING: Final = ".,;:!?…。，、！？)]}*_~\"'`"


class RefusedByRules(Forbidden):
    """A rule of the room does not let this message through."""

    code = "refused_by_rules"
    title = "Refused by the room's rules"


class Ruled(Struct, frozen=True):
    """Rules in force, ready to be held against drafts; `program_id` is None for people's."""

    program_id: UUID | None
    rules: Rules
    words: Any
    """An automaton of the words, None without any."""
    hosts: frozenset[str]


class LastSent(Struct, frozen=True):
    """When a member of a room last sent a message there; `is_key` if it is no person."""

    at: datetime | None
    is_key: bool


class Ruling(Struct, frozen=True):
    """All rules that are in force, by room, and where they slow people down, who sent when."""

    rooms: Mapping[UUID, Sequence[Ruled]]
    last: Mapping[tuple[UUID, UUID], LastSent]


FREE: Final = Ruling(MappingProxyType({}), MappingProxyType({}))
"""What decides where no room has rules."""


class Broken(Struct, frozen=True):
    """A rule that a draft breaks, and whose it is."""

    room_id: UUID
    program_id: UUID | None
    rule: Rule
    problem: RefusedByRules


def ready(program_id: UUID | None, rules: Rules) -> Ruled:
    """Return rules so that they are quickly held against drafts."""
    hosts = frozenset(found for each in rules.links or () if (found := ascii_host(each)))
    return Ruled(program_id, rules, _automaton(rules.words), hosts)


def broken(
    draft: Draft,
    role: RoomRole,
    ruled: Sequence[Ruled],
    last: LastSent | None,
    at: datetime,
    files: Iterable[str] = (),
) -> Broken | None:
    """Return the first rule that a draft of this role breaks at this time; None if none does.

    `files` are the names of those that it brings.
    """
    if draft.kind is Kind.REACTION:
        texts: tuple[str, ...] = (draft.body.emoji or "",) if draft.body.on else ()
    elif draft.kind in _TEXTS:
        texts = (draft.body.text, draft.topic or "", draft.body.username or "", *files)
    else:
        return None
    is_free = role in MODERATORS or draft.kind is Kind.REACTION
    for each in ruled:
        found = None if is_free else _broken_by_member(draft, each, last, at, texts)
        if found := found or _broken_by_words(each, texts):
            rule, detail, facts = found
            if each.rules.reason:
                detail, facts = (
                    f"{detail} {each.rules.reason}",
                    facts | {"reason": each.rules.reason},
                )
            problem = RefusedByRules(detail, retry_after_s=facts.get("wait_s"), rule=rule, **facts)
            return Broken(draft.room_id, each.program_id, rule, problem)
    return None


_Found = tuple[Rule, str, dict[str, Any]]
"""A rule that is broken, what that means, and of what the sentence is made."""


def _broken_by_member(
    draft: Draft, ruled: Ruled, last: LastSent | None, at: datetime, texts: Sequence[str]
) -> _Found | None:
    rules, length = ruled.rules, len(draft.body.text)
    if rules.who == "moderators":
        return "who", "Owners and moderators alone write in this room at the moment.", {}
    if rules.max_characters is not None and length > rules.max_characters:
        many = f"{length:,} of {rules.max_characters:,} characters"
        facts: dict[str, Any] = {"characters": length, "max_characters": rules.max_characters}
        return "max_characters", f"This message is too long for this room: {many}.", facts
    if rules.links is not None and (host := _other_host(texts, ruled.hosts)) is not None:
        allowed = f" Links may lead to {', '.join(rules.links[:10])}." if rules.links else ""
        said = f"Leave out the link to {host}: this room does not allow it.{allowed}"
        return "links", said, {"host": host, "links": rules.links[:10]}
    if rules.slow_s and draft.kind is Kind.MESSAGE and last and not last.is_key and last.at:
        wait_s = math.ceil(rules.slow_s - (at - last.at).total_seconds())
        if wait_s > 0:
            said = f"Slow mode is on: write again in {_duration(wait_s)}."
            return "slow_s", said, {"wait_s": wait_s}
    return None


def _broken_by_words(ruled: Ruled, texts: Sequence[str]) -> _Found | None:
    if ruled.words is not None:
        for text in texts:
            if word := found_word(ruled.words, text):
                return "words", f"This room does not allow “{word}”.", {"word": word}
    return None


def _duration(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds} s"
    minutes = math.ceil(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{math.ceil(minutes / 60)} h"


def folded(text: str) -> str:
    """Return a text in which case, width, white space and what is invisible make no difference."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
        text = _INVISIBLE.sub("", text)
    return " ".join(text.casefold().split())


def _automaton(words: Sequence[str]) -> Any:
    forms: dict[str, list[tuple[bool, bool, str]]] = {}
    for word in words:
        inner = folded(word.strip("* "))
        ends = (not word.startswith("*"), not word.endswith("*"), word)
        if inner:
            forms.setdefault(inner, []).append(ends)
    if not forms:
        return None
    automaton = ahocorasick.Automaton()
    for form, ends_of in forms.items():
        automaton.add_word(form, (len(form), ends_of))
    automaton.make_automaton()
    return automaton


def found_word(automaton: Any, text: str) -> str | None:
    """Return the first word of an automaton that stands in a text; None if none does."""
    if not text:
        return None
    text = folded(text)
    for last, (length, ends_of) in automaton.iter(text):
        start, end = last + 1 - length, last + 1
        goes_before = start > 0 and _is_joined(text[start - 1], text[start])
        goes_on = end < len(text) and _is_joined(text[last], text[end])
        for is_whole_left, is_whole_right, word in ends_of:
            if not (is_whole_left and goes_before) and not (is_whole_right and goes_on):
                return str(word)
    return None


def _is_joined(one: str, other: str) -> bool:
    """Whether two characters beside each other belong to the same word."""
    if is_unspaced(one) or is_unspaced(other):
        return False
    return (one.isalnum() or _is_mark(one)) and (other.isalnum() or _is_mark(other))


def _is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] == "M"


def _other_host(texts: Iterable[str], hosts: frozenset[str]) -> str | None:
    for text in texts:
        for host in hosts_of(text):
            known = ascii_host(host)
            if known is None or not _is_among(known, hosts):
                return host
    return None


def _is_among(host: str, hosts: frozenset[str]) -> bool:
    parts = host.split(".")
    return any(".".join(parts[at:]) in hosts for at in range(len(parts)))


def hosts_of(text: str) -> list[str]:
    """Return the hosts to which links of a text lead, as browsers and Markdown read them."""
    readings = [text]
    if "\\" in text or "&" in text:
        readings.append(_ESCAPED.sub(r"\1", html.unescape(text)))
    found: dict[str, None] = {}
    for reading in readings:
        if ":" not in reading and "www." not in reading.lower():
            continue
        for match in _LINK.finditer(reading):
            found[_host_in(match[1] or match[2])] = None
        for match in _ANGLED.finditer(reading.translate(_DROPPED)):
            found[_host_in(match[1])] = None
    return list(found)


def _host_in(rest: str) -> str:
    """The host with which the rest of a link begins, behind its scheme."""
    authority = re.split(r"[/\\?#]", rest.rstrip(_TRAILING), maxsplit=1)[0]
    try:
        host = urlsplit(f"//{authority}").hostname or authority
    except ValueError:
        host = authority
    return host if ascii_host(host) else _ENDS.split(host, maxsplit=1)[0]
