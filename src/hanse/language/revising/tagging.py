"""Marks of a text written as small tags for a language model, and read back. No I/O.

Language models copy tags such as `<t1>` well, and know better than any rule which words of what
they write a mark belongs to. What comes back counts only if every tag is there once, and lies in
those that it lay in before.
"""

import re
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from hanse.language.segment import Span

_STAND_IN: Final = re.compile("[\ue000-\uf8ff]")
_NAMES: Final = ("t", "m", "q", "z")


class Tagged(Struct, frozen=True):
    """A text with tags, and what each stands for, by its number.

    `inside` says in which mark each mark lies, -1 for none.
    """

    text: str
    name: str
    stand_ins: Mapping[int, str]
    inside: Mapping[int, int]


def tag_name(*texts: str) -> str | None:
    """Return a name for tags that none of the texts has yet; None if they have all."""
    return next((name for name in _NAMES if not any(f"<{name}" in text for text in texts)), None)


def tagged(text: str, marks: Mapping[int, Span], name: str) -> Tagged:
    """Return `text` with tags for its marks, which are nested or apart, and for its stand-ins.

    Marks have the numbers that they are given with, stand-ins that of their code, which is higher.
    """
    inside: dict[int, int] = {}
    children: dict[int, list[int]] = {}
    stack: list[int] = []
    for number in sorted(marks, key=lambda n: (marks[n][0], -marks[n][1], n)):
        while stack and not _holds(marks[stack[-1]], marks[number]):
            stack.pop()
        inside[number] = stack[-1] if stack else -1
        children.setdefault(inside[number], []).append(number)
        stack.append(number)

    def written_within(parent: int, start: int, end: int) -> str:
        parts = []
        for number in children.get(parent, ()):
            first, last = marks[number]
            parts.append(text[start:first])
            if first == last:
                parts.append(f"<{name}{number}/>")
            else:
                within = written_within(number, first, last)
                parts.append(f"<{name}{number}>{within}</{name}{number}>")
            start = last
        return "".join([*parts, text[start:end]])

    written = written_within(-1, 0, len(text))
    stand_ins = {ord(character): character for character in _STAND_IN.findall(text)}
    written = _STAND_IN.sub(lambda match: f"<{name}{ord(match[0])}/>", written)
    return Tagged(written, name, stand_ins, inside)


def untagged(answer: str, asked: Tagged) -> tuple[str, Mapping[int, Span]] | None:
    """Return the text of an answer and where its marks are; None if tags are wrong."""
    text, done = "", 0
    begun: dict[int, int] = {}
    spans: dict[int, Span] = {}
    inside: dict[int, int] = {}
    open_marks: list[int] = []
    put: list[int] = []
    pattern = rf"<(/?){asked.name}(\d{{1,6}})(/?)>"
    for match in re.finditer(pattern, answer):
        text += answer[done : match.start()]
        done = match.end()
        number = int(match[2])
        if number in asked.stand_ins:
            put.append(number)
            text += asked.stand_ins[number]
        elif match[1]:
            if not open_marks or open_marks[-1] != number:
                return None
            spans[open_marks.pop()] = (begun[number], len(text))
        elif number in inside:
            return None
        else:
            inside[number] = open_marks[-1] if open_marks else -1
            begun[number] = len(text)
            if match[3]:
                spans[number] = (len(text), len(text))
            else:
                open_marks.append(number)
    text += answer[done:]
    is_whole = sorted(put) == sorted(asked.stand_ins) and inside == dict(asked.inside)
    if open_marks or not is_whole or _STAND_IN.search(answer):
        return None
    return text, spans


def _holds(outer: Span, inner: Span) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1] and outer[0] < outer[1]
