"""Files with both languages: each paragraph, and its translation on the next line of it."""

import io
import zipfile

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from hanse.language.documents.formats import BILINGUAL_KINDS, KINDS, Block, bilingual_format_of
from tests.language.documents.test_formats import archive

FIELD = (
    "<w:r {ns}><w:fldChar w:fldCharType='begin'/></w:r>",
    "<w:r {ns}><w:instrText>PAGE</w:instrText></w:r>",
    "<w:r {ns}><w:fldChar w:fldCharType='separate'/></w:r>",
    "<w:r {ns}><w:t>7</w:t></w:r>",
    "<w:r {ns}><w:fldChar w:fldCharType='end'/></w:r>",
)


def both(extension: str, data: bytes) -> bytes:
    """Write a file with each of its texts and the same in capitals."""
    form = bilingual_format_of(KINDS[extension])
    blocks = [Block(each.text.upper(), each.marks) for each in form.read(data)]
    return form.write_bilingual(data, blocks)


def word() -> docx.document.Document:
    document = docx.Document()
    document.add_heading("The report", 1)
    item = document.add_paragraph("An ", style="List Number")
    item.add_run("old").bold = True
    item.add_run(" house")
    document.add_table(1, 1).cell(0, 0).text = "A cell"
    document.add_paragraph("12")
    footer = document.sections[0].footer.paragraphs[0]
    footer.add_run("Page ")
    for part in FIELD:
        footer._p.append(parse_xml(part.format(ns=nsdecls("w"))))
    picture = document.add_paragraph("See ")
    drawing = f"<w:r {nsdecls('w')}><w:drawing/></w:r>"
    picture._p.append(parse_xml(drawing))
    return document


def test_a_docx_has_each_translation_in_the_paragraph_of_its_text() -> None:
    document = word()
    before = [each.style.name for each in document.paragraphs if each.style]
    file = io.BytesIO()
    document.save(file)
    done = docx.Document(io.BytesIO(both("docx", file.getvalue())))
    assert [each.style.name for each in done.paragraphs if each.style] == before
    heading, item, number, picture = done.paragraphs
    assert heading.text == "The report\nTHE REPORT"
    assert item.text == "An old house\nAN OLD HOUSE"
    assert [run.text for run in item.runs if run.bold] == ["old", "OLD"]
    assert done.tables[0].cell(0, 0).text == "A cell\nA CELL"
    assert number.text == "12"
    assert picture.text == "See \nSEE "
    assert len(picture._p.findall(".//{*}drawing")) == 1
    footer = done.sections[0].footer.paragraphs[0]
    kinds = [each.get(each.keys()[0]) for each in footer._p.iter("{*}fldChar")]
    assert kinds == ["begin", "separate", "end"] * 2
    assert footer.text == "Page 7\nPAGE 7"
    compat = done.settings.element.find(".//{*}doNotExpandShiftReturn")
    assert compat is not None


def test_an_odt_keeps_its_paragraphs_and_has_notes_once() -> None:
    content = (
        '<office:document-content xmlns:office="o" xmlns:text="t"><office:body><office:text>'
        '<text:h>Title</text:h><text:p>An <text:span text:style-name="T1" xml:id="i">'
        "old</text:span> house<text:note>n</text:note>.</text:p><text:p>1</text:p>"
        "</office:text></office:body></office:document-content>"
    )
    done = both("odt", archive(mimetype="x", content_xml=content))
    text = zipfile.ZipFile(io.BytesIO(done)).read("content.xml").decode()
    etree.fromstring(text)
    assert "<text:h>Title<text:line-break/>TITLE</text:h>" in text
    assert "house<text:note>n</text:note>.<text:line-break/>AN " in text
    assert '<text:span text:style-name="T1">OLD</text:span> HOUSE.</text:p>' in text
    assert "<text:p>1</text:p>" in text
    assert text.count("xml:id") == text.count("<text:note>") == 1


def test_html_has_each_translation_on_a_line_of_its_own() -> None:
    data = (
        b"<html><head><title>One</title></head><body><h1>Two</h1>\n"
        b'<p id="p">Three <b id="b">four</b> <img src="x"> &amp; <code>x</code>\n</p>'
        b"<td>5</td></html>"
    )
    assert both("html", data) == (
        b"<html><head><title>One / ONE</title></head><body><h1>Two<br/>TWO</h1>\n"
        b'<p id="p">Three <b id="b">four</b> <img src="x"> &amp; <code>x</code><br/>'
        b"THREE <b>FOUR</b>  &amp; <code>x</code>\n</p><td>5</td></html>"
    )


def test_markdown_stays_markdown() -> None:
    data = b"# One\n\n- two\n  three\n\n> four\n\n| a | b |\n|---|---|\n| c | 1 |\n"
    assert both("md", data).decode() == (
        "# One / ONE\n\n- two\n  three\\\n  TWO THREE\n\n> four\\\n> FOUR\n\n"
        "| a<br>A | b<br>B |\n|---|---|\n| c<br>C | 1 |\n"
    )


def test_lines_and_cues_are_followed_by_their_translations() -> None:
    assert both("txt", b"one\r\n\r\n  two\r\n") == b"one\r\nONE\r\n\r\n  two\r\n  TWO\r\n"
    cue = b"1\n00:00:01,000 --> 00:00:02,000\nhello\n\n"
    assert both("srt", cue) == b"1\n00:00:01,000 --> 00:00:02,000\nhello\nHELLO\n\n"


@pytest.mark.parametrize("extension", ["txt", "md", "html"])
@settings(deadline=None)  # the first loads the format
@given(text=st.text(st.sampled_from("ab*_[]()<>&|#>-`\\\n 1"), max_size=40))
def test_what_is_the_same_in_both_languages_stands_there_once(extension: str, text: str) -> None:
    form = bilingual_format_of(KINDS[extension])
    data = text.encode()
    blocks = [Block(each.text, each.marks) for each in form.read(data)]
    assert form.write_bilingual(data, blocks) == form.write(data, blocks) or extension == "md"
    if extension != "html":
        assert form.write_bilingual(data, blocks) == data


def test_kinds_with_room_for_two_languages_are_those() -> None:
    assert BILINGUAL_KINDS == (
        "docx", "odt", "epub", "html", "htm", "txt", "md", "srt", "vtt"
    )  # fmt: skip
