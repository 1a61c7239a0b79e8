"""Documents through the official client, against the whole tree."""

import io
import signal
import time
from pathlib import Path
from uuid import uuid4

import deepl
import docx
import pytest
from lxml import etree

from tests.serving import Hanse


@pytest.fixture(scope="module")
def key(hanse: Hanse) -> str:
    return hanse.make_key()


@pytest.fixture
def client(hanse: Hanse, key: str) -> deepl.DeepLClient:
    return deepl.DeepLClient(key, server_url=hanse.url)


def test_a_docx_comes_back_in_the_other_language(client: deepl.DeepLClient, tmp_path: Path) -> None:
    document = docx.Document()
    document.add_heading("The house by the river", 0)
    paragraph = document.add_paragraph("My ")
    paragraph.add_run("brother").bold = True
    paragraph.add_run(" lives in Germany.")
    document.save(str(tmp_path / "a.docx"))
    status = client.translate_document_from_filepath(
        tmp_path / "a.docx", tmp_path / "b.docx", target_lang="PT-BR"
    )
    assert status.billed_characters == len("The house by the riverMy brother lives in Germany.")
    done = docx.Document(str(tmp_path / "b.docx"))
    assert "rio" in done.paragraphs[0].text
    assert [run.text for run in done.paragraphs[1].runs if run.bold] == ["irmão"]


def test_a_translation_can_be_fetched_more_than_once(client: deepl.DeepLClient) -> None:
    handle = client.translate_document_upload(
        "The water is cold.\n\nThe water is hot.\n", filename="a.txt", target_lang="PT-BR"
    )
    client.translate_document_wait_until_done(handle)
    for _ in range(2):
        out = io.BytesIO()
        client.translate_document_download(handle, out)
        first, empty, second, _ = out.getvalue().decode().split("\n")
        assert "água" in first
        assert empty == ""
        assert "quente" in second


def test_the_usage_counts_a_document_once(hanse: Hanse, key: str) -> None:
    client = deepl.DeepLClient(hanse.make_key(), server_url=hanse.url)
    handle = client.translate_document_upload(
        "One two three.", filename="a.txt", source_lang="EN", target_lang="PT-BR"
    )
    client.translate_document_wait_until_done(handle)
    until = time.monotonic() + 20
    while time.monotonic() < until:
        usage = hanse.client(client.headers["Authorization"].split()[1]).get("/v2/usage").json()
        if usage["api_key_character_count"]:
            break
        time.sleep(0.2)
    assert usage["api_key_character_count"] == len("One two three.")


def test_a_glossary_decides_the_words_of_a_document(client: deepl.DeepLClient) -> None:
    glossary = client.create_glossary("Words", "en", "pt", {"invoice": "nota fiscal"})
    handle = client.translate_document_upload(
        "Send the invoice today.",
        filename="a.txt",
        source_lang="EN",
        target_lang="PT-BR",
        glossary=glossary,
    )
    client.translate_document_wait_until_done(handle)
    out = io.BytesIO()
    client.translate_document_download(handle, out)
    assert "nota fiscal" in out.getvalue().decode()


def test_a_style_and_a_memory_decide_in_documents_and_streams(
    hanse: Hanse, key: str, client: deepl.DeepLClient
) -> None:
    http = hanse.client(key)
    style = client.create_style_rule(
        "House",
        "PT",
        {"punctuation": {"exclamation_marks": "do_not_use"}},
        [{"label": "x", "prompt": "Be brief."}],
    )
    path = "/v3/translation_memories"
    memory = http.post(path, json={"name": "Ours", "source_language": "en"}).json()
    memory_id = memory["translation_memory_id"]
    segment = {
        "source_text": "The house is very old.",
        "target_text": "A casa é velhíssima.",
        "target_language": "pt-BR",
    }
    http.post(f"{path}/{memory_id}/segments", json={"segments": [segment]})
    fields = {
        "source_lang": "en",
        "target_lang": "PT-BR",
        "style_id": style.style_id,
        "translation_memory_id": memory_id,
        "context": "houses",
    }
    document = docx.Document()
    document.add_paragraph("The house is very old.")
    paragraph = document.add_paragraph("Stop! My ")
    paragraph.add_run("brother").bold = True
    paragraph.add_run(" lives in Germany!")
    file = io.BytesIO()
    document.save(file)
    answer = http.post("/v2/document", data=fields, files={"file": ("a.docx", file.getvalue())})
    assert answer.status_code == 200, answer.text
    handle = deepl.DocumentHandle(**answer.json())
    client.translate_document_wait_until_done(handle)
    out = io.BytesIO()
    client.translate_document_download(handle, out)
    first, second = docx.Document(out).paragraphs
    assert first.text == "A casa é velhíssima."
    assert "!" not in second.text
    assert second.text.endswith("Alemanha.")
    assert [run.text for run in second.runs if run.bold] == ["irmão"]
    shown = http.get(f"/v2/document/{handle.document_id}?document_key={handle.document_key}").json()
    assert shown["not_applied"] == ["context", "style_rules.custom_instructions"]

    text = {"text": "The house is very old. Stop!"}
    streamed = http.post("/v1/translate/stream", json=fields | text).text
    assert '"text":"A casa é velhíssima."' in streamed
    assert "!" not in streamed
    assert '"not_applied":["context","style_rules.custom_instructions"]' in streamed
    wrong = {**fields, "style_id": str(uuid4())}
    assert http.post("/v1/translate/stream", json=wrong | text).status_code == 404
    refused = http.post("/v2/document", data=wrong, files={"file": ("a.txt", b"x")})
    assert refused.status_code == 404


