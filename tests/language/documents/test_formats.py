"""Files come back as they were, but for their texts."""

import io
import json
import zipfile
from collections.abc import Callable

import docx
import openpyxl
import pptx
import pytest
from docx.shared import RGBColor
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from hanse.language.documents.formats import (
    KINDS,
    Block,
    Format,
    InvalidFile,
    format_of,
    kind_of,
)
from hanse.language.projection import Marked


def form(extension: str) -> Format:
    return format_of(KINDS[extension])


def texts(extension: str, data: bytes) -> list[str]:
    return [marked.text for marked in form(extension).read(data)]


def through(extension: str, data: bytes, change: Callable[[str], str] = str) -> bytes:
    """Write a file with its own texts, each changed to one of the same length."""
    blocks = [Block(change(each.text), each.marks) for each in form(extension).read(data)]
    return form(extension).write(data, blocks)


def word() -> bytes:
    document = docx.Document()
    document.add_heading("The report", 0)
    paragraph = document.add_paragraph("The ")
    paragraph.add_run("old").bold = True
    paragraph.add_run(" house by the ")
    paragraph.add_run("river").font.color.rgb = RGBColor(255, 0, 0)
    paragraph.add_run(".")
    table = document.add_table(rows=1, cols=2)
    table.cell(0, 0).text = "Left"
    table.cell(0, 1).text = "Right"
    document.sections[0].header.paragraphs[0].text = "A header"
    document.add_paragraph("One\ttwo")
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def test_tabs_and_breaks_within_a_run_keep_their_places() -> None:
    document = docx.Document()
    run = document.add_paragraph().add_run("One\ttwo\nthree")
    run.bold = True
    run.add_picture(picture())
    run.add_text("four")
    out = io.BytesIO()
    document.save(out)
    [text] = texts("docx", out.getvalue())
    assert [each for each in text if each.isascii()] == list("Onetwothreefour")
    [done] = docx.Document(io.BytesIO(through("docx", out.getvalue(), str.upper))).paragraphs
    assert done.text == "ONE\tTWO\nTHREEFOUR"
    assert all(run.bold for run in done.runs)
    assert len(done._p.findall(".//{*}drawing")) == 1


def picture() -> io.BytesIO:
    out = io.BytesIO()
    Image.new("RGB", (2, 2)).save(out, "PNG")
    out.seek(0)
    return out


def test_every_paragraph_of_a_docx_is_a_text() -> None:
    found = texts("docx", word())
    assert found[:2] == ["The report", "The old house by the river."]
    assert {"Left", "Right", "A header"} <= set(found)


def test_runs_of_a_docx_keep_their_look_and_go_where_the_marks_say() -> None:
    data = word()
    blocks = [Block(each.text, each.marks) for each in form("docx").read(data)]
    # "A casa velha junto ao rio."
    blocks[1] = Block("A casa velha junto ao rio.", ((7, 12), (22, 25)))
    done = docx.Document(io.BytesIO(form("docx").write(data, blocks)))
    runs = [(run.text, run.bold, run.font.color.rgb) for run in done.paragraphs[1].runs]
    assert runs == [
        ("A casa ", None, None),
        ("velha", True, None),
        (" junto ao ", None, None),
        ("rio", None, RGBColor(255, 0, 0)),
        (".", None, None),
    ]
    assert done.tables[0].cell(0, 1).text == "Right"


def test_a_tab_keeps_its_place() -> None:
    data = word()
    document = docx.Document()
    run = document.add_paragraph("One").add_run()
    run.add_tab()
    document.paragraphs[0].add_run("two")
    out = io.BytesIO()
    document.save(out)
    data = out.getvalue()
    [marked] = form("docx").read(data)
    assert len(marked.copied) == 1
    answer = marked.text.replace("One", "Um").replace("two", "dois")
    done = docx.Document(io.BytesIO(form("docx").write(data, [Block(answer)])))
    assert done.paragraphs[0].text == "Um\tdois"


def test_code_within_prose_of_a_docx_is_copied() -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("Type ")
    for piece in ("make ", "run"):
        paragraph.add_run(piece).font.name = "Courier New"
    paragraph.add_run(" and wait.")
    document.add_paragraph().add_run("a letter from a typewriter").font.name = "Courier New"
    out = io.BytesIO()
    document.save(out)
    done = docx.Document(io.BytesIO(through("docx", out.getvalue(), str.upper))).paragraphs
    assert [each.text for each in done] == [
        "TYPE make run AND WAIT.",
        "A LETTER FROM A TYPEWRITER",
    ]
    assert [run.font.name for run in done[0].runs if run.text == "make run"] == ["Courier New"]


def test_parts_of_a_docx_without_text_keep_their_bytes() -> None:
    data = word()
    before, after = (
        zipfile.ZipFile(io.BytesIO(each)) for each in (data, through("docx", data, str.upper))
    )
    assert before.namelist() == after.namelist()
    same = [name for name in before.namelist() if before.read(name) == after.read(name)]
    assert "word/styles.xml" in same
    assert "word/document.xml" not in same


def test_slides_and_notes_of_a_pptx_are_texts() -> None:
    presentation = pptx.Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[0])
    slide.shapes.title.text = "Our plan"
    slide.notes_slide.notes_text_frame.text = "Speak slowly"
    out = io.BytesIO()
    presentation.save(out)
    assert {"Our plan", "Speak slowly"} <= set(texts("pptx", out.getvalue()))
    done = pptx.Presentation(io.BytesIO(through("pptx", out.getvalue(), str.upper)))
    assert done.slides[0].shapes.title.text == "OUR PLAN"


