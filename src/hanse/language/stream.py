"""Translating one text sentence by sentence, each told as soon as it is there.

`POST /v1/translate/stream` answers with server-sent events (WHATWG HTML, section 9.2): one
`sentence` for each sentence in the order of the text, then `done` with the whole; or `error`.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec
from litestar import Request, Router, post
from litestar.di import NamedDependency
from litestar.response import ServerSentEvent, ServerSentEventMessage

from hanse.identity import Access
from hanse.inference import InferenceClient
from hanse.language import contract, routing, service, wire
from hanse.language.detect import Detector
from hanse.language.pipeline import billed_characters, plan
from hanse.language.projection import Marked
from hanse.language.quotas import Quotas
from hanse.language.segment import SplitMode
from hanse.platform.database import Db
from hanse.platform.http import as_problem

BODY_BYTES_MAX: Final = 128 * 1024
SENTENCES_AT_ONCE: Final = 32


class StreamedSentence(msgspec.Struct):
    """A part of the text, `source[start:end]` in code points, and its translation.

    Parts without letters between sentences come as they are; together the parts are the text.
    """

    start: int
    end: int
    text: str
    is_translated: bool


class StreamedText(msgspec.Struct):
    """The end of the stream: the whole translation."""

    text: str
    detected_source_language: str
    billed_characters: int


@post(
    "/v1/translate/stream",
    status_code=200,
    operation_id="streamTranslation",
    operation_class=contract.fields_operation(
        {"text": str, "target_lang": str}, {"source_lang": str}
    ),
    summary="Translate a text sentence by sentence",
    description="Server-sent events: `sentence` for each part in order, then `done`, or `error`.",
    tags=["Translation"],
    responses=contract.errors(413, 415, 456),
    request_max_body_size=BODY_BYTES_MAX,
    media_type="text/event-stream",
)
async def stream_translation(
    request: Request[Any, Any, Any],
    access: NamedDependency[Access],
    db: NamedDependency[Db],
    inference: NamedDependency[InferenceClient],
    detector: NamedDependency[Detector],
    quotas: NamedDependency[Quotas],
) -> ServerSentEvent:
    """Translate one text; what the client no longer waits for is neither computed nor billed."""
    access.require("translate:text")
    fields = wire.decode_body(await request.body(), request.headers.get("content-type"))
    text = wire.single(fields, "text")
    if text is None:
        raise wire.InvalidParameter("Parameter 'text' not specified.")
    asked = wire.parse_translate({**fields, "text": [text], "tag_handling": None})
    wire.refuse_extras(asked, "in a stream")
    await quotas.require(access, billed_characters(text))
    models = await inference.models()
    [language] = service.recognised(detector, models, [text], asked.source)
    parts = _parts(text, language, asked.target, models)

    async def events() -> AsyncIterator[ServerSentEventMessage]:
        done: list[service.TranslatedText] = []
        sentences = 0
        duration_s = 0.0
        slots = asyncio.Semaphore(SENTENCES_AT_ONCE)

        async def translate(part: str) -> service.Translation:
            async with slots:
                return await service.translate(
                    inference,
                    organisation_id=access.organisation_id,
                    texts=[Marked(part)],
                    target=asked.target,
                    mode=asked.split_mode,
                    languages=[language],
                )

        tasks = [asyncio.create_task(translate(text[start:end])) for start, end, _ in parts]
        try:
            for (start, end, is_sentence), task in zip(parts, tasks, strict=True):
                translation = await task
                [translated] = translation.texts
                done.append(translated)
                sentences += translation.sentences
                duration_s = max(duration_s, translation.duration_s)
                yield _event("sentence", StreamedSentence(start, end, translated.text, is_sentence))
            whole = service.joined(done, language, asked.target, sentences, duration_s)
            async with db.tx(access.organisation_id, access.person_id) as tx:
                await service.record(tx, access, whole)
            [one] = whole.texts
            known = language or detector.default_language
            yield _event("done", StreamedText(one.text, known, one.billed_characters))
        except Exception as error:  # the head of the answer is out: only an event can tell
            problem = as_problem(error)
            yield _event("error", contract.DeeplError(problem.detail, problem.code))
        finally:
            for task in tasks:
                task.cancel()

    return ServerSentEvent(events())


def _parts(
    text: str, language: str | None, target: str, models: Any
) -> list[tuple[int, int, bool]]:
    """Return spans that make up the text, and which are sentences. Raises UnsupportedPair."""
    [recipe] = plan(
        [text],
        [language],
        target,
        SplitMode.PUNCTUATION_AND_NEWLINES,
        lambda source, target: routing.route(models, source, target),
    ).texts
    parts = []
    done = 0
    for sentence in recipe.sentences:
        start, end = sentence.span
        if start > done:
            parts.append((done, start, False))
        parts.append((start, end, True))
        done = end
    if done < len(text):
        parts.append((done, len(text), False))
    return parts


def _event(name: str, data: msgspec.Struct) -> ServerSentEventMessage:
    return ServerSentEventMessage(event=name, data=msgspec.json.encode(data).decode())


router: Final = Router("/", route_handlers=[stream_translation])
