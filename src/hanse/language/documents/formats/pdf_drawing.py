"""Draws texts into the places that others had on a page of a PDF file."""

import io
import re
from collections.abc import Sequence
from typing import Final, Literal

from msgspec import Struct
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from hanse.language.documents.formats import InvalidFile

SIZE_RATIO_MIN: Final = 0.55
"""How small letters may become so that a longer translation fits."""

_NEAR: Final = {0x202F: "\u00a0", 0x2009: " ", 0x2011: "-", 0x2212: "–", 0x200B: None}
_SERIF: Final = (
    "times", "serif", "roman", "nimbusrom", "georgia", "garamond", "cambria", "palatino", "pagella",
    "termes", "minion", "century", "schola", "bookman", "bonum", "utopia", "charter", "libertin",
    "caslon", "baskerville", "book antiqua", "cmr", "cmb", "cmti", "cmsl", "sfrm", "sfbx", "sfti",
)  # fmt: skip
_MONOSPACED: Final = (
    "courier", "mono", "nimbusmon", "consol", "menlo", "cursor", "cmtt", "sftt", "typewriter",
)  # fmt: skip
_BOLD: Final = ("bold", "black", "heavy", "-medi", "cmb", "sfbx")
_SLANTED: Final = ("ital", "obli", "slant", "cmti", "cmsl", "sfti")
_SIZE_STEP: Final = 0.95

Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


class Look(Struct, frozen=True):
    """A standard font, and a colour as PDF has it: one part is grey, three RGB, four CMYK."""

    font: str
    colour: tuple[float, ...]


Piece = tuple[str, Look]
Alignment = Literal["left", "centre", "right", "justified"]


class Text(Struct):
    """A text of several looks and the place that it is to take, in points from the top left."""

    pieces: list[Piece]
    box: Box
    base: float
    """Where its first row stands, in points from the bottom of the page's space."""
    size: float
    leading: float
    """From row to row, in sizes."""
    is_single: bool
    alignment: Alignment
    indents: tuple[float, float] = (0.0, 0.0)
    """How far the first row and the others begin from the left edge of the place."""


def drawn(texts: Sequence[Text], media: Box) -> bytes:
    """Return a PDF of one page, of the size of `media`, with these texts. Raises InvalidFile."""
    left, bottom, right, top = media
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(right - left, top - bottom), pageCompression=1)
    boxes = [text.box for text in texts]
    margin = max(box[2] for box in boxes)
    for text in texts:
        _draw(canvas, text, _room(text.box, boxes, margin), bottom)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _style(font: str) -> tuple[str, bool, bool]:
    """Return the family, boldness and slant that a font's name tells."""
    name = font.lower()
    family = "Helvetica"
    if any(each in name for each in _SERIF):
        family = "Times"
    if any(each in name for each in _MONOSPACED):
        family = "Courier"
    if "sans" in name:
        family = "Helvetica"
    is_bold = any(each in name for each in _BOLD)
    return family, is_bold, any(each in name for each in _SLANTED)


def standard_font(font: str) -> str:
    """Return which of the standard fonts is most like one of this name."""
    family, is_bold, is_slanted = _style(font)
    slant = "Italic" if family == "Times" else "Oblique"
    variant = ("Bold" if is_bold else "") + (slant if is_slanted else "")
    if family == "Times" and not variant:
        variant = "Roman"
    return f"{family}-{variant}" if variant else family


def _writable(text: str) -> str:
    """Return a text in the letters of the standard fonts. Raises InvalidFile."""
    text = text.translate(_NEAR)
    try:
        text.encode("cp1252")
    except UnicodeEncodeError as error:
        letter = text[error.start]
        raise InvalidFile(
            f"The translation has the letter {letter!r}, which cannot be written into a PDF yet. "
            "Send the document in the format that it was made in."
        ) from error
    return text


def _room(box: Box, boxes: Sequence[Box], margin: float) -> float:
    """Return how far to the right a text may reach: to its neighbour, or to the margin."""
    _, top, x1, bottom = box
    beside = [
        other[0] - 4 for other in boxes if other[0] >= x1 and other[1] < bottom and other[3] > top
    ]
    return max(x1, min([margin, *beside]))


def _draw(canvas: Canvas, text: Text, right: float, bottom_of_page: float) -> None:
    x0, top, x1, bottom = text.box
    words = _words(text.pieces)
    width = max(right if text.is_single else x1, x1) - x0 + 0.5
    size = text.size
    widths = (width - text.indents[0], width - text.indents[1])
    rows = _wrapped(words, size, widths)
    room = bottom - top + 0.35 * text.size
    while (
        len(rows) * text.leading * size > max(room, text.leading * text.size)
        or any(_width(row, size) > widths[min(n, 1)] for n, row in enumerate(rows))
    ) and size > SIZE_RATIO_MIN * text.size:
        size *= _SIZE_STEP
        rows = _wrapped(words, size, widths)
    for number, row in enumerate(rows):
        y = text.base - bottom_of_page - number * text.leading * size
        indent = text.indents[min(number, 1)]
        left = width - 0.5 - indent - _width(row, size)
        x = {"centre": (x0 + x1 - _width(row, size)) / 2, "right": x0 + left}.get(
            text.alignment, x0 + indent
        )
        blanks = sum(piece.count(" ") for piece, _ in row)
        is_last = number == len(rows) - 1
        is_stretched = text.alignment == "justified" and not is_last and blanks > 0
        _draw_row(canvas, row, size, (x, y), left / blanks if is_stretched else 0.0)


def _draw_row(
    canvas: Canvas, row: Sequence[Piece], size: float, place: tuple[float, float], more: float
) -> None:
    """Draw a row whose blanks are wider by `more`."""
    x, y = place
    for piece, look in row:
        _set_colour(canvas, look.colour)
        written = canvas.beginText(x, y)
        written.setFont(look.font, size)
        written.setWordSpace(more)
        written.textOut(piece)
        canvas.drawText(written)
        x += stringWidth(piece, look.font, size) + more * piece.count(" ")


def _words(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Return the words, each of pieces, as the look may change inside one."""
    words: list[list[Piece]] = [[]]
    for text, look in pieces:
        for number, part in enumerate(re.split(r"\s+", _writable(text))):
            if number and words[-1]:
                words.append([])
            if part:
                words[-1].append((part, look))
    return [word for word in words if word]


def _wrapped(
    words: Sequence[list[Piece]], size: float, widths: tuple[float, float]
) -> list[list[Piece]]:
    rows: list[list[Piece]] = [[]]
    for word in words:
        longer = _merged([*rows[-1], *([(" ", rows[-1][-1][1])] if rows[-1] else []), *word])
        if rows[-1] and _width(longer, size) > widths[min(len(rows) - 1, 1)]:
            rows.append(_merged(word))
        else:
            rows[-1] = longer
    return rows


def _merged(pieces: Sequence[Piece]) -> list[Piece]:
    merged: list[Piece] = []
    for text, look in pieces:
        if merged and merged[-1][1] == look:
            merged[-1] = (merged[-1][0] + text, look)
        else:
            merged.append((text, look))
    return merged


def _width(row: Sequence[Piece], size: float) -> float:
    return float(sum(stringWidth(text, look.font, size) for text, look in row))


def _set_colour(canvas: Canvas, colour: tuple[float, ...]) -> None:
    match colour:
        case (grey,):
            canvas.setFillGray(grey)
        case (red, green, blue):
            canvas.setFillColorRGB(red, green, blue)
        case (cyan, magenta, yellow, black):
            canvas.setFillColorCMYK(cyan, magenta, yellow, black)
        case _:
            canvas.setFillGray(0)
