"""Markdown (CommonMark, with tables): paragraphs, headings, items and cells.

What markdown-it finds is looked up in the file, so that everything that is no text comes out as it
was: markers, code, addresses of links, front matter. Emphasis and links are marks; a paragraph that
was broken into lines is translated as a whole and comes back as one line.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Final, Literal

from markdown_it import MarkdownIt
from markdown_it.token import Token
from msgspec import Struct

from hanse.language.documents.formats import Block
from hanse.language.documents.formats.plain import decode
from hanse.language.projection import Marked
from hanse.language.segment import Span
from hanse.language.tags import Element, Run
from hanse.language.tags.writing import write_run

_FRONT_MATTER: Final = re.compile(r"\A---[ \t]*\r?\n(?:.*\r?\n)*?(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)")
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_NO_TEXT: Final = re.compile(r"\s*<(?:script|style|pre|textarea|!--|\?|!)", re.IGNORECASE)
_HTML_TEXT: Final = re.compile(r"<[^<>]*>|[^<>]+")
_SOFT: Final = re.compile(r"[ \t]*\n[ \t]*")
_HARD: Final = re.compile(r"(?:\\|[ \t]*)\n[ \t]*")
_PRIVATE: Final = range(0xE000, 0xF8FF)


class _Piece(Struct, frozen=True):
    """A text of the file, `start` to `end`, and what it is; `prefix` begins a line within it."""

    start: int
    end: int
    kind: Literal["text", "heading", "cell", "html"]
    prefix: str
    run: Run


class _Markdown:
    def read(self, data: bytes) -> list[Marked]:
        return [piece.run.marked for piece in _pieces(decode(data).text)]

    def write(self, data: bytes, blocks: Sequence[Block]) -> bytes:
        return self._put(data, blocks, lambda _source, piece, block: _written(piece.run, block))

    def write_bilingual(self, data: bytes, blocks: Sequence[Block]) -> bytes:
        return self._put(data, blocks, _both)

    def _put(
        self, data: bytes, blocks: Sequence[Block], put: Callable[[str, _Piece, Block], str]
    ) -> bytes:
        decoded = decode(data)
        text, parts, done = decoded.text, [], 0
        for piece, block in zip(_pieces(text), blocks, strict=True):
            parts += [text[done : piece.start], put(text[piece.start : piece.end], piece, block)]
            done = piece.end
        return decoded.encode("".join([*parts, text[done:]]))


def _written(run: Run, block: Block) -> str:
    # Emphasis around nothing would be asterisks.
    elements = [
        element if end > start or run.marked.marks[number][0] == run.marked.marks[number][1]
        else Element("", "")
        for number, (element, (start, end)) in enumerate(
            zip(run.elements, block.marks, strict=True)
        )
    ]  # fmt: skip
    whole = Run(run.marked, tuple(elements), run.stand_ins)
    return write_run(whole, block.text, block.marks, str)


def _both(source: str, piece: _Piece, block: Block) -> str:
    """Return a text with its translation, where Markdown has room for it."""
    if piece.kind == "html" or block.text.strip() == piece.run.marked.text.strip():
        return source
    pictures = {sign for sign, raw in piece.run.stand_ins if raw.startswith("![")}
    stand_ins = [(sign, "" if sign in pictures else raw) for sign, raw in piece.run.stand_ins]
    again = Run(piece.run.marked, piece.run.elements, tuple(stand_ins))
    between = {"heading": " / ", "cell": "<br>", "text": f"\\\n{piece.prefix}"}[piece.kind]
    return f"{source}{between}{_written(again, block).strip()}"


def _pieces(text: str) -> list[_Piece]:
    front = _FRONT_MATTER.match(text)
    begin = front.end() if front else 0
    lines = [(begin + line.start(), line.group()) for line in _LINE.finditer(text[begin:])]
    # What an escape stood for must stay escaped, so escapes are not joined with the text.
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"]).disable("text_join")
    tokens = parser.parse("".join(line for _, line in lines))
    private = [chr(code) for code in _PRIVATE if chr(code) not in text]
    pieces: list[_Piece] = []
    done = begin
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.map is None:
            continue
        if token.type == "html_block":
            found = _html(token, lines)
        elif token.type == "inline" and token.content.strip():
            found = _inline(token, before.type if before else "", lines, done, iter(private))
        else:
            continue
        pieces += found
        done = pieces[-1].end if pieces else done
    return pieces


def _html(token: Token, lines: Sequence[tuple[int, str]]) -> list[_Piece]:
    if _NO_TEXT.match(token.content) or token.map is None:
        return []
    return [_plain(start, line, "html") for start, line in lines[slice(*token.map)]
            if any(not each.startswith("<") and each.strip() for each in _HTML_TEXT.findall(line))
            ]  # fmt: skip


def _inline(
    token: Token, before: str, lines: Sequence[tuple[int, str]], done: int, private: Iterator[str]
) -> list[_Piece]:
    assert token.map is not None, "inline tokens have lines"
    kind: Literal["text", "heading", "cell"] = (
        "heading"
        if before == "heading_open"
        else "cell"
        if before in ("th_open", "td_open")
        else "text"
    )
    own = lines[slice(*token.map)]
    spans = _located(token.content.split("\n"), own, done)
    if spans is None and kind == "cell":
        # Within a table, a bar is written with a backslash.
        written = token.content.replace("|", "\\|")
        spans = _located([written], own, done)
        return [_plain(spans[0][0], written, "cell")] if spans else []
    if spans is None:
        return [_plain(start, line, "html") for start, line in own if line.strip()]
    starts = [start for start, _ in own]
    prefix = re.sub(r"[^>\s]", " ", own[0][1][: spans[0][0] - starts[0]])
    gaps = [
        "".join(line for _, line in own)[one[1] - starts[0] : two[0] - starts[0]]
        for one, two in pairwise(spans)
    ]
    run = _run(token, gaps, private)
    if run is None:
        marked = Marked(" ".join(token.content.split()))
        run = Run(marked, (), ())
    return [_Piece(spans[0][0], spans[-1][1], kind, prefix, run)]


def _plain(start: int, line: str, kind: Literal["cell", "html"]) -> _Piece:
    inner = line.strip()
    first = start + line.index(inner)
    return _Piece(first, first + len(inner), kind, "", Run(Marked(inner), (), ()))


def _located(
    contents: Sequence[str], lines: Sequence[tuple[int, str]], done: int
) -> list[Span] | None:
    """Return where the lines of a paragraph stand in the file; None if they stand otherwise."""
    spans: list[Span] = []
    for content, (start, line) in zip(contents, lines, strict=False):
        inner = content.strip()
        place = line.find(inner, max(done - start, 0))
        if place < 0 or (not inner and len(contents) > 1):
            return None
        done = start + place + len(inner)
        spans.append((start + place, done))
    return spans if len(spans) == len(contents) else None


def _run(token: Token, gaps: Sequence[str], private: Iterator[str]) -> Run | None:
    """Return the text of an inline token with its marks; None if the source reads otherwise.

    `gaps` are what stands in the file between its lines.
    """
    raw = "\n".join(line.strip() for line in token.content.split("\n"))
    walk = _Walk(raw, list(gaps), private)
    children = list(token.children or ())
    while children:
        child = children.pop(0)
        if child.type == "link_open" and child.markup == "autolink":
            while children and children.pop(0).type != "link_close":
                pass
            if not walk.stand_in(re.match(r"<[^<>\n]*>", raw[walk.place :])):
                return None
        elif not walk.take(child):
            return None
    return walk.run() if walk.place == len(raw) else None


class _Walk:
    """Goes along the source of a paragraph, token by token."""

    def __init__(self, raw: str, gaps: list[str], private: Iterator[str]) -> None:
        self.place = 0
        self._raw = raw
        self._gaps = gaps
        self._private = private
        self._text = ""
        self._marks: list[Span] = []
        self._elements: list[Element] = []
        self._stand_ins: list[tuple[str, str]] = []
        self._open: list[int] = []

    def run(self) -> Run | None:
        """Return what was found; None if something was never closed."""
        if self._open:
            return None
        signs = {sign for sign, _ in self._stand_ins}
        copied = tuple((n, n + 1) for n, sign in enumerate(self._text) if sign in signs)
        marked = Marked(self._text, tuple(self._marks), copied)
        return Run(marked, tuple(self._elements), tuple(self._stand_ins))

    def take(self, child: Token) -> bool:
        """Go past a token; false if it does not stand here."""
        rest = self._raw[self.place :]
        match child.type:
            case "text":
                return self._literal(child.content, child.content)
            case "text_special":
                if child.content.isalpha():
                    return self._literal(child.markup, child.content)
                return self.stand_in(re.match(re.escape(child.markup), rest))
            case "html_inline":
                return self.stand_in(re.match(re.escape(child.content), rest))
            case "code_inline":
                ticks = re.escape(child.markup)
                return self.stand_in(re.match(rf"{ticks}.*?(?<!`){ticks}(?!`)", rest, re.DOTALL))
            case "image":
                start = re.match(re.escape(f"![{child.content}"), rest)
                return start is not None and self._end(start.end(), _target_end(rest, start.end()))
            case "softbreak" | "hardbreak":
                return self._break(rest, child.type == "hardbreak")
            case "link_close":
                return self._close(rest[: _target_end(rest, 0)])
            case "link_open":
                return self._begin("[")
        if child.type.endswith("_open"):
            return self._begin(child.markup)
        return child.type.endswith("_close") and self._close(child.markup)

    def stand_in(self, match: re.Match[str] | None) -> bool:
        """Put one character in the place of what must be copied."""
        return match is not None and self._end(0, match.end())

    def _end(self, least: int, length: int) -> bool:
        sign = next(self._private, None)
        if sign is None or length <= least:
            return False
        raw = self._raw[self.place : self.place + length]
        for _ in range(raw.count("\n")):
            raw = raw.replace("\n", self._gaps.pop(0).replace("\n", "\0"), 1)
        self._stand_ins.append((sign, raw.replace("\0", "\n")))
        self._text += sign
        self.place += length
        return True

    def _literal(self, written: str, text: str) -> bool:
        if not self._raw.startswith(written, self.place):
            return False
        self.place += len(written)
        self._text += text
        return True

    def _break(self, rest: str, is_hard: bool) -> bool:
        match = (_HARD if is_hard else _SOFT).match(rest)
        if match is None or not is_hard:
            if match is None:
                return False
            self._gaps.pop(0)
            self.place += match.end()
            self._text += " "
            return True
        return self.stand_in(match)

    def _begin(self, markup: str) -> bool:
        if not self._literal(markup, ""):
            return False
        self._open.append(len(self._marks))
        self._marks.append((len(self._text), len(self._text)))
        self._elements.append(Element(markup, ""))
        return True

    def _close(self, markup: str) -> bool:
        if not self._open or not markup or not self._literal(markup, ""):
            return False
        number = self._open.pop()
        self._marks[number] = (self._marks[number][0], len(self._text))
        self._elements[number] = Element(self._elements[number].opening, markup)
        return True


def _target_end(rest: str, start: int) -> int:
    """Return where a link or picture ends whose text ends at `start`; `start` if it does not."""
    if not rest.startswith("]", start):
        return start
    after = rest[start + 1 : start + 2]
    if after == "[":
        end = rest.find("]", start + 2)
        return end + 1 if end >= 0 else start
    if after != "(":
        return start + 1
    depth, quote, place = 0, "", start + 1
    while place < len(rest):
        sign = rest[place]
        if sign == "\\":
            place += 1
        elif quote:
            quote = "" if sign == quote else quote
        elif sign == "<":
            quote = ">"
        elif sign in "\"'" and rest[place - 1].isspace():
            quote = sign
        elif sign == "(":
            depth += 1
        elif sign == ")":
            depth -= 1
            if depth == 0:
                return place + 1
        place += 1
    return start


markdown: Final = _Markdown()