def test_numbers_and_formulas_of_an_xlsx_stay() -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet["A1"], sheet["A2"], sheet["A3"] = "Price", 12.5, "=A2*2"
    out = io.BytesIO()
    workbook.save(out)
    assert texts("xlsx", out.getvalue()) == ["Price"]
    done = openpyxl.load_workbook(io.BytesIO(through("xlsx", out.getvalue(), str.upper))).active
    assert done is not None
    assert [done[cell].value for cell in ("A1", "A2", "A3")] == ["PRICE", 12.5, "=A2*2"]


def archive(**parts: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as written:
        for name, text in parts.items():
            written.writestr(name.replace("__", "/").replace("_", "."), text)
    return out.getvalue()


def test_paragraphs_of_an_odt_are_texts_and_its_styles_are_not() -> None:
    content = (
        "<office:document-content><office:automatic-styles><number:text>x</number:text>"
        "</office:automatic-styles><office:body><office:text>"
        '<text:h>Title</text:h><text:p>An <text:span text:style-name="T1">old</text:span>'
        "<text:s/>house<text:note>n</text:note></text:p>"
        "</office:text></office:body></office:document-content>"
    )
    data = archive(mimetype="x", content_xml=content)
    found = texts("odt", data)
    assert found[0] == "Title"
    assert found[1].startswith("An old")
    done = zipfile.ZipFile(io.BytesIO(through("odt", data)))
    assert done.read("content.xml").decode() == content


def test_chapters_of_an_epub_are_texts() -> None:
    data = archive(mimetype="x", OEBPS__one_xhtml="<html><body><p>One <b>two</b></p></body></html>")
    assert texts("epub", data) == ["One two"]
    done = zipfile.ZipFile(io.BytesIO(through("epub", data)))
    assert b"<p>One <b>two</b></p>" in done.read("OEBPS/one.xhtml")


def test_each_source_of_an_xliff_gets_a_target() -> None:
    old = (
        '<xliff version="1.2"><file><body><trans-unit id="1"><source>One <g id="1">two</g></source>'
        "</trans-unit></body></file></xliff>"
    )
    new = (
        '<xliff version="2.1"><unit><segment><source>One</source><target/></segment></unit></xliff>'
    )
    assert b'</source><target>One <g id="1">two</g></target></trans-unit>' in through(
        "xliff", old.encode()
    )
    assert b"<source>One</source><target>ONE</target>" in through("xlf", new.encode(), str.upper)


def test_cues_of_subtitles_are_texts_and_times_stay() -> None:
    data = (
        "\ufeff1\r\n00:00:01,000 --> 00:00:02,000\r\nHello\r\nthere\r\n\r\n"
        "2\r\n00:00:03,000 --> 00:00:04,000\r\nBye\r\n"
    )
    raw = data.encode("utf-8")
    assert texts("srt", raw) == ["Hello\r\nthere", "Bye"]
    assert through("srt", raw, str.upper).decode() == data.replace("Hello", "HELLO").replace(
        "there", "THERE"
    ).replace("Bye", "BYE")


def test_values_of_json_are_texts_and_names_are_not() -> None:
    data = b'{"title": "A \\"b\\"", "n": [1, "two", null], "e": ""}'
    assert texts("json", data) == ['A "b"', "two"]
    done = json.loads(through("json", data, str.upper))
    assert done == {"title": 'A "B"', "n": [1, "TWO", None], "e": ""}


def test_messages_of_a_catalogue_are_texts() -> None:
    head = b'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'
    data = head + b'msgid "One"\nmsgstr ""\n'
    assert texts("po", data) == ["One"]
    assert b'msgid "One"\nmsgstr "ONE"' in through("po", data, str.upper)


def test_fenced_code_of_markdown_is_copied() -> None:
    data = b"# Title\n\n```\ncode here\n```\n\nText\n"
    assert texts("md", data) == ["Title", "Text"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_a_text_keeps_its_encoding(encoding: str) -> None:
    text = "A primeira opção é a casa junto à praça do coração.\r\nOutra linha também é útil.\r\n"
    data = text.encode(encoding)
    assert through("txt", data) == data


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=80))
def test_any_text_comes_out_as_it_went_in(text: str) -> None:
    assert through("txt", text.encode()) == text.encode()


def test_html_comes_out_as_it_went_in() -> None:
    data = (
        b"<!DOCTYPE html>\n<html><head><style>p{}</style></head>"
        b"<body class=x><p>One&nbsp;<b>two</b></body></html>"
    )
    assert through("html", data) == data


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as written:
        written.writestr("word/document.xml", b" " * 300_000_000)
    return out.getvalue()


EVIL = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    ("extension", "data"),
    [
        ("docx", b"not a zip"),
        ("docx", b"\xd0\xcf\x11\xe0encrypted"),
        ("docx", archive(some_txt="x")),
        ("docx", archive(word__document_xml="<broken")),
        ("docx", archive(word__document_xml=f"{EVIL}<a>&x;</a>")),
        ("docx", word()[:2000]),
        ("pptx", word()),
        ("odt", word()),
        ("xliff", b"<html/>"),
        ("xliff", f"{EVIL}<html/>".encode()),
        ("json", b"{"),
        ("json", b"[" * 100_000),
        ("txt", b"\x00\x01\x02"),
        ("html", b"<b>" * 300),
    ],
)
def test_what_is_not_what_its_name_says_is_refused(extension: str, data: bytes) -> None:
    with pytest.raises(InvalidFile):
        form(extension).read(data)


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(InvalidFile, match="unpacks to more"):
        form("docx").read(bomb())


def test_other_extensions_are_refused_by_name() -> None:
    with pytest.raises(InvalidFile, match="file extension 'exe'"):
        kind_of("virus.exe")


def test_a_marked_text_is_what_formats_give() -> None:
    assert isinstance(form("txt").read(b"x")[0], Marked)
