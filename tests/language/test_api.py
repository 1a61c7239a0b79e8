"""The DeepL wire, called over HTTP, with the real models behind it."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from hanse.inference import InferenceClient

SCOPES = ("translate:text", "languages:read", "usage:read")


def white_space(text: str) -> list[str]:
    return re.findall(r"[^\S ]+| {2,}|^ | $", text)


async def translate(client: httpx.AsyncClient, *texts: str, **fields: Any) -> list[dict[str, Any]]:
    answer = await client.post(
        "/v2/translate", json={"text": texts, "target_lang": "PT-BR", **fields}
    )
    assert answer.status_code == 200, answer.text
    return answer.json()["translations"]


async def test_english_becomes_portuguese_and_back(client: httpx.AsyncClient) -> None:
    [there] = await translate(client, "The house is very old.")
    assert there == {"detected_source_language": "EN", "text": "A casa é muito antiga."}
    [back] = await translate(client, there["text"], target_lang="en-gb")
    assert back["detected_source_language"] == "PT"
    assert back["text"] == "The house is very old."


async def test_line_breaks_and_white_space_come_out_as_they_went_in(
    client: httpx.AsyncClient,
) -> None:
    text = (
        "  Dear guests,\r\n\r\n\tthe kitchen closes at ten.  Please order before.\n"
        " - Soup\n - Bread   (fresh)\n\n\nThank you! \n"
    )
    [translation] = await translate(client, text)
    assert white_space(translation["text"]) == white_space(text)
    assert translation["text"].startswith("  ")
    assert translation["text"] != text


async def test_texts_come_back_in_their_order(client: httpx.AsyncClient) -> None:
    numbers = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    texts = [f"The room has {a} windows and {b} doors." for a in numbers for b in numbers[:5]]
    together = [each["text"] for each in await translate(client, *texts, source_lang="EN")]
    alone = [(await translate(client, text, source_lang="EN"))[0]["text"] for text in texts[::10]]
    assert len(together) == 50
    assert together[::10] == alone
    assert len(set(together)) == 50


async def test_a_form_is_answered_like_json(client: httpx.AsyncClient) -> None:
    form = urlencode(
        [("text", "Good morning"), ("text", "Goodbye"), ("target_lang", "pt"), ("debug", "1")]
    )
    answer = await client.post(
        "/v2/translate",
        content=form,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert answer.json()["translations"] == await translate(client, "Good morning", "Goodbye")


async def test_source_characters_are_billed_as_code_points(client: httpx.AsyncClient) -> None:
    [hello, same, blank] = await translate(
        client, "Good day 😀", "Olá", " \n", show_billed_characters=True, context="x" * 1_000
    )
    assert [each["billed_characters"] for each in (hello, same, blank)] == [10, 3, 2]


async def test_the_kind_of_model_is_told_when_asked_for(client: httpx.AsyncClient) -> None:
    [hello, same] = await translate(client, "Hello", "Olá", model_type="quality_optimized")
    assert hello["model_type_used"] == "latency_optimized"
    assert "model_type_used" not in same
    [hello] = await translate(client, "Hello")
    assert "model_type_used" not in hello


@pytest.mark.parametrize(
    "text",
    ["", " ", " \r\n\t\u2028 ", "\x00\x01\x1f", "12:30", "😀", "a" * 100_000, "-" * 5_000],
)
async def test_what_has_nothing_to_translate_comes_back_as_it_is(
    client: httpx.AsyncClient, text: str
) -> None:
    [translation] = await translate(client, text)
    assert translation["text"] == text
    assert translation["detected_source_language"] == "EN"


async def test_a_sentence_of_100_000_characters_is_translated(client: httpx.AsyncClient) -> None:
    text = "very " * 20_000 + "long"
    [translation] = await translate(client, text, source_lang="EN", show_billed_characters=True)
    assert translation["billed_characters"] == len(text)
    assert translation["text"].count("muito") > 1_000


async def test_control_characters_stay_where_they_were(client: httpx.AsyncClient) -> None:
    [translation] = await translate(
        client, "\x1b[1mGood morning.\x00The house is very old.\x07", source_lang="EN"
    )
    assert re.findall(r"[\x00-\x1f]", translation["text"]) == ["\x1b", "\x00", "\x07"]
    assert translation["text"].endswith("\x00A casa é muito antiga.\x07")


async def test_a_text_in_the_target_language_comes_back_and_is_billed(
    client: httpx.AsyncClient,
) -> None:
    [translation] = await translate(
        client, "Bom  dia", source_lang="PT-PT", target_lang="PT-BR", show_billed_characters="1"
    )
    assert translation == {
        "detected_source_language": "PT",
        "text": "Bom  dia",
        "billed_characters": 8,
    }


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"target_lang": "XX"}, "Value for 'target_lang' not supported."),
        ({"target_lang": "DE"}, "Value for 'target_lang' not supported. No installed model"),
        ({"source_lang": "FR"}, "Value for 'source_lang' not supported. No installed model"),
        ({"text": ["x"] * 51}, "51 texts"),
        ({"text": []}, "Parameter 'text' must have at least one text."),
        ({"text": [1]}, "Parameter 'text' must be an array of strings."),
        ({"formality": "more"}, "Target language 'PT-BR' doesn't support formality."),
        ({"translation_memory_id": "x"}, "Value for 'translation_memory_id' is not a valid id."),
        ({"translation_memory_threshold": 101}, "must be a number from 0 to 100"),
        ({"style_id": "x"}, "Value for 'style_id' is not a valid id."),
        ({"custom_instructions": ["x" * 301]}, "Parameter 'custom_instructions' may have 10"),
        ({"tag_handling": "xml", "text": ["<a>"]}, "Tag handling parsing failed"),
        (
            {"text": ["Je voudrais réserver une table pour deux personnes ce soir."]},
            "Value for 'source_lang' not supported. Text 0 was recognised as French",
        ),
    ],
)
async def test_what_cannot_be_done_is_refused_by_name(
    client: httpx.AsyncClient, fields: dict[str, Any], message: str
) -> None:
    answer = await client.post(
        "/v2/translate", json={"text": ["Hello"], "target_lang": "PT-BR", **fields}
    )
    assert answer.status_code == 400
    assert answer.json()["message"].startswith(message) or message in answer.json()["message"]
    assert set(answer.json()) == {"message", "code"}


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        (b'{"text": ["\xff"], "target_lang": "PT"}', "application/json", 400),
        (b"text=%ff&target_lang=PT", "application/x-www-form-urlencoded", 400),
        (b"", "application/json", 400),
        (b"null", "application/json", 400),
        (b"text=Hello", "text/plain", 415),
        (b"x" * 200 * 1024, "application/json", 413),
        (b"text=" + b"a" * 200 * 1024, "application/x-www-form-urlencoded", 413),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused(
    client: httpx.AsyncClient, content: bytes, content_type: str, status: int
) -> None:
    answer = await client.post(
        "/v2/translate", content=content, headers={"Content-Type": content_type}
    )
    assert answer.status_code == status
    assert answer.json()["message"]


async def test_a_large_body_of_unknown_length_is_refused(client: httpx.AsyncClient) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b"a" * 1024

    answer = await client.post(
        "/v2/translate", content=chunks(), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 413


async def test_a_body_of_just_the_limit_is_translated(client: httpx.AsyncClient) -> None:
    frame = '{"target_lang":"PT","text":[""]}'
    text = "n\n" * ((128 * 1024 - len(frame)) // 3)
    body = f'{{"target_lang":"PT","text":["{text}"]}}'.replace("\n", "\\n")
    assert 128 * 1024 - 3 < len(body) <= 128 * 1024
    answer = await client.post(
        "/v2/translate", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 200
    assert answer.json()["translations"][0]["text"].count("\n") == text.count("\n")


@pytest.mark.parametrize("scope", SCOPES)
async def test_a_key_without_the_scope_is_told_which(server: Any, scope: str) -> None:
    calls = {
        "translate:text": ("POST", "/v2/translate"),
        "languages:read": ("GET", "/v2/languages"),
        "usage:read": ("GET", "/v2/usage"),
    }
    key = await server.make_key([each for each in SCOPES if each != scope])
    async with server.client(key) as client:
        answer = await client.request(*calls[scope])
    assert answer.status_code == 403
    assert answer.json()["detail"] == f"Missing required scope(s): {scope}"


@pytest.mark.parametrize(("key", "status"), [(None, 401), ("hns_wrong", 403)])
async def test_without_a_valid_key_nothing_is_answered(
    server: Any, key: str | None, status: int
) -> None:
    async with server.client(key) as client:
        for method, path in [("POST", "/v2/translate"), ("GET", "/v3/languages")]:
            answer = await client.request(method, path)
            assert answer.status_code == status
            assert answer.json()["message"]


async def test_languages_are_listed_as_version_2_writes_them(client: httpx.AsyncClient) -> None:
    sources = (await client.get("/v2/languages")).json()
    assert sources == [
        {"language": "EN", "name": "English"},
        {"language": "PT", "name": "Portuguese"},
    ]
    targets = (await client.get("/v2/languages", params={"type": "target"})).json()
    assert [each["language"] for each in targets] == ["EN-GB", "EN-US", "PT-BR", "PT-PT"]
    assert not any(each["supports_formality"] for each in targets)
    answer = await client.get("/v2/languages", params={"type": "both"})
    assert answer.status_code == 400
    assert answer.json()["message"] == "Value for 'type' not supported."


async def test_languages_are_listed_as_version_3_writes_them(client: httpx.AsyncClient) -> None:
    answer = await client.get(
        "/v3/languages", params={"resource": "translate_text", "include": ["beta", "external"]}
    )
    listed = {each["lang"]: each for each in answer.json()}
    assert sorted(listed) == ["en", "en-GB", "en-US", "pt", "pt-BR", "pt-PT"]
    assert listed["en"] == {
        "lang": "en",
        "name": "English",
        "usable_as_source": True,
        "usable_as_target": False,
        "status": "stable",
        "features": {"auto_detection": {"status": "stable"}},
    }
    assert listed["pt-BR"]["usable_as_target"]
    assert not listed["pt-BR"]["usable_as_source"]
    assert (await client.get("/v3/languages?resource=voice")).json() == []


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "Parameter 'resource' not specified."),
        ("resource=tea", "Value for 'resource' not supported."),
        ("product=translate_text", "Parameter 'product' has been renamed to 'resource'."),
        ("resource=voice&include=all", "Value for 'include' not supported."),
    ],
)
async def test_a_wrong_question_for_languages_is_refused(
    client: httpx.AsyncClient, query: str, message: str
) -> None:
    answer = await client.get(f"/v3/languages?{query}")
    assert answer.status_code == 400
    assert answer.json()["message"] == message


async def test_the_resources_on_offer_are_listed(client: httpx.AsyncClient) -> None:
    resources = {
        each["name"]: [feature["name"] for feature in each["features"]]
        for each in (await client.get("/v3/languages/resources")).json()
    }
    assert resources == {
        "translate_text": ["auto_detection", "glossary", "style_rules", "translation_memory"],
        "translate_document": ["auto_detection", "glossary"],
        "glossary": [],
        "style_rules": [],
        "translation_memory": [],
        "write": ["tone", "writing_style"],
    }


async def test_an_unknown_path_and_method_are_answered_in_the_same_form(
    client: httpx.AsyncClient,
) -> None:
    for answer, status in [
        (await client.get("/v2/nothing"), 404),
        (await client.put("/v2/translate"), 405),
    ]:
        assert answer.status_code == status
        assert set(answer.json()) == {"message", "code"}


async def test_while_inference_is_away_the_answer_is_503_and_when_to_return(
    database: Any, nats_url: str, tmp_path: Path
) -> None:
    from tests.language.conftest import served

    away = await InferenceClient.open(tmp_path / "nothing.sock")
    try:
        async with served(database, nats_url, away) as server:
            async with server.client(await server.make_key()) as client:
                answer = await client.post(
                    "/v2/translate", json={"text": ["Hello"], "target_lang": "PT"}
                )
    finally:
        await away.close()
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.json()["code"] == "inference_unavailable"


async def test_pseudo_localised_text_is_always_marked(pseudo_server: Any) -> None:
    async with pseudo_server.client(await pseudo_server.make_key()) as client:
        [german] = await translate(client, "Good morning", target_lang="DE")
        [portuguese] = await translate(client, "Good morning", target_lang="PT-BR")
        [french] = await translate(
            client, "Je voudrais réserver une table pour ce soir.", target_lang="JA"
        )
        targets = (await client.get("/v2/languages?type=target")).json()
    assert german["model_type_used"] == "pseudo"
    assert german["text"].startswith("[")
    assert portuguese == {"detected_source_language": "EN", "text": "Bom dia"}
    assert french["detected_source_language"] == "FR"
    assert french["model_type_used"] == "pseudo"
    assert len(targets) > 100


async def test_the_document_describes_both_kinds_of_body(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    body = document["paths"]["/v2/translate"]["post"]["requestBody"]
    assert set(body["content"]) == {"application/json", "application/x-www-form-urlencoded"}
    for media in body["content"].values():
        assert media["schema"]["required"] == ["text", "target_lang"]
    assert set(document["paths"]["/v2/translate"]["post"]["responses"]) >= {"200", "400", "413"}


async def test_languages_are_recognised(client: httpx.AsyncClient) -> None:
    texts = [
        "The cat sleeps in the house.",
        "O gato dorme na casa da minha avó.",
        "Der Hund läuft durch den Garten hinter dem Haus.",
        "12345",
    ]
    answer = await client.post("/v3/detect/language", json={"text": texts})
    assert answer.json() == {
        "results": [
            {"detected_language": "en", "detection_status": "success"},
            {"detected_language": "pt", "detection_status": "success"},
            {"detected_language": "de", "detection_status": "unsupported_language"},
            {"detection_status": "no_language_detected"},
        ]
    }
    refused = await client.post("/v3/detect/language", json={})
    assert refused.status_code == 400
    assert "'text'" in refused.json()["message"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v3/voice/realtime"),
        ("GET", "/v3/voice/realtime"),
        ("POST", "/v1/jobs/voice/translate"),
        ("GET", "/v1/jobs/voice/translate/1"),
    ],
)
async def test_speech_is_answered_with_501(
    client: httpx.AsyncClient, method: str, path: str
) -> None:
    answer = await client.request(method, path)
    assert answer.status_code == 501
    assert "speech" in (answer.json().get("message") or answer.json().get("detail"))
