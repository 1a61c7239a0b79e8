"""PDF files: text is found in its order and drawn anew in its place; all else stays."""

import io
from collections.abc import Callable

import pdfplumber
import pikepdf
import pypdfium2
import pytest
from reportlab.pdfgen.canvas import Canvas

from hanse.language.documents.formats import Block, InvalidFile, format_of, kind_of
from hanse.language.documents.formats.pdf_drawing import standard_font

PDF = format_of(kind_of("a.pdf"))
LINES = [
    "The library was open on three hundred days last",
    "year, and people came to learn and to re-",
    "member what was said there long ago.",
]


def made(draw: Callable[[Canvas], None]) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(595, 842))
    draw(canvas)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def page(canvas: Canvas) -> None:
    canvas.setFont("Helvetica-Bold", 20)
    canvas.drawString(60, 780, "The year in numbers")
    canvas.setFont("Times-Roman", 11)
    for number, line in enumerate(LINES):
        canvas.drawString(60, 740 - 13 * number, line)
        canvas.drawString(330, 740 - 13 * number, line.upper())
    canvas.setFillColorRGB(1, 0, 0)
    canvas.drawString(60, 600, "A red line")
    canvas.setFillColorRGB(0, 0.5, 0)
    canvas.rect(60, 400, 100, 100, fill=1)
    for x in (60, 120, 180):
        canvas.line(x, 300, x, 320)
    canvas.drawString(64, 305, "Cell one")
    canvas.drawString(122, 305, "Cell two")
    canvas.rotate(90)
    canvas.drawString(200, -30, "At an angle")


def written(data: bytes, change: Callable[[str], str]) -> bytes:
    return PDF.write(data, [Block(change(text.text)) for text in PDF.read(data)])


def words(data: bytes) -> str:
    with pdfplumber.open(io.BytesIO(data)) as document:
        return " ".join(each.extract_text() for each in document.pages)


def test_paragraphs_columns_and_cells_are_read_apart() -> None:
    paragraph = (
        "The library was open on three hundred days last year, and people came to learn and to "
        "remember what was said there long ago."
    )
    assert [text.text for text in PDF.read(made(page))] == [
        "The year in numbers",
        paragraph,
        paragraph.upper().replace("TO REMEMBER", "TO RE- MEMBER"),
        "A red line",
        "Cell one",
        "Cell two",
    ]


def test_translations_take_the_place_of_the_text_and_pictures_stay() -> None:
    data = made(page)
    done = written(data, lambda text: text.replace("year", "ano").replace("red line", "linha é"))
    assert "The ano in numbers" in words(done)
    assert "year" not in words(done)
    with pdfplumber.open(io.BytesIO(done)) as document:
        [changed] = document.pages
        assert len(changed.rects) == 1
        found = {word["text"]: word for word in changed.extract_words(extra_attrs=["size"])}
        assert found["linha"]["top"] == pytest.approx(842 - 600 - 9, abs=2)
        assert found["linha"]["x0"] < 80
        [red] = {char["non_stroking_color"] for char in changed.chars if char["text"] == "é"}
        assert red == (1, 0, 0)
        turned = "".join(char["text"] for char in changed.chars if not char["upright"])
    assert turned == "At an angle"


def test_a_longer_translation_becomes_smaller_and_stays_within_its_place() -> None:
    data = made(page)
    done = written(data, lambda text: f"{text} {text}" if text.startswith("The lib") else text)
    with pdfplumber.open(io.BytesIO(done)) as document:
        left = document.pages[0].crop((0, 90, 325, 200)).chars
    assert left
    assert {round(char["size"], 1) for char in left}.isdisjoint({11.0})
    assert max(char["bottom"] for char in left) < 842 - 690


def test_the_picture_of_a_page_changes_only_where_text_was() -> None:
    data = made(page)
    before, after = (
        pypdfium2.PdfDocument(each)[0].render().to_pil().crop((0, 300, 595, 500))
        for each in (data, written(data, str.upper))
    )
    assert before.tobytes() == after.tobytes()


def test_text_in_forms_is_translated_too() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.beginForm("form")
        canvas.drawString(100, 700, "Inside a form")
        canvas.endForm()
        canvas.doForm("form")

    done = written(made(draw), str.upper)
    assert words(done) == "INSIDE A FORM"


def test_items_of_a_list_and_rows_of_a_table_are_apart() -> None:
    def draw(canvas: Canvas) -> None:
        for number in range(3):
            canvas.drawString(60, 700 - 14 * number, "\u2022")
            canvas.drawString(78, 700 - 14 * number, f"Item {number} of the list")
            canvas.drawString(60, 600 - 14 * number, f"{number}) In one piece")
            canvas.drawString(64, 500 - 16 * number, f"Row {number}")
            canvas.line(60, 512 - 16 * number, 200, 512 - 16 * number)

    found = [text.text for text in PDF.read(made(draw))]
    assert found.count("\u2022") == 3
    assert {"Item 1 of the list", "1) In one piece", "Row 1"} <= set(found)


def test_a_bold_word_does_not_cut_a_paragraph() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(60, 700, "This line is long enough to be full, and")
        canvas.setFont("Helvetica-Bold", 12)
        canvas.drawString(60, 686, "extraordinarily")
        canvas.setFont("Helvetica", 12)
        canvas.drawString(150, 686, "so is this one here.")

    [text] = PDF.read(made(draw))
    assert text.text.endswith("full, and extraordinarily so is this one here.")


