"""Translating one text sentence by sentence, each told as soon as it is there.

`POST /v1/translate/stream` answers with server-sent events (WHATWG HTML, section 9.2): one
`sentence` for each sentence in the order of the text, then `done` with the whole; or `error`.
"""

from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec
from litestar import Request, Router, post
from litestar.di import NamedDependency
from litestar.response import ServerSentEvent, ServerSentEventMessage

from hanse.identity import Access
from hanse.inference import InferenceClient
from hanse.language import contract, streaming, wire
from hanse.language.detect import Detector
from hanse.language.glossaries.loading import TermsCache
from hanse.language.memories.service import Memories
from hanse.language.quotas import Quotas
from hanse.language.revising.service import formal_languages
from hanse.language.streaming import StreamedSentence
from hanse.platform.database import Db
from hanse.platform.http import as_problem

BODY_BYTES_MAX: Final = 128 * 1024


@post(
    "/v1/translate/stream",
    status_code=200,
    operation_id="streamTranslation",
    operation_class=contract.fields_operation(
        {"text": str, "target_lang": str},
        {
            "source_lang": str,
            "glossary_id": str,
            "style_id": str,
            "translation_memory_id": str,
            "formality": str,
        },
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
    memories: NamedDependency[Memories],
    generation: NamedDependency[InferenceClient | None],
    terms_cache: NamedDependency[TermsCache],
) -> ServerSentEvent:
    """Translate one text; what the client no longer waits for is neither computed nor billed."""
    access.require("translate:text")
    fields = wire.decode_body(await request.body(), request.headers.get("content-type"))
    text = wire.single(fields, "text")
    if text is None:
        raise wire.InvalidParameter("Parameter 'text' not specified.")
    asked = wire.parse_translate(
        {**fields, "text": [text], "tag_handling": None}, formal_languages(generation)
    )
    extras = await streaming.extras(access, db, memories, terms_cache, asked, generation)
    parts = await streaming.begin(access, db, inference, detector, quotas, asked, extras)

    async def events() -> AsyncIterator[ServerSentEventMessage]:
        try:
            async for part in parts:
                name = "sentence" if isinstance(part, StreamedSentence) else "done"
                yield _event(name, part)
        except Exception as error:  # the head of the answer is out: only an event can tell
            problem = as_problem(error)
            yield _event("error", contract.DeeplError(problem.detail, problem.code))
        finally:
            await parts.aclose()

    return ServerSentEvent(events())


def _event(name: str, data: msgspec.Struct) -> ServerSentEventMessage:
    return ServerSentEventMessage(event=name, data=msgspec.json.encode(data).decode())


router: Final = Router("/", route_handlers=[stream_translation])
