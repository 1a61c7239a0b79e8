"""The wire of OpenAI's API for chat completions, in front of the operator's language model.

The scheduler decides whose request goes first. Where the contract has a field that Hanse does not
serve, the request is refused; fields that Hanse does not know are ignored.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec
from litestar import Request, Response, Router, post
from litestar.di import NamedDependency
from litestar.response import ServerSentEvent, ServerSentEventMessage
from msgspec import Meta, Struct, field

from hanse.identity import Access
from hanse.inference.client import Ended, InferenceClient
from hanse.inference.engines.generation import NAME, TIMEOUT_S, Message, Prompt
from hanse.inference.job import ServiceClass
from hanse.inference.openai_api import (
    InvalidInput,
    ModelNotFound,
    OpenAIError,
    OpenAIErrorDetail,
    errors,
)
from hanse.platform.http import as_problem
from hanse.platform.ids import new_id
from hanse.platform.problems import BadRequest, Problem

T = TypeVar("T")

BODY_BYTES_MAX: Final = 128 * 1024
TOKENS_MAX: Final = 8192
TOKENS_DEFAULT: Final = 1024
MESSAGES_MAX: Final = 200

_NOT_SERVED: Final[dict[str, tuple[Any, ...]]] = {
    "n": (None, 1),
    "stop": (None,),
    "tools": (None, []),
    "functions": (None, []),
    "response_format": (None, {"type": "text"}),
    "logprobs": (None, False),
}
"""Fields of the contract, with the values that ask for nothing."""


class NoGeneration(Problem):
    """This server has no language model."""

    status = 501
    code = "no_language_model"
    title = "Not implemented"


class ClientLeft(BadRequest):
    """The client closed its connection before the answer began; nobody reads this."""

    code = "client_left"
    title = "Client left"


class ChatTurn(Struct):
    """One turn of a conversation."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str


class ChatRequest(Struct):
    """A conversation to be continued."""

    messages: Annotated[list[ChatTurn], Meta(min_length=1, max_length=MESSAGES_MAX)]
    model: Annotated[str, Meta(max_length=200)] = NAME
    max_tokens: Annotated[int, Meta(ge=1, le=TOKENS_MAX)] | None = None
    max_completion_tokens: Annotated[int, Meta(ge=1, le=TOKENS_MAX)] | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    stream: bool | None = None
    n: Any = None
    stop: Any = None
    tools: Any = None
    functions: Any = None
    response_format: Any = None
    logprobs: Any = None


class ChatAnswer(Struct):
    """What the model said."""

    content: str
    role: Literal["assistant"] = "assistant"


class ChatChoice(Struct):
    """The one answer there is, and why it ended."""

    message: ChatAnswer
    finish_reason: str
    index: int = 0


class ChatCompletion(Struct):
    """A whole answer."""

    id: str
    created: int
    model: str
    choices: list[ChatChoice]
    object: Literal["chat.completion"] = "chat.completion"


class ChatDelta(Struct, omit_defaults=True):
    """The next piece of an answer."""

    content: str | None = None
    role: str | None = None


class ChunkChoice(Struct):
    """The next piece of the one answer there is."""

    delta: ChatDelta
    finish_reason: str | None = None
    index: int = 0


class ChatChunk(Struct):
    """One event of a streamed answer."""

    id: str
    created: int
    model: str
    choices: list[ChunkChoice] = field(default_factory=list)
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"


Pieces = AsyncGenerator[str | Ended, None]


@post(
    "/v1/chat/completions",
    status_code=200,
    operation_id="createChatCompletion",
    summary="Continue a conversation",
    description="With `stream`, server-sent events with one chunk each, then `[DONE]`.",
    tags=["Language model"],
    responses=errors(404, 413, 501),
    request_max_body_size=BODY_BYTES_MAX,
)
async def create_chat_completion(
    data: ChatRequest,
    request: Request[Any, Any, Any],
    access: NamedDependency[Access],
    generation: NamedDependency[InferenceClient | None],
) -> Response[Any]:
    """Let the operator's language model answer. Neither questions nor answers are kept."""
    access.require("generation")
    if generation is None:
        raise NoGeneration(
            "This server has no language model. An administrator names one by HANSE_GENERATION_URL."
        )
    pieces = generation.stream(
        organisation_id=access.organisation_id,
        model=NAME,
        item=msgspec.json.encode(_prompt(data)).decode(),
        service_class=ServiceClass.INTERACTIVE,
        deadline_s=TIMEOUT_S,
    )
    name, created = f"chatcmpl-{new_id().hex}", int(time.time())
    if not data.stream:
        return Response(await _while_there(request, _whole(pieces, name, created)))
    # What is refused, or fails before the first word, has a status of its own.
    first = await _while_there(request, _first(pieces))
    return ServerSentEvent(_events(first, pieces, name, created))


async def _while_there(request: Request[Any, Any, Any], work: Coroutine[Any, Any, T]) -> T:
    """Return the result of `work`, which is cancelled as soon as the client is gone."""

    async def gone() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    working, leaving = asyncio.create_task(work), asyncio.create_task(gone())
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientLeft("The client left before the answer began.")
        return working.result()
    finally:
        working.cancel()
        leaving.cancel()
        await asyncio.wait({working, leaving})


async def _first(pieces: Pieces) -> str | Ended:
    return await anext(pieces)


def _prompt(asked: ChatRequest) -> Prompt:
    if asked.model != NAME:
        raise ModelNotFound(f"There is no model '{asked.model}'; there is {NAME}.", param="model")
    for name, harmless in _NOT_SERVED.items():
        if getattr(asked, name) not in harmless:
            raise InvalidInput(f"'{name}' is not served here.", param=name)
    return Prompt(
        messages=tuple(Message(turn.role, turn.content) for turn in asked.messages),
        max_tokens=asked.max_completion_tokens or asked.max_tokens or TOKENS_DEFAULT,
        temperature=1.0 if asked.temperature is None else asked.temperature,
    )


async def _whole(pieces: Pieces, name: str, created: int) -> ChatCompletion:
    texts, reason = [], ""
    try:
        async for piece in pieces:
            if isinstance(piece, Ended):
                reason = piece.reason
            else:
                texts.append(piece)
    finally:
        await pieces.aclose()
    return ChatCompletion(name, created, NAME, [ChatChoice(ChatAnswer("".join(texts)), reason)])


async def _events(
    first: str | Ended, pieces: Pieces, name: str, created: int
) -> AsyncIterator[ServerSentEventMessage]:
    def chunk(delta: ChatDelta, reason: str | None = None) -> ServerSentEventMessage:
        return _event(ChatChunk(name, created, NAME, [ChunkChoice(delta, reason)]))

    def said(piece: str | Ended) -> ServerSentEventMessage:
        if isinstance(piece, Ended):
            return chunk(ChatDelta(), piece.reason)
        return chunk(ChatDelta(piece))

    try:
        yield chunk(ChatDelta("", "assistant"))
        yield said(first)
        async for piece in pieces:
            yield said(piece)
        yield ServerSentEventMessage(data="[DONE]")
    except Exception as error:  # the head of the answer is out: only an event can tell
        problem = as_problem(error)
        detail = OpenAIErrorDetail(problem.detail, "server_error", None, problem.code)
        yield _event(OpenAIError(detail))
    finally:
        await pieces.aclose()


def _event(data: Struct) -> ServerSentEventMessage:
    return ServerSentEventMessage(data=msgspec.json.encode(data).decode())


routes: Final = (Router("/", route_handlers=[create_chat_completion]),)