def test_bold_slanted_and_coloured_words_look_so_in_the_translation() -> None:
    def draw(canvas: Canvas) -> None:
        x = 60.0
        for text, font, red in (
            ("Read the ", "Times-Roman", 0),
            ("safety rules", "Times-Bold", 0),
            (", and ask ", "Times-Roman", 0),
            ("your manager", "Times-Italic", 1),
            (".", "Times-Roman", 0),
        ):
            canvas.setFont(font, 12)
            canvas.setFillColorRGB(red, 0, 0)
            canvas.drawString(x, 700, text)
            x += canvas.stringWidth(text, font, 12)

    data = made(draw)
    [read] = PDF.read(data)
    assert read.text == "Read the safety rules, and ask your manager."
    assert [read.text[start:end] for start, end in read.marks] == ["safety rules", "your manager"]
    translation = "Leia as regras e pergunte ao seu gerente."
    marks = tuple(
        (translation.index(each), translation.index(each) + len(each))
        for each in ("regras", "seu gerente")
    )
    with pdfplumber.open(io.BytesIO(PDF.write(data, [Block(translation, marks)]))) as document:
        [sheet] = document.pages
        assert sheet.extract_text() == translation
        chars = [each for each in sheet.chars if each["text"].strip()]
    bold, slanted = (
        "".join(each["text"] for each in chars if kind in each["fontname"])
        for kind in ("Bold", "Italic")
    )
    assert (bold, slanted) == ("regras", "seugerente")
    red = "".join(each["text"] for each in chars if each["non_stroking_color"] == (1, 0, 0))
    assert red == "seugerente"


def encrypted(data: bytes) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as document:
        document.save(out, encryption=pikepdf.Encryption(owner="a", user="b"))
    return out.getvalue()


def many_pages() -> bytes:
    out = io.BytesIO()
    with pikepdf.new() as document:
        for _ in range(201):
            document.add_blank_page()
        document.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no PDF"),
        (b"PK\x03\x04 not a pdf", "no PDF"),
        (made(page)[:300], "no PDF"),
        (encrypted(made(page)), "encrypted"),
        (many_pages(), "201 pages"),
        (made(lambda canvas: canvas.rect(1, 1, 9, 9)), "no text"),
    ],
    ids=["empty", "zip", "cut", "encrypted", "pages", "scan"],
)
def test_what_cannot_be_translated_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(InvalidFile, match=why):
        PDF.read(data)


def test_letters_that_cannot_be_drawn_are_refused_by_name() -> None:
    with pytest.raises(InvalidFile, match="letter 'Д'"):
        written(made(page), lambda text: f"Да {text}")


def test_first_lines_stay_indented() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Times-Roman", 12)
        for number, (x, line) in enumerate(
            [(80, "This begins further in"), (60, "and goes on over three lines"), (60, "here")]
        ):
            canvas.drawString(x, 700 - 14 * number, line)
        for number, (x, line) in enumerate([(60, "1. An item of a"), (75, "list that hangs")]):
            canvas.drawString(x, 500 - 14 * number, line)

    with pdfplumber.open(io.BytesIO(written(made(draw), str))) as document:
        starts = [round(line["x0"]) for line in document.pages[0].extract_text_lines()]
    assert starts == [80, 60, 60, 60, 75]


def test_lines_stand_as_they_stood() -> None:
    text = "one two three four five six seven"

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Times-Roman", 12)
        canvas.drawCentredString(297.5, 780, "A heading")
        for number in range(4):
            canvas.saveState()
            stretched = canvas.beginText(60, 700 - 14 * number)
            width = canvas.stringWidth(text, "Times-Roman", 12)
            stretched.setWordSpace((250 - width) / text.count(" ") if number < 3 else 0)
            stretched.textOut(text if number < 3 else "the end")
            canvas.drawText(stretched)
            canvas.restoreState()
            end = "ends at the right"[number * 3 :]
            canvas.drawRightString(535, 500 - 14 * number, end)

    data = made(draw)
    done = written(data, lambda each: each.replace("heading", "longer heading").replace("n", "nn"))
    with pdfplumber.open(io.BytesIO(done)) as document:
        lines = document.pages[0].extract_text_lines()
    heading, *justified, last = [line for line in lines if line["top"] < 300]
    assert heading["x0"] + heading["x1"] == pytest.approx(595, abs=1)
    assert [line["x1"] for line in justified] == pytest.approx([310] * len(justified), abs=1)
    assert last["x1"] < 250
    assert {round(line["x1"]) for line in lines if line["top"] > 300} == {535}


def test_words_with_gaps_in_the_place_of_spaces_are_words() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Times-Roman", 10)
        x = 60.0
        for word in ("gaps", "that", "stand", "for", "spaces"):
            canvas.drawString(x, 700, word)
            x += canvas.stringWidth(word, "Times-Roman", 10) + 2.4

    assert [text.text for text in PDF.read(made(draw))] == ["gaps that stand for spaces"]


@pytest.mark.parametrize(
    ("name", "standard"),
    [
        ("ABCDEF+NimbusRomNo9L-ReguItal", "Times-Italic"),
        ("ABCDEF+NimbusRomNo9L-Medi", "Times-Bold"),
        ("ABCDEF+NimbusMonL-Regu", "Courier"),
        ("ABCDEF+NimbusSanL-BoldItal", "Helvetica-BoldOblique"),
        ("ABCDEF+CMBX12", "Times-Bold"),
        ("ABCDEF+CMTT10", "Courier"),
        ("ABCDEF+Calibri", "Helvetica"),
    ],
)
def test_fonts_of_latex_and_office_are_known(name: str, standard: str) -> None:
    assert standard_font(name) == standard
