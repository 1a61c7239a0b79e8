"""Text from a language model behind any URL that speaks OpenAI's chat completions.

vLLM, llama.cpp and Ollama do, and batch what they get by themselves. A worker of this engine waits
for one answer at a time, so the number of workers is the number of requests that the server is
given at once; which request goes first, and for whom, is the scheduler's decision as ever.

An item is the JSON of a `Prompt`; its result is the text of the answer. The address is in the
environment of the worker: HANSE_GENERATION_URL, _MODEL and _KEY.


Streamed, the result is the server's reason for the end ("stop", "length"), and the text is told.
"""

import asyncio
import os
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from hanse.inference.engines import LoadedModel
from hanse.inference.job import CostPrior, ModelInfo, ModelSpec, Traits
from hanse.inference.messages import ItemError

TASK: Final = "generate"
NAME: Final = "generation"
VARIABLES: Final = ("HANSE_GENERATION_URL", "HANSE_GENERATION_MODEL", "HANSE_GENERATION_KEY")
TIMEOUT_S: Final = 120.0
ANSWER_BYTES_MAX: Final = 1024 * 1024


class Message(Struct, frozen=True):
    """One turn of a conversation."""

    role: str
    content: str


class Prompt(Struct, frozen=True, kw_only=True):
    """What is asked of a language model. Temperature 0: the same question, the same answer."""

    messages: tuple[Message, ...]
    max_tokens: int
    temperature: float = 0.0


class _Choice(Struct):
    message: Message


class _Completion(Struct):
    choices: list[_Choice]


class _Delta(Struct):
    content: str | None = None


class _ChunkChoice(Struct):
    delta: _Delta = msgspec.field(default_factory=_Delta)
    finish_reason: str | None = None


class _Chunk(Struct):
    choices: list[_ChunkChoice] = []
    error: Any = None


class _BrokeOff(Exception):
    """The server's answer ended before it was whole; the message says how."""


class Generation:
    """The engine `generation`."""

    name = NAME
    version = "1"
    traits = Traits(
        batch_items_max=1,
        pads=False,
        prior=CostPrior(fixed_s=0.5, item_s=0.5, char_s=0.002),
    )

    def load(self, _model: ModelSpec) -> LoadedModel:
        """Return a connection to the server. Raises KeyError if no address is set."""
        url, model = (os.environ[name] for name in VARIABLES[:2])
        return _Model(url, model, os.environ.get(VARIABLES[2], ""))


class _Model:
    def __init__(self, url: str, model: str, key: str) -> None:
        import httpx

        self._model = model
        self._options: dict[str, Any] = {
            "base_url": f"{url.rstrip('/')}/",
            "headers": {"Authorization": f"Bearer {key}"} if key else {},
            "timeout": TIMEOUT_S,
        }
        self._http = httpx.Client(**self._options)

    def run(self, items: Sequence[str]) -> list[str | ItemError]:
        return [self._answer(msgspec.json.decode(item, type=Prompt)) for item in items]

    def _answer(self, prompt: Prompt) -> str | ItemError:
        import httpx

        body: dict[str, Any] = {"model": self._model, **msgspec.to_builtins(prompt)}
        try:
            with self._http.stream("POST", "chat/completions", json=body) as answer:
                if answer.status_code != 200:
                    return ItemError(f"The model's server answered {answer.status_code}.")
                data = b""
                for part in answer.iter_bytes():
                    data += part
                    if len(data) > ANSWER_BYTES_MAX:
                        return ItemError("The model's server answered too much.")
        except httpx.HTTPError as error:
            return ItemError(f"The model's server was not reached: {type(error).__name__}.")
        try:
            return msgspec.json.decode(data, type=_Completion).choices[0].message.content
        except (msgspec.MsgspecError, UnicodeDecodeError, IndexError):
            return ItemError("The model's server answered no chat completion.")

    def run_streamed(
        self, item: str, tell: Callable[[str], None], *, wakes: int, is_stopped: Callable[[], bool]
    ) -> str | ItemError:
        prompt = msgspec.json.decode(item, type=Prompt)

        async def run() -> str | ItemError:
            loop, telling = (
                asyncio.get_running_loop(),
                asyncio.create_task(self._tell(prompt, tell)),
            )
            # Whatever the server is doing, even before its first word, the end comes at once.
            loop.add_reader(wakes, lambda: is_stopped() and telling.cancel())
            try:
                await asyncio.wait({telling})
            finally:
                loop.remove_reader(wakes)
            if telling.cancelled():
                return "stopped"
            return telling.result()

        return asyncio.run(run())

    async def _tell(self, prompt: Prompt, tell: Callable[[str], None]) -> str | ItemError:
        import httpx

        body = {"model": self._model, **msgspec.to_builtins(prompt), "stream": True}
        try:
            async with (
                httpx.AsyncClient(**self._options) as http,
                http.stream("POST", "chat/completions", json=body) as answer,
            ):
                if answer.status_code != 200:
                    return ItemError(f"The model's server answered {answer.status_code}.")
                return await _pieces(answer, tell)
        except httpx.HTTPError as error:
            return ItemError(f"The model's server broke off: {type(error).__name__}.")
        except _BrokeOff as error:
            return ItemError(str(error))


async def _pieces(answer: Any, tell: Callable[[str], None]) -> str:
    """Tell the pieces of a stream of chunks, and return why it ended. Raises _BrokeOff."""
    reason, told = "", 0
    async for line in answer.aiter_lines():
        kind, _, data = line.partition(":")
        if kind != "data":
            continue
        if data.strip() == "[DONE]":
            break
        try:
            chunk = msgspec.json.decode(data, type=_Chunk)
        except msgspec.MsgspecError as error:
            raise _BrokeOff("The model's server sent no chunk of a completion.") from error
        if chunk.error is not None:
            raise _BrokeOff("The model's server reported an error in the middle of its answer.")
        for choice in chunk.choices[:1]:
            reason = choice.finish_reason or reason
            if choice.delta.content:
                told += len(choice.delta.content)
                if told > ANSWER_BYTES_MAX:
                    raise _BrokeOff("The model's server answered too much.")
                tell(choice.delta.content)
    if not reason:
        raise _BrokeOff("The model's server ended before its answer did.")
    return reason


engine = Generation()


def model(name: str) -> ModelSpec:
    """Return the one model of this engine; `name` is how the server calls it."""
    info = ModelInfo(
        name=NAME,
        task=TASK,
        source=None,
        target=None,
        engine=engine.name,
        hash=f"{engine.name}-{engine.version}-{name}",
    )
    return ModelSpec(info=info, traits=engine.traits)