def test_a_document_in_the_target_language_is_an_error_of_the_document(
    client: deepl.DeepLClient,
) -> None:
    handle = client.translate_document_upload(
        "O gato dorme na casa da minha avó.", filename="a.txt", target_lang="PT-BR"
    )
    with pytest.raises(deepl.DocumentTranslationException, match="are equal"):
        status = client.translate_document_wait_until_done(handle)
        raise deepl.DocumentTranslationException(status.error_message or "", handle)


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("a.exe", b"x", "file extension"),
        ("a.txt", b"", "Invalid file"),
        ("noname", b"x", "file extension"),
    ],
)
def test_a_file_that_is_none_of_ours_is_refused_at_once(
    hanse: Hanse, key: str, name: str, content: bytes, complaint: str
) -> None:
    answer = hanse.client(key).post(
        "/v2/document", data={"target_lang": "PT"}, files={"file": (name, content)}
    )
    assert answer.status_code == 400
    assert complaint in answer.json()["message"]


def test_a_damaged_file_is_an_error_of_the_document(client: deepl.DeepLClient) -> None:
    handle = client.translate_document_upload(
        b"not a zip", filename="a.docx", source_lang="EN", target_lang="PT-BR"
    )
    status = client.translate_document_wait_until_done(handle)
    assert status.status is deepl.DocumentStatus.Status.ERROR
    assert "Invalid file" in (status.error_message or "")


def test_who_has_not_the_key_does_not_find_the_document(hanse: Hanse, key: str) -> None:
    http = hanse.client(key)
    made = http.post(
        "/v2/document",
        data={"target_lang": "PT", "source_lang": "EN"},
        files={"file": ("a.txt", b"Hello there.")},
    ).json()
    path = f"/v2/document/{made['document_id']}"
    assert http.post(path, data={"document_key": "0" * 64}).status_code == 404
    assert http.post(path).status_code == 400
    assert http.post(f"/v2/document/{uuid4().hex}", data=made).status_code == 404
    assert http.get(path, params={"document_key": made["document_key"]}).status_code == 200


def test_a_document_goes_on_after_its_processes_are_killed(
    hanse: Hanse, client: deepl.DeepLClient
) -> None:
    count = 1500
    text = "\n".join(f"The house number {n} stands by the river." for n in range(count))
    handle = client.translate_document_upload(
        text, filename="a.txt", source_lang="EN", target_lang="PT-BR"
    )
    for word in (" jobs", " inference"):
        time.sleep(0.5)
        for process in hanse.processes(f"serve{word}"):
            process.send_signal(signal.SIGKILL)
    status = client.translate_document_wait_until_done(handle)
    assert status.ok
    assert status.billed_characters == len(text) - (count - 1)
    out = io.BytesIO()
    client.translate_document_download(handle, out)
    lines = out.getvalue().decode().split("\n")
    assert len(lines) == count
    for number, line in enumerate(lines):
        assert str(number) in line.replace(".", "").replace(",", "")


def test_a_document_comes_with_both_languages(client: deepl.DeepLClient) -> None:
    def ask(name: str, **more: str) -> deepl.DocumentHandle:
        return client.translate_document_upload(
            "The water is cold.\n", filename=name, target_lang="PT-BR", extra_body_parameters=more
        )

    handle = ask("a.txt", bilingual="1")
    client.translate_document_wait_until_done(handle)
    out = io.BytesIO()
    client.translate_document_download(handle, out)
    original, translation, _ = out.getvalue().decode().split("\n")
    assert original == "The water is cold."
    assert "água" in translation
    with pytest.raises(deepl.DeepLException, match="is for docx, odt"):
        ask("a.pdf", bilingual="1")
    with pytest.raises(deepl.DeepLException, match="not both"):
        ask("a.txt", bilingual="1", output_format="xlf")


@pytest.mark.parametrize("output_format", ["xlf", "tmx"])
def test_the_texts_can_be_had_with_their_translations(
    client: deepl.DeepLClient, output_format: str
) -> None:
    handle = client.translate_document_upload(
        "The water is cold.\n\nThe tea & milk < 3.\n",
        filename="a.txt",
        source_lang="EN",
        target_lang="PT-BR",
        output_format=output_format,
    )
    client.translate_document_wait_until_done(handle)
    out = io.BytesIO()
    client.translate_document_download(handle, out)
    root = etree.fromstring(out.getvalue())
    texts = [
        each.text for each in root.iter("{*}source", "{*}target", "{*}seg") if each.text is not None
    ]
    assert texts[0] == "The water is cold."
    assert "água" in texts[1]
    assert texts[2] == "The tea & milk < 3."
    assert root.tag.endswith("xliff" if output_format == "xlf" else "tmx")


def test_an_output_that_cannot_be_written_is_refused(client: deepl.DeepLClient) -> None:
    with pytest.raises(deepl.DeepLException, match="output_format"):
        client.translate_document_upload(
            "x", filename="a.txt", target_lang="PT-BR", output_format="docx"
        )
