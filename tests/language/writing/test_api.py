"""DeepL Write over HTTP and by the official client, with the checker and with a language model."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import deepl
import httpx
import pytest
from deepl.api_data import WritingStyle

from tests.language.chat_server import ChatServer, chat_server
from tests.language.conftest import LanguageServer, generate, served


async def improve(client: httpx.AsyncClient, task: str, *texts: str, **more: Any) -> list[Any]:
    answer = await client.post(f"/v2/write/{task}", json={"text": texts, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()["improvements"]


async def refusal(client: httpx.AsyncClient, task: str, **fields: Any) -> tuple[int, str]:
    answer = await client.post(f"/v2/write/{task}", json={"text": ["A text."], **fields})
    return answer.status_code, answer.json()["message"]


@pytest.fixture(scope="module")
def model() -> Iterator[ChatServer]:
    with chat_server() as model:
        yield model


@pytest.fixture(scope="module")
async def writer(
    database: Any, nats_url: str, inference: Any, model: ChatServer
) -> AsyncIterator[LanguageServer]:
    async with generate(model.url) as generation:
        async with served(database, nats_url, inference, generation) as server:
            yield server


@pytest.fixture
async def written(writer: LanguageServer, model: ChatServer) -> AsyncIterator[httpx.AsyncClient]:
    model.answer, model.status = (lambda text: text), 200
    model.asked.clear()
    async with writer.client(await writer.make_key()) as client:
        yield client


async def test_spelling_and_grammar_of_english_are_corrected(client: httpx.AsyncClient) -> None:
    [one, two] = await improve(
        client,
        "correct",
        "this is a example sentence to imprve",
        "She are here since monday.\n\n  We recieve alot of e-mails, {name}.\n",
    )
    assert one == {
        "detected_source_language": "en",
        "target_language": "en",
        "text": "This is an example sentence to improve",
    }
    assert two["text"].endswith("\n\n  We receive a lot of e-mails, {name}.\n")


@pytest.mark.parametrize(
    "text",
    [
        "The colour of the harbour.",
        "The color of the harbor.",
        "Our gateway is deployed by kubectl to hanse.example, see https://hanse.example/imprve.",
        "12 + 7",
        "",
    ],
)
async def test_what_is_right_stays_as_it_is(client: httpx.AsyncClient, text: str) -> None:
    [same] = await improve(client, "correct", text)
    assert same["text"] == text


async def test_british_spelling_is_wrong_in_american_english(client: httpx.AsyncClient) -> None:
    text = "The harbour is closed."
    [american] = await improve(client, "correct", text, target_lang="en-US")
    [british] = await improve(client, "correct", text, target_lang="EN-GB")
    assert american["text"] == "The harbor is closed."
    assert american["target_language"] == "en-US"
    assert british["text"] == text


async def test_what_cannot_be_written_is_refused_by_name(client: httpx.AsyncClient) -> None:
    assert await refusal(client, "correct", target_lang="pt-BR") == (
        400,
        "Value for 'target_lang' not supported. This server writes EN, EN-GB, EN-US, not PT-BR.",
    )
    status, message = await refusal(
        client, "correct", text=["Die Rechnung ist noch nicht bezahlt worden."], target_lang="en"
    )
    assert status == 400
    assert "recognised as German" in message
    status, message = await refusal(client, "rephrase")
    assert status == 501
    assert "HANSE_GENERATION_URL" in message


async def test_languages_say_what_can_be_written(client: httpx.AsyncClient) -> None:
    listed = (await client.get("/v3/languages", params={"resource": "write"})).json()
    assert [(each["lang"], list(each["features"])) for each in listed] == [
        ("en", ["correct"]),
        ("en-GB", ["correct"]),
        ("en-US", ["correct"]),
    ]


async def test_a_key_needs_the_scope_for_writing(server: LanguageServer) -> None:
    async with server.client(await server.make_key(["translate:text"])) as client:
        answer = await client.post("/v2/write/correct", json={"text": ["A text."]})
    assert answer.status_code == 403


async def test_written_characters_are_billed_and_told_apart(server: LanguageServer) -> None:
    organisation_id = await server.make_organisation()
    key = await server.make_key(["write:improve", "api_keys:read"], organisation_id)
    async with server.client(key) as client:
        await improve(client, "correct", "this is wrng")
        days = {"start_date": "2020-01-01", "end_date": "2020-01-02"}
        empty = (await client.get("/v2/admin/analytics", params=days)).json()["usage_report"]
        assert empty["total_usage"]["total_characters"] == 0
        import datetime

        today = datetime.datetime.now(datetime.UTC).date().isoformat()
        days = {"start_date": today, "end_date": today}
        usage = (await client.get("/v2/admin/analytics", params=days)).json()["usage_report"]
    assert usage["total_usage"]["text_improvement_characters"] == len("this is wrng")
    assert usage["total_usage"]["total_characters"] == len("this is wrng")


async def test_a_language_model_rephrases_in_the_tone_asked_for(
    written: httpx.AsyncClient, model: ChatServer
) -> None:
    model.answer = lambda text: f'"{text.replace("utilise", "use")}"'
    [one] = await improve(
        written,
        "rephrase",
        "We utilise the tool.\nWe utilise it daily.",
        target_lang="en-GB",
        tone="prefer_friendly",
    )
    assert one["text"] == "We use the tool.\nWe use it daily."
    assert one["target_language"] == "en-GB"
    assert "unchanged_parts" not in one
    [first, _] = model.asked
    assert first["model"] == "small"
    assert "friendly" in first["messages"][0]["content"]
    assert "English" in first["messages"][0]["content"]
    assert model.keys == {"Bearer secret"}


async def test_an_answer_that_is_no_rephrasing_leaves_the_text_and_is_counted(
    written: httpx.AsyncClient, model: ChatServer
) -> None:
    model.answer = lambda _text: "As a language model\nI cannot do that."
    text = "The invoice {number} is overdue since March."
    [one] = await improve(written, "rephrase", text)
    assert one["text"] == text
    assert one["unchanged_parts"] == 1


async def test_a_model_that_fails_is_an_error_to_try_again(
    written: httpx.AsyncClient, model: ChatServer
) -> None:
    model.status = 500
    answer = await written.post("/v2/write/rephrase", json={"text": ["This will fail today."]})
    assert answer.status_code == 503
    assert "500" in answer.json()["message"]


async def test_style_and_tone_exclude_each_other(written: httpx.AsyncClient) -> None:
    status, message = await refusal(written, "rephrase", writing_style="business", tone="confident")
    assert status == 400
    assert "not both" in message
    assert (await refusal(written, "rephrase", tone="rude"))[0] == 400


async def test_the_official_client_writes(writer: LanguageServer, model: ChatServer) -> None:
    model.answer, model.status = (lambda text: text.replace("wrng", "wrong")), 200
    key = await writer.make_key()

    def call() -> tuple[Any, Any]:
        client = deepl.DeepLClient(key, server_url=writer.url)
        rephrased = client.rephrase_text(
            "It is all wrng here.", target_lang="EN-US", style=WritingStyle.BUSINESS.value
        )
        return rephrased, client.correct_text(["It was wrng there."], target_lang="EN-GB")

    rephrased, [corrected] = await asyncio.to_thread(call)
    assert rephrased.text == "It is all wrong here."
    assert rephrased.target_language == "en-US"
    assert corrected.text == "It was wrong there."
