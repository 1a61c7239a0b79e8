"""Translated office files open in LibreOffice: converted to PDF, they show the translation."""

import io
import shutil
import subprocess
from pathlib import Path
from typing import Any

import deepl
import docx
import openpyxl
import pdfplumber
import pptx
import pytest

from tests.serving import Hanse

SOFFICE = shutil.which("soffice")
INSTALL = "libreoffice-writer-nogui libreoffice-calc-nogui libreoffice-impress-nogui"

pytestmark = pytest.mark.skipif(SOFFICE is None, reason=f"LibreOffice is missing: {INSTALL}")

HYPERLINK = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink"
WORDS = {
    "The old house": "casa",
    "The green book": "livro",
    "The cold water": "água",
    "The small window": "janela",
}
HEADING, TEXT, CELL, LINK = WORDS
BOTH = "four.docx"


def a_docx(path: Path) -> None:
    document = docx.Document()
    document.add_heading(HEADING, 1)
    document.add_paragraph(TEXT, style="List Bullet")
    document.add_table(1, 1).cell(0, 0).text = CELL
    paragraph = document.add_paragraph()
    relation = document.part.relate_to("https://hanse.example/", HYPERLINK, is_external=True)
    link = docx.oxml.parse_xml(
        '<w:hyperlink xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
        'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
        f'r:id="{relation}"><w:r><w:t>{LINK}</w:t></w:r></w:hyperlink>'
    )
    paragraph._p.append(link)
    document.add_page_break()
    document.add_paragraph(TEXT)
    document.save(str(path))


def a_pptx(path: Path) -> None:
    presentation = pptx.Presentation()
    for number in range(2):
        slide: Any = presentation.slides.add_slide(presentation.slide_layouts[1])
        slide.shapes.title.text = (HEADING, CELL)[number]
        run = slide.placeholders[1].text_frame.paragraphs[0].add_run()
        run.text = (TEXT, LINK)[number]
        run.hyperlink.address = "https://hanse.example/"
    presentation.save(str(path))


def an_xlsx(path: Path) -> None:
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.column_dimensions["A"].width = 40
    for number, text in enumerate(WORDS, 1):
        sheet.cell(number, 1, text)
    book.create_sheet("Two")["A1"] = TEXT
    book.save(path)


def test_translated_office_files_are_shown_by_libreoffice(hanse: Hanse, tmp_path: Path) -> None:
    client = deepl.DeepLClient(hanse.make_key(), server_url=hanse.url)
    makers = {"one.docx": a_docx, "two.pptx": a_pptx, "three.xlsx": an_xlsx, BOTH: a_docx}
    handles = {}
    for name, make in makers.items():
        make(tmp_path / name)
        data = (tmp_path / name).read_bytes()
        more = {"extra_body_parameters": {"bilingual": "1"}} if name == BOTH else {}
        handles[name] = client.translate_document_upload(
            data, filename=name, target_lang="PT-BR", **more
        )
    for name, handle in handles.items():
        client.translate_document_wait_until_done(handle)
        out = io.BytesIO()
        client.translate_document_download(handle, out)
        (tmp_path / name).write_bytes(out.getvalue())
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    subprocess.run(
        [str(SOFFICE), profile, "--headless", "--convert-to", "pdf", *makers],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        timeout=120,
    )
    for name in makers:
        with pdfplumber.open((tmp_path / name).with_suffix(".pdf")) as document:
            assert len(document.pages) == 2, name
            shown = " ".join(page.extract_text() for page in document.pages).lower()
        for text, word in WORDS.items():
            assert word in shown, (name, shown)
            assert (text.lower() in shown) == (name == BOTH), (name, shown)
