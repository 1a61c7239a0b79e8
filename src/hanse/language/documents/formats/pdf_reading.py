"""Reads a PDF file as paragraphs, by where its words stand. No I/O."""

import io
import itertools
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import pdfplumber
import pikepdf
from msgspec import Struct

from hanse.language.documents.formats import InvalidFile
from hanse.language.documents.formats.pdf_drawing import Look, Piece, standard_font
from hanse.language.projection import Marked
from hanse.language.segment import Span

PAGES_MAX: Final = 200
_SIGN: Final = re.compile(r"\(cid:\d+\)|[\ue000-\uf8ff●○■□▪▫◦‣⁃∙]")
"""Signs of lists; symbol fonts have them in the private use area, or tell no letter at all."""
_ITEM: Final = re.compile(r"[•·–-]\s|\(?(?:\d{1,3}|[a-z])[.)]\s")
LETTERS: Final = re.compile(r"[^\W_]")
_SAME_LINE: Final = 0.5
"""Words whose middles are within this much of their size stand on one line."""
_GAP_MIN: Final = 0.12
"""Letters nearer than this, in sizes, have no space between them."""
_GAP_MAX: Final = 1.1
"""Words further apart than this, in sizes, belong to different columns or cells."""
_GAP_STRETCHED_MAX: Final = 2.2
_LEADING_MAX: Final = 1.7
_INDENT_MAX: Final = 2.5


class Line(Struct):
    """Words beside one another: where they stand, in points from the top left, and how."""

    pieces: list[Piece]
    """Its text, cut where the look changes."""
    x0: float
    x1: float
    top: float
    bottom: float
    base: float
    """Where its letters stand, in points from the bottom of the page's space."""
    size: float
    font: str
    fonts: frozenset[str]
    is_item: bool = False
    """It begins something of its own: a sign of a list stands before it, or in it."""

    @property
    def text(self) -> str:
        return "".join(text for text, _ in self.pieces)


class Paragraph(Struct):
    """Lines below one another, on a page."""

    page: int
    lines: list[Line]

    @property
    def pieces(self) -> list[Piece]:
        pieces = list(self.lines[0].pieces)
        for line in self.lines[1:]:
            text, look = pieces[-1]
            is_cut = text.endswith("-") and text[-2:-1].isalpha() and line.text[:1].islower()
            pieces[-1] = (text[:-1] if is_cut else f"{text} ", look)
            pieces += line.pieces
        return pieces

    @property
    def look(self) -> Look:
        """How most of its letters look."""
        looks: Counter[Look] = Counter()
        for text, look in self.pieces:
            looks[look] += len(text)
        return looks.most_common(1)[0][0]

    @property
    def marked(self) -> tuple[Marked, list[Look]]:
        """Its text, with marks on what looks otherwise than most of it, and those looks."""
        text, base = "", self.look
        marks: list[Span] = []
        looks: list[Look] = []
        for piece, look in self.pieces:
            start = len(text)
            text += piece
            span = (start, start + len(piece.rstrip()))
            if look == base or not LETTERS.search(piece):
                continue
            if looks and looks[-1] == look and not text[marks[-1][1] : start].strip():
                marks[-1] = (marks[-1][0], span[1])
            else:
                marks.append(span)
                looks.append(look)
        return Marked(text, tuple(marks)), looks

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        return (
            min(line.x0 for line in self.lines),
            self.lines[0].top,
            max(line.x1 for line in self.lines),
            self.lines[-1].bottom,
        )


def opened(data: bytes) -> pikepdf.Pdf:
    try:
        document = pikepdf.open(io.BytesIO(data))
    except pikepdf.PasswordError as error:
        raise InvalidFile("Invalid file: it is encrypted. Send it without a password.") from error
    except pikepdf.PdfError as error:
        raise InvalidFile("Invalid file: it is no PDF, or a broken one.") from error
    if len(document.pages) > PAGES_MAX:
        raise InvalidFile(
            f"Invalid file: it has {len(document.pages)} pages; {PAGES_MAX} are allowed."
        )
    return document


def paragraphs_of(data: bytes) -> list[Paragraph]:
    opened(data).close()
    found = []
    with pdfplumber.open(io.BytesIO(data)) as document:
        for number, page in enumerate(document.pages):
            if page.rotation:
                continue
            words = page.extract_words(
                extra_attrs=["fontname", "size", "upright"],
                return_chars=True,
                keep_blank_chars=False,
                # Many files have no spaces, only gaps, which grow with the letters.
                x_tolerance_ratio=_GAP_MIN,
            )
            left, top = page.bbox[0], page.bbox[1]
            upright = [word for word in words if word["upright"]]
            lines = _lines(upright, _rules(page, "v"), left, top)
            groups = _grouped(lines, _rules(page, "h"), left, top)
            found += [Paragraph(number, group) for group in groups]
            page.close()
    return found


def _rules(page: Any, orientation: str) -> list[dict[str, Any]]:
    return [edge for edge in page.edges if edge["orientation"] == orientation]


