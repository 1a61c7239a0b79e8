"""PDF files: text is read as paragraphs, taken out of the page, and drawn anew where it stood.

Pictures, lines and colours stay. The place decides what belongs together, because a PDF has no
paragraphs: words on a line, lines of one size below one another. Text that stands at an angle, and
that of pages which are turned as a whole, stays as it is. What is drawn is in the standard fonts,
which have the letters of western Europe.
"""

import io
from collections.abc import Sequence
from typing import Any, Final

import pikepdf

from hanse.language.documents.formats import Block, InvalidFile
from hanse.language.documents.formats.pdf_drawing import Alignment, Piece, Text, drawn
from hanse.language.documents.formats.pdf_reading import (
    LETTERS,
    Line,
    Paragraph,
    opened,
    paragraphs_of,
)
from hanse.language.projection import Marked

FORMS_DEPTH_MAX: Final = 5
AXIS_POINTS: Final = 1.0
NARROW_SHARE: Final = 0.7
"""A line that is wider than this part of the page may stand on its axis by chance."""
_SHOW: Final = frozenset({"Tj", "TJ", "'", '"'})
Matrix = tuple[float, float, float, float, float, float]


class _Pdf:
    def read(self, data: bytes) -> list[Marked]:
        paragraphs = paragraphs_of(data)
        if not paragraphs:
            raise InvalidFile("Invalid file: it has no text, only pictures perhaps.")
        if not any(LETTERS.search(each.marked[0].text) for each in paragraphs):
            raise InvalidFile("Invalid file: its fonts do not tell which letters they show.")
        return [paragraph.marked[0] for paragraph in paragraphs]

    def write(self, data: bytes, blocks: Sequence[Block]) -> bytes:
        paragraphs = paragraphs_of(data)
        by_page: dict[int, list[tuple[Paragraph, Block]]] = {}
        for paragraph, block in zip(paragraphs, blocks, strict=True):
            by_page.setdefault(paragraph.page, []).append((paragraph, block))
        with opened(data) as document:
            for number, pairs in by_page.items():
                page = document.pages[number]
                left, _, right, _ = _media_box(page)
                texts = [_placed(*pair, right - left) for pair in pairs]
                _take_text(document, page.obj, (1, 0, 0, 1, 0, 0), 0)
                overlay = drawn(texts, _media_box(page))
                with pikepdf.open(io.BytesIO(overlay)) as overlaid:
                    page.add_overlay(overlaid.pages[0], pikepdf.Rectangle(*_media_box(page)))
            out = io.BytesIO()
            document.save(out)
        return out.getvalue()


def _placed(paragraph: Paragraph, block: Block, page_width: float) -> Text:
    """Return what is to be drawn in the place of a paragraph."""
    base = paragraph.look
    pieces: list[Piece] = []
    done = 0
    for (start, end), look in sorted(
        zip(block.marks, paragraph.marked[1], strict=False), key=lambda pair: pair[0]
    ):
        first = max(start, done)
        pieces += [(block.text[done:first], base), (block.text[first:end], look)]
        done = max(done, end)
    pieces.append((block.text[done:], base))
    first_line, last_line = paragraph.lines[0], paragraph.lines[-1]
    leading = 1.2
    if (count := len(paragraph.lines) - 1) > 0:
        leading = (last_line.bottom - first_line.bottom) / count / first_line.size
    alignment = _alignment(paragraph.lines, page_width)
    return Text(
        pieces=[piece for piece in pieces if piece[0]],
        box=paragraph.box,
        base=first_line.base,
        size=first_line.size,
        leading=leading,
        is_single=count == 0,
        alignment=alignment,
        indents=_indents(paragraph.lines) if alignment in ("left", "justified") else (0.0, 0.0),
    )


def _indents(lines: Sequence[Line]) -> tuple[float, float]:
    edge = min(line.x0 for line in lines)
    return lines[0].x0 - edge, min((line.x0 for line in lines[1:]), default=edge) - edge


def _alignment(lines: Sequence[Line], page_width: float) -> Alignment:
    """Return how lines stand, as far as it shows; one alone may stand on the axis of the page."""
    size = lines[0].size
    starts, ends = [line.x0 for line in lines], [line.x1 for line in lines]
    if len(lines) == 1:
        is_narrow = ends[0] - starts[0] < NARROW_SHARE * page_width
        is_on_axis = abs(starts[0] + ends[0] - page_width) < 2 * AXIS_POINTS
        return "centre" if is_narrow and is_on_axis and not lines[0].is_item else "left"
    middles = [line.x0 + line.x1 for line in lines]
    if max(middles) - min(middles) < size < max(starts) - min(starts):
        return "centre"
    full = ends[:-1]
    if max(ends) - min(ends) < size / 4 and max(starts) - min(starts) > size:
        return "right"
    is_justified = len(full) > 1 and max(ends) - min(full) < size / 4
    return "justified" if is_justified else "left"


def _media_box(page: pikepdf.Page) -> tuple[float, float, float, float]:
    left, bottom, right, top = (float(each) for each in page.mediabox)
    return min(left, right), min(bottom, top), max(left, right), max(bottom, top)


def _take_text(document: pikepdf.Pdf, holder: Any, ctm: Matrix, depth: int) -> None:
    """Take upright text out of a page or form, and of the forms that it draws."""
    kept = []
    stack: list[Matrix] = []
    line: Matrix = (1, 0, 0, 1, 0, 0)
    stream = holder if depth else pikepdf.Page(holder)
    resources = holder.get("/Resources", {})
    for instruction in pikepdf.parse_content_stream(stream):
        operands, name = instruction.operands, str(instruction.operator)
        if name == "q":
            stack.append(ctm)
        elif name == "Q" and stack:
            ctm = stack.pop()
        elif name == "cm":
            ctm = _product(_matrix(operands), ctm)
        elif name == "BT":
            line = (1, 0, 0, 1, 0, 0)
        elif name == "Tm":
            line = _matrix(operands)
        elif name == "Do" and depth < FORMS_DEPTH_MAX:
            form = resources.get("/XObject", {}).get(str(operands[0]))
            if form is not None and form.get("/Subtype") == "/Form":
                matrix = _matrix(form.get("/Matrix", [1, 0, 0, 1, 0, 0]))
                _take_text(document, form, _product(matrix, ctm), depth + 1)
        elif name in _SHOW and _is_upright(_product(line, ctm)):
            continue
        kept.append(instruction)
    content = pikepdf.unparse_content_stream(kept)
    if depth:
        holder.write(content)
    else:
        holder.Contents = document.make_stream(content)


def _matrix(operands: Any) -> Matrix:
    a, b, c, d, e, f = (float(each) for each in operands)
    return a, b, c, d, e, f


def _product(one: Matrix, other: Matrix) -> Matrix:
    a, b, c, d, e, f = one
    g, h, i, j, k, m = other
    return (
        a * g + b * i,
        a * h + b * j,
        c * g + d * i,
        c * h + d * j,
        e * g + f * i + k,
        e * h + f * j + m,
    )


def _is_upright(matrix: Matrix) -> bool:
    a, b, c, d, _, _ = matrix
    return abs(b) < 1e-3 * abs(a) and abs(c) < 1e-3 * abs(d) and a > 0


pdf: Final = _Pdf()
