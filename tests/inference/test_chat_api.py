"""Chat completions by the official client of OpenAI, streamed and whole."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import openai
import pytest

from hanse.identity.policy import TEXT_SCOPES
from tests.language.chat_server import ChatServer, chat_server
from tests.language.conftest import LanguageServer, generate, infer, served

SLOTS = 2


@pytest.fixture(scope="module")
def model() -> Iterator[ChatServer]:
    with chat_server() as model:
        yield model


@pytest.fixture(scope="module")
async def server(database: Any, nats_url: str, model: ChatServer) -> AsyncIterator[LanguageServer]:
    async with (
        infer() as inference,
        generate(model.url) as generation,
        served(database, nats_url, inference, generation) as server,
    ):
        yield server


@pytest.fixture
async def client(server: LanguageServer) -> AsyncIterator[openai.AsyncOpenAI]:
    key = await server.make_key(["generation"])
    async with openai.AsyncOpenAI(
        base_url=f"{server.url}/v1", api_key=key, max_retries=0, timeout=20
    ) as client:
        yield client


def asked(text: str = "Hello") -> dict[str, Any]:
    return {"model": "generation", "messages": [{"role": "user", "content": text}]}


async def test_pieces_arrive_before_the_end(client: openai.AsyncOpenAI, model: ChatServer) -> None:
    go_on = threading.Event()

    def pieces(_text: str) -> Iterator[str]:
        yield "One"
        go_on.wait(20)
        yield " two"

    model.pieces = pieces
    stream = await client.chat.completions.create(**asked(), stream=True)
    said, reasons = "", []
    async for chunk in stream:
        said += chunk.choices[0].delta.content or ""
        reasons.append(chunk.choices[0].finish_reason)
        if said == "One":
            assert not go_on.is_set() or len(reasons) > 2
            go_on.set()
    assert said == "One two"
    assert reasons[-1] == "stop"
    assert set(reasons[:-1]) == {None}


async def test_an_answer_may_be_had_whole(client: openai.AsyncOpenAI, model: ChatServer) -> None:
    model.pieces = lambda text: iter([text, "!"])
    made = await client.chat.completions.create(**asked("Hi"), max_tokens=7, temperature=0.5)
    assert (made.choices[0].message.content, made.choices[0].finish_reason) == ("Hi!", "stop")
    assert (model.asked[-1]["max_tokens"], model.asked[-1]["temperature"]) == (7, 0.5)


async def test_the_same_question_is_asked_each_time(
    client: openai.AsyncOpenAI, model: ChatServer
) -> None:
    model.pieces = lambda _text: iter(["x"])
    before = len(model.asked)
    await asyncio.gather(*(client.chat.completions.create(**asked("same")) for _ in range(3)))
    await client.chat.completions.create(**asked("same"))
    assert len(model.asked) - before == 4


@pytest.mark.parametrize("first", [["word"], []])
async def test_who_leaves_frees_the_slot(
    client: openai.AsyncOpenAI, model: ChatServer, first: list[str]
) -> None:
    held, begun = threading.Event(), threading.Semaphore(0)

    def endless(_text: str) -> Iterator[str]:
        begun.release()
        yield from first
        held.wait(30)

    model.pieces = endless

    async def leave() -> None:
        stream = await client.chat.completions.create(**asked(), stream=True)
        async for _ in stream:
            pass

    tasks = [asyncio.create_task(leave()) for _ in range(SLOTS)]
    for _ in tasks:
        assert await asyncio.to_thread(begun.acquire, timeout=10)
    model.pieces = lambda _text: iter(["free"])
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    async with asyncio.timeout(5):
        made = await client.chat.completions.create(**asked())
    held.set()
    assert made.choices[0].message.content == "free"


async def test_an_error_in_the_middle_is_told(
    client: openai.AsyncOpenAI, model: ChatServer
) -> None:
    def broken(_text: str) -> Iterator[str]:
        yield "Half"
        raise ConnectionError

    model.pieces = broken
    said = ""
    stream = await client.chat.completions.create(**asked(), stream=True)
    with pytest.raises(openai.APIError, match="model's server"):
        async for chunk in stream:
            said += chunk.choices[0].delta.content or ""
    assert said == "Half"
    with pytest.raises(openai.InternalServerError):
        await client.chat.completions.create(**asked())


@pytest.mark.parametrize(
    ("fields", "error", "complaint"),
    [
        ({"n": 2}, openai.BadRequestError, "'n' is not served"),
        ({"stop": ["x"]}, openai.BadRequestError, "'stop' is not served"),
        ({"messages": []}, openai.BadRequestError, "length >= 1"),
        ({"max_tokens": 0}, openai.BadRequestError, ">= 1"),
        ({"model": "gpt-9"}, openai.NotFoundError, "gpt-9"),
    ],
)
async def test_what_is_not_served_is_refused(
    client: openai.AsyncOpenAI, fields: dict[str, Any], error: type[Exception], complaint: str
) -> None:
    with pytest.raises(error, match=complaint):
        await client.chat.completions.create(**{**asked(), **fields})


async def test_a_scope_is_asked_for(server: LanguageServer) -> None:
    assert "generation" not in TEXT_SCOPES
    key = await server.make_key()
    async with openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key=key) as client:
        with pytest.raises(openai.PermissionDeniedError):
            await client.chat.completions.create(**asked())


async def test_without_a_model_the_answer_says_what_to_set(database: Any, nats_url: str) -> None:
    async with infer() as inference, served(database, nats_url, inference) as server:
        async with server.client(await server.make_key(["generation"])) as client:
            answer = await client.post("/v1/chat/completions", json=asked())
    assert answer.status_code == 501
    assert "HANSE_GENERATION_URL" in answer.json()["error"]["message"]
