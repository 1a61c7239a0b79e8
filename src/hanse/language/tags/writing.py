"""Puts a text with tags together. No I/O."""

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from hanse.language.segment import Span
from hanse.language.tags.shapes import Element, Run, TaggedText, TagOptions

_TAG_NAME: Final = re.compile(r"</?\s*([\w:.-]+)")
_ID: Final = re.compile(r"""\s(?:xml:)?id\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>]+)""", re.IGNORECASE)
_ONE_LINE: Final = re.compile(
    r"<(?:title|option|text:index-title-template|svg:title|svg:desc)\b[^<>]*>\s*\Z", re.IGNORECASE
)
"""What takes a text without mark-up."""
_ONLY_ONCE: Final = frozenset(
    ["img", "input", "svg", "math", "object", "script", "style", "template", "textarea", "embed",
     "audio", "video", "area", "map", "link", "meta", "text:note", "text:sequence",
     "text:tracked-changes", "office:annotation", "office:annotation-end", "office:forms",
     "math:math", "draw:object"]
)  # fmt: skip
_ONLY_ONCE_BEGIN: Final = ("draw:", "text:bookmark-", "text:change", "text:reference-mark",
                           "text:toc-mark", "text:alphabetical-index-mark")  # fmt: skip


def write(
    tagged: TaggedText, translations: Sequence[tuple[str, Sequence[Span]]], options: TagOptions
) -> str:
    """Put a text together; `translations` has each run's text and where its marks are in it."""
    encoded = partial(_encoded, options=options)
    answers = iter(translations)
    return "".join(
        part if isinstance(part, str) else write_run(part, *next(answers), encoded)
        for part in tagged.parts
    )


def write_bilingual(
    tagged: TaggedText,
    translations: Sequence[tuple[str, Sequence[Span]]],
    options: TagOptions,
    line_break: str,
) -> str:
    """Put a text together, each of its runs followed by `line_break` and its translation.

    What may be there only once - pictures, notes, ids - stays with the original. A translation that
    says the same as the original is left out.
    """
    encoded = partial(_encoded, options=options)
    answers = iter(translations)
    parts: list[str] = []
    for part in tagged.parts:
        if isinstance(part, str):
            parts.append(part)
            continue
        text, marks = next(answers)
        source = part.marked
        parts.append(write_run(part, source.text, source.marks, encoded))
        if text.strip() == source.text.strip():
            continue
        last = parts.pop()
        between = " / " if parts and _ONE_LINE.search(parts[-1]) else line_break
        translated = write_run(_again(part), text, marks, encoded)
        parts += [last.rstrip(), between, translated.strip(), last[len(last.rstrip()) :]]
    return "".join(parts)


def _again(run: Run) -> Run:
    """Return a run as it may stand in the same file a second time."""
    elements = [
        Element(_ID.sub("", each.opening), each.closing) if each.closing else Element("", "")
        for each in run.elements
    ]
    stand_ins = [(sign, _once_more(raw)) for sign, raw in run.stand_ins]
    return Run(run.marked, tuple(elements), tuple(stand_ins))


def _once_more(raw: str) -> str:
    name = _TAG_NAME.match(raw)
    tag = name[1].lower() if name else ""
    if tag in _ONLY_ONCE or tag == "text:bookmark" or tag.startswith(_ONLY_ONCE_BEGIN):
        return ""
    return _ID.sub("", raw)


def write_run(run: Run, text: str, marks: Sequence[Span], encoded: Callable[[str], str]) -> str:
    """Put a run together from its text and where its marks are; `encoded` writes a character."""
    originals = dict(run.stand_ins)

    def written(start: int, end: int) -> str:
        return "".join(
            originals[character] if character in originals else encoded(character)
            for character in text[start:end]
        )

    children: dict[int, list[int]] = {}
    stack: list[int] = []
    sources = run.marked.marks
    for number in sorted(range(len(sources)), key=lambda n: (sources[n][0], -sources[n][1], n)):
        while stack and not _contains(sources[stack[-1]], sources[number]):
            stack.pop()
        children.setdefault(stack[-1] if stack else -1, []).append(number)
        if run.elements[number].closing:
            stack.append(number)

    def inside(parent: int, start: int, end: int) -> str:
        parts = []
        for child in sorted(children.get(parent, ()), key=lambda n: (marks[n], n)):
            first = min(max(marks[child][0], start), end)
            last = min(max(marks[child][1], first), end)
            element = run.elements[child]
            parts += [written(start, first), element.opening]
            parts += [inside(child, first, last), element.closing]
            start = last
        return "".join([*parts, written(start, end)])

    return inside(-1, 0, len(text))


def _contains(outer: Span, inner: Span) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def _encoded(character: str, options: TagOptions) -> str:
    if character == "\u00a0" and options.kind == "html":
        return "&nbsp;"
    return {"&": "&amp;", "<": "&lt;", ">": "&gt;"}.get(character, character)