def _lines(
    words: Sequence[dict[str, Any]], rules: Sequence[dict[str, Any]], left: float, top: float
) -> list[Line]:
    """Return lines, cut where a gap is wide or a vertical rule, as of a table, stands between."""
    rows: list[list[dict[str, Any]]] = []
    for word in sorted(words, key=lambda each: (each["top"] + each["bottom"], each["x0"])):
        middle = (word["top"] + word["bottom"]) / 2
        for row in rows[-3:]:
            last = (row[-1]["top"] + row[-1]["bottom"]) / 2
            if abs(last - middle) < _SAME_LINE * min(word["size"], row[-1]["size"]):
                row.append(word)
                break
        else:
            rows.append([word])
    lines = []
    for row in rows:
        part: list[dict[str, Any]] = []
        ordered = sorted(row, key=lambda each: each["x0"])
        gap_max = _gap_max(ordered)
        for word in ordered:
            if part and _is_apart(part[-1], word, rules, gap_max):
                lines.append(_line(part, left, top))
                part = []
            part.append(word)
        lines.append(_line(part, left, top))
    for before, line in itertools.pairwise(lines):
        is_beside = abs(before.bottom - line.bottom) < line.size and before.x1 <= line.x0
        is_marked = is_beside and not re.search(r"[^\W\d_]{2}", before.text)
        line.is_item = bool(_ITEM.match(line.text)) or is_marked
    return lines


def _gap_max(words: Sequence[dict[str, Any]]) -> float:
    """Return how far apart, in sizes, words of one text may be on this line.

    In justified lines of narrow columns all gaps are wide.
    """
    gaps = sorted((two["x0"] - one["x1"]) / two["size"] for one, two in itertools.pairwise(words))
    if len(gaps) < 3:
        return _GAP_MAX
    return max(_GAP_MAX, min(1.4 * float(gaps[len(gaps) // 2]), _GAP_STRETCHED_MAX))


def _is_apart(
    one: dict[str, Any], other: dict[str, Any], rules: Sequence[dict[str, Any]], gap_max: float
) -> bool:
    gap = other["x0"] - one["x1"]
    if gap > gap_max * other["size"]:
        return True
    middle = (other["top"] + other["bottom"]) / 2
    return gap > 0 and any(
        one["x1"] <= rule["x0"] <= other["x0"] and rule["top"] <= middle <= rule["bottom"]
        for rule in rules
    )


def _line(words: Sequence[dict[str, Any]], left: float, top: float) -> Line:
    letters: Counter[tuple[str, float]] = Counter()
    for word in words:
        letters[word["fontname"], word["size"]] += len(word["text"])
    # Signs of lists are often smaller, and of the same font.
    font, size = letters.most_common(1)[0][0]
    first = next(word for word in words if (word["fontname"], word["size"]) == (font, size))
    return Line(
        _pieces(words),
        words[0]["x0"] - left,
        words[-1]["x1"] - left,
        min(word["top"] for word in words) - top,
        max(word["bottom"] for word in words) - top,
        first["chars"][0]["matrix"][5],
        first["size"],
        font,
        frozenset(name for name, _ in letters),
    )


def _pieces(words: Sequence[dict[str, Any]]) -> list[Piece]:
    pieces: list[Piece] = []
    for number, word in enumerate(words):
        colour = word["chars"][0].get("non_stroking_color")
        parts = tuple(map(float, colour)) if isinstance(colour, (tuple, list)) else ()
        look = Look(standard_font(word["fontname"]), parts)
        text = _SIGN.sub("•", word["text"])
        if number and not _is_joined(words[number - 1], word):
            pieces[-1] = (f"{pieces[-1][0]} ", pieces[-1][1])
        if pieces and pieces[-1][1] == look:
            pieces[-1] = (pieces[-1][0] + text, look)
        else:
            pieces.append((text, look))
    return pieces


def _is_joined(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Say whether nothing but a change of the look parts two words."""
    gap = other["x0"] - one["x1"]
    return bool(one["size"] == other["size"] and gap < _GAP_MIN * other["size"])


def _grouped(
    lines: Sequence[Line], rules: Sequence[dict[str, Any]], left: float, top: float
) -> list[list[Line]]:
    """Put lines that follow one another into paragraphs, in the order of their tops.

    No paragraph goes on across a horizontal rule, as of a table.
    """
    groups: list[list[Line]] = []
    for line in sorted(lines, key=lambda each: (each.top, each.x0)):
        for group in reversed(groups):
            if _follows(group, line) and not any(
                rule["x0"] - left < line.x1
                and rule["x1"] - left > line.x0
                and abs(2 * (rule["top"] - top) - group[-1].bottom - line.top)
                <= abs(line.top - group[-1].bottom) + 0.6 * line.size
                for rule in rules
            ):
                group.append(line)
                break
        else:
            groups.append([line])
    return groups


def _follows(group: Sequence[Line], line: Line) -> bool:
    last = group[-1]
    if line.is_item or not LETTERS.search(line.text) or not LETTERS.search(last.text):
        return False
    step = line.bottom - last.bottom
    is_below = 0.5 * last.size < step <= _LEADING_MAX * last.size
    is_alike = abs(line.size - last.size) <= 0.1 * last.size and line.fonts & last.fonts
    if not is_below or not is_alike or line.x0 >= last.x1 or line.x1 <= last.x0:
        return False
    if len(group) > 1 and abs(step - (last.bottom - group[-2].bottom)) > 0.25 * last.size:
        return False
    begins_alike = abs(line.x0 - last.x0) <= _INDENT_MAX * last.size
    middle = abs((line.x0 + line.x1) - (last.x0 + last.x1)) / 2
    # A line that ends well before the one above is wide ends its paragraph.
    is_full = len(group) == 1 or last.x1 >= max(each.x1 for each in group) - 12 * last.size
    return is_full and (begins_alike or middle <= last.size)
