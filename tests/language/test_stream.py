"""A text is translated sentence by sentence over server-sent events."""

import json
from typing import Any
from uuid import uuid4

import httpx
import pytest


async def events(client: httpx.AsyncClient, **fields: Any) -> list[tuple[str, Any]]:
    answer = await client.post("/v1/translate/stream", json={"target_lang": "PT", **fields})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    found = []
    for block in answer.text.replace("\r\n", "\n").strip().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.split("\n"))
        found.append((lines["event"], json.loads(lines["data"])))
    return found


TEXT = "Good morning, Anna.\n\nThe water is cold. We have {count} boats."


async def test_each_sentence_is_an_event_and_the_last_has_the_whole(
    client: httpx.AsyncClient,
) -> None:
    *parts, (last, whole) = await events(client, text=TEXT, source_lang="EN")
    assert last == "done"
    assert {name for name, _ in parts} == {"sentence"}
    assert "".join(TEXT[part["start"] : part["end"]] for _, part in parts) == TEXT
    assert "".join(part["text"] for _, part in parts) == whole["text"]
    assert sum(part["is_translated"] for _, part in parts) == 3
    assert "\n\n" in whole["text"]
    assert "{count}" in whole["text"]
    assert whole["billed_characters"] == len(TEXT)
    plain = await client.post(
        "/v2/translate", json={"text": [TEXT], "source_lang": "EN", "target_lang": "PT"}
    )
    assert plain.json()["translations"][0]["text"] == whole["text"]


async def test_the_language_is_recognised_from_the_whole_text(client: httpx.AsyncClient) -> None:
    *_, (_, whole) = await events(client, text="The old house by the river is empty. No.")
    assert whole["detected_source_language"] == "en"


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({}, "'text'"),
        ({"text": "x", "target_lang": "xx"}, "target_lang"),
        ({"text": "Hello there.", "source_lang": "EN", "target_lang": "DE"}, "model"),
    ],
)
async def test_what_cannot_be_translated_is_refused_before_the_stream(
    client: httpx.AsyncClient, fields: dict[str, str], complaint: str
) -> None:
    answer = await client.post("/v1/translate/stream", json={"target_lang": "PT", **fields})
    assert answer.status_code == 400
    assert complaint in answer.text


async def test_terms_of_a_glossary_stand_in_the_parts_and_are_told_at_the_end(
    client: httpx.AsyncClient,
) -> None:
    made = await client.post(
        "/v3/glossaries",
        json={
            "name": "Harbour",
            "dictionaries": [
                {
                    "source_lang": "en",
                    "target_lang": "pt",
                    "entries": "boat\tembarcação",
                    "entries_format": "tsv",
                }
            ],
        },
    )
    glossary = made.json()["glossary_id"]
    text = "The water is cold. The boat is old."
    asked = {"text": text, "source_lang": "EN", "glossary_id": glossary}
    *parts, (_, whole) = await events(client, **asked)
    assert "embarcação" in parts[-1][1]["text"]
    [term] = whole["glossary_terms"]
    assert term["source"] == "boat"
    assert term["outcome"] in ("exact", "replaced")
    *_, (_, without) = await events(client, text=text, source_lang="EN")
    assert "glossary_terms" not in without
    answer = await client.post(
        "/v1/translate/stream", json={**asked, "glossary_id": str(uuid4()), "target_lang": "PT"}
    )
    assert answer.status_code == 404
