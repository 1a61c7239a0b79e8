"""Translation memories through the official client, and their effect on translations."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import deepl
import httpx
import pytest

from hanse.language import register_memories
from hanse.platform.job_worker import run_jobs
from hanse.platform.jobs import Jobs
from tests.eventing import going
from tests.language.memories.test_tmx import tmx, unit
from tests.language.test_deepl_client import call

PATH = "/v3/translation_memories"
FILE = tmx(unit(en="The house is very old.", pt_br="A casa é velhíssima.") + unit(en="Only"))


@pytest.fixture
def translator(server: Any, key: str) -> deepl.DeepLClient:
    return deepl.DeepLClient(key, server_url=server.url)


@pytest.fixture
async def working(database: Any) -> AsyncIterator[None]:
    jobs = Jobs()
    register_memories(jobs)
    async with going(lambda stop: run_jobs(jobs, database.url("hanse_jobs"), stop)):
        yield


async def finished(client: httpx.AsyncClient, job_id: str) -> dict[str, Any]:
    for _ in range(400):
        job = (await client.get(f"{PATH}/jobs/{job_id}")).json()
        if job["results"][0]["status"] not in ("processing", "awaiting_input"):
            return job["results"][0]  # type: ignore[no-any-return]
        await asyncio.sleep(0.05)
    raise AssertionError("it is never done")


async def imported(client: httpx.AsyncClient, data: bytes) -> dict[str, Any]:
    announced = {"source_file": {"file_name": "m.tmx", "content_length": len(data)}}
    taken = (await client.post(f"{PATH}/import", json=announced)).json()
    async with httpx.AsyncClient() as stranger:
        sent = await stranger.put(taken["upload_url"], content=data)
        assert sent.status_code == 200, sent.text
        again = await stranger.put(taken["upload_url"], content=data)
        assert again.status_code == 409
    return await finished(client, taken["job_id"])


@pytest.mark.usefixtures("working")
async def test_a_memory_goes_in_and_out_by_the_official_client(
    translator: deepl.DeepLClient, tmp_path: Path
) -> None:
    path = tmp_path / "house.tmx"
    path.write_bytes(FILE)
    job = await call(
        lambda: translator.import_translation_memory_from_filepath(path, display_name="House")
    )
    result: Any = job.result
    assert (result.status, result.skipped_segment_count) == ("completed", 1)
    memory = await call(lambda: translator.get_translation_memory(result.translation_memory_id))
    assert (memory.name, memory.source_language, memory.segment_count) == ("House", "en", 1)
    assert memory.target_languages == ["pt-br"]
    listed = await call(translator.list_translation_memories)
    assert memory.translation_memory_id in [each.translation_memory_id for each in listed]
    page = await call(lambda: translator.list_translation_memory_segments(memory))
    assert [each.source_text for each in page.segments] == ["The house is very old."]
    out = tmp_path / "out.tmx"
    await call(lambda: translator.export_translation_memory_to_filepath(memory, out))
    assert "A casa é velhíssima." in out.read_text()
    reused = await call(lambda: translator.create_translation_memory_export(memory))
    assert reused.reused_existing
    await call(lambda: translator.delete_translation_memory(memory))
    with pytest.raises(deepl.DeepLException):
        await call(lambda: translator.get_translation_memory(memory))


@pytest.mark.usefixtures("working")
async def test_a_file_that_is_no_memory_fails_with_the_reason(client: httpx.AsyncClient) -> None:
    result = await imported(client, b"<html/>")
    assert result["status"] == "failed"
    assert "not TMX" in result["error"]["message"]


async def test_known_sentences_are_taken_and_like_ones_told(client: httpx.AsyncClient) -> None:
    made = await client.post(PATH, json={"name": "Ours", "source_language": "en"})
    assert made.status_code == 201, made.text
    memory_id = made.json()["translation_memory_id"]
    segments = [
        ("The house is very old.", "A casa é velhíssima."),
        ("Pay 30 euros now.", "Pague já 30 euros."),
        ("Close {name}, please.", "Encerre {name}, por favor."),
    ]
    added = await client.post(
        f"{PATH}/{memory_id}/segments",
        json={
            "segments": [
                {"source_text": source, "target_text": target, "target_language": "pt-BR"}
                for source, target in segments
            ]
        },
    )
    assert (added.status_code, added.json()["segment_count"]) == (200, 3)
    text = "The house is very old. Pay 45 euros now. Close {name}, please. The house is very new."
    asked = {"text": [text], "source_lang": "en", "target_lang": "pt-BR"}
    plain = (await client.post("/v2/translate", json=asked)).json()["translations"][0]
    assert "velhíssima" not in plain["text"]
    assert "translation_memory_matches" not in plain
    more = {"translation_memory_id": memory_id, "translation_memory_threshold": 70}
    known = (await client.post("/v2/translate", json=asked | more)).json()["translations"][0]
    assert known["text"].startswith(
        "A casa é velhíssima. Pague já 45 euros. Encerre {name}, por favor. "
    )
    assert known["text"].endswith(plain["text"][-8:])
    assert [match["percent"] for match in known["translation_memory_matches"]] == [100, 80, 100, 83]
    changed = {
        "source_text": "The house is very new.",
        "target_text": "Casa nova.",
        "target_language": "pt-BR",
    }
    await client.post(f"{PATH}/{memory_id}/segments", json={"segments": [changed]})
    learned = (await client.post("/v2/translate", json=asked | more)).json()["translations"][0]
    assert learned["text"].endswith(" Casa nova.")
    tagged = {**asked, **more, "text": ["<p>The house is very old.</p>"], "tag_handling": "html"}
    answer = (await client.post("/v2/translate", json=tagged)).json()["translations"][0]
    assert answer["text"] == "<p>A casa é velhíssima.</p>"


async def test_segments_are_paged_and_filtered(client: httpx.AsyncClient) -> None:
    made = (await client.post(PATH, json={"name": "Pages", "source_language": "en"})).json()
    path = f"{PATH}/{made['translation_memory_id']}/segments"
    segments = [
        {"source_text": f"Word {number}", "target_text": f"Wort {number}", "target_language": "de"}
        for number in range(5)
    ]
    await client.post(path, json={"segments": segments})
    first = (await client.get(path, params={"page_size": 3})).json()
    rest = (
        await client.get(path, params={"page_size": 3, "page_cursor": first["next_page_cursor"]})
    ).json()
    assert "next_page_cursor" not in rest
    found = [each["source_text"] for each in first["segments"] + rest["segments"]]
    assert sorted(found) == [f"Word {number}" for number in range(5)]
    for query, count in [("wort 3", 1), ("word", 5), ("nothing", 0)]:
        page = (await client.get(path, params={"filter_text": query})).json()
        assert len(page["segments"]) == count
    exact = {"filter_text": "wort 3", "filter_case_sensitive": "true"}
    assert (await client.get(path, params=exact)).json()["segments"] == []
    assert (await client.get(path, params={"filter_text": "x"})).status_code == 400
    assert (await client.get(path, params={"page_cursor": "x"})).status_code == 400


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("", {"name": "x"}),
        ("", {"name": "x", "source_language": "xx"}),
        ("/import", {}),
        ("/import", {"source_file": {"file_name": "a.docx", "content_length": 1}}),
        ("/import", {"source_file": {"file_name": "a.tmx", "content_length": 0}}),
        ("/import", {"source_file": {"file_name": "a.tmx", "content_length": "x"}}),
    ],
)
async def test_what_makes_no_sense_is_refused(
    client: httpx.AsyncClient, path: str, body: dict[str, Any]
) -> None:
    answer = await client.post(f"{PATH}{path}", json=body)
    assert answer.status_code == 400, answer.text


async def test_a_file_that_is_announced_as_too_large_is_refused(client: httpx.AsyncClient) -> None:
    announced = {"source_file": {"file_name": "a.tmx", "content_length": 10**9}}
    assert (await client.post(f"{PATH}/import", json=announced)).status_code == 413


async def test_strangers_and_guessed_addresses_find_nothing(
    client: httpx.AsyncClient, server: Any
) -> None:
    made = (await client.post(PATH, json={"name": "Private", "source_language": "en"})).json()
    memory_id = made["translation_memory_id"]
    stranger = server.client(await server.make_key(None, await server.make_organisation()))
    for path in (f"{PATH}/{memory_id}", f"{PATH}/{memory_id}/segments", f"{PATH}/{uuid4()}"):
        assert (await stranger.get(path)).status_code == 404
    asked = {
        "text": ["x"],
        "source_lang": "en",
        "target_lang": "pt",
        "translation_memory_id": memory_id,
    }
    assert (await stranger.post("/v2/translate", json=asked)).status_code == 404
    announced = {"source_file": {"file_name": "m.tmx", "content_length": 5}}
    taken = (await client.post(f"{PATH}/import", json=announced)).json()
    for token in ("x", "A" * 88, taken["upload_url"].rpartition("/")[2][:-4] + "AAA="):
        async with httpx.AsyncClient(base_url=server.url) as nobody:
            assert (await nobody.put(f"{PATH}/files/{token}", content=FILE)).status_code == 404
            assert (await nobody.get(f"{PATH}/files/{token}")).status_code == 404
    reader = server.client(await server.make_key(["translation_memories:read"]))
    assert (await reader.get(f"{PATH}/{memory_id}")).status_code == 200
    assert (await reader.delete(f"{PATH}/{memory_id}")).status_code == 403
