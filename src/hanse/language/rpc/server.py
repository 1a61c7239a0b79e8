"""Serves `hanse.language.v1.Language` over gRPC, with reflection and the health service.

Errors carry the status that the HTTP API's would map to, by google.rpc.Code; the trailing metadata
has the stable code (`hanse-code`) and, where trying again helps, `retry-after` in seconds.
"""

import asyncio
import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from hanse.identity import Access, Authenticator
from hanse.inference import DEFAULT_MODEL, InferenceClient, Purpose, embed, embed_texts
from hanse.language import routing, streaming, wire
from hanse.language.answering import Answering, TranslationEntry
from hanse.language.detect import Detector
from hanse.language.glossaries.loading import TermsCache
from hanse.language.memories.service import Memories
from hanse.language.quotas import Quotas
from hanse.language.rpc import language_pb2 as pb
from hanse.language.rpc import language_pb2_grpc
from hanse.language.streaming import StreamedSentence
from hanse.platform.database import Db
from hanse.platform.http import RateLimits, as_problem

MESSAGE_BYTES_MAX: Final = 1024 * 1024
SERVICE: Final = "hanse.language.v1.Language"

_CODES: Final = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    409: grpc.StatusCode.FAILED_PRECONDITION,
    413: grpc.StatusCode.INVALID_ARGUMENT,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    456: grpc.StatusCode.RESOURCE_EXHAUSTED,
    501: grpc.StatusCode.UNIMPLEMENTED,
    503: grpc.StatusCode.UNAVAILABLE,
    504: grpc.StatusCode.DEADLINE_EXCEEDED,
}

Context = Any
"""A grpc.aio.ServicerContext."""


async def serve_rpc(
    address: str,
    db: Db,
    inference: InferenceClient,
    generation: InferenceClient | None = None,
    *,
    per_minute: int,
    characters_per_month_max: int,
    stop: asyncio.Event,
    drain_s: float,
    on_ready: Callable[[int], None] | None = None,
) -> None:
    """Serve on `address` (`host:port`) until `stop` is set, then let calls end for `drain_s`.

    `generation` leads to the language model that carries out the instructions of styles, if there
    is one. `on_ready` is told the port. There is no TLS: the address must be one that only the
    house reaches. Raises RuntimeError if it cannot be bound.
    """
    server = grpc.aio.server(
        options=[
            ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
            ("grpc.so_reuseport", 0),
        ]
    )
    detector = await asyncio.to_thread(Detector)
    quotas = Quotas(db, characters_per_month_max)
    language_pb2_grpc.add_LanguageServicer_to_server(  # type: ignore[no-untyped-call]
        _Language(db, inference, generation, detector, quotas, per_minute), server
    )
    states = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(states, server)
    for name in ("", SERVICE):
        await states.set(name, health_pb2.HealthCheckResponse.SERVING)
    reflection.enable_server_reflection(
        (SERVICE, health.SERVICE_NAME, reflection.SERVICE_NAME), server
    )
    port = server.add_insecure_port(address)
    await server.start()
    if on_ready is not None:
        on_ready(port)
    await stop.wait()
    await states.enter_graceful_shutdown()
    await server.stop(drain_s)


Method = Callable[["_Language", Any, Context], Awaitable[Any]]


def _told(method: Method) -> Method:
    """Tell a caller what went wrong by a status instead of an exception's text."""

    @functools.wraps(method)
    async def told(self: "_Language", request: Any, context: Context) -> Any:
        try:
            return await method(self, request, context)
        except Exception as error:  # whatever it is, the caller gets a status
            await _abort(context, error)

    return told


async def _abort(context: Context, error: Exception) -> None:
    if isinstance(error, grpc.aio.AbortError):
        raise error
    problem = as_problem(error)
    trailing = [("hanse-code", problem.code)]
    if problem.retry_after_s is not None:
        trailing.append(("retry-after", f"{problem.retry_after_s:.3f}"))
    code = _CODES.get(problem.status, grpc.StatusCode.INTERNAL)
    await context.abort(code, problem.detail, tuple(trailing))


class _Language(language_pb2_grpc.LanguageServicer):
    def __init__(
        self,
        db: Db,
        inference: InferenceClient,
        generation: InferenceClient | None,
        detector: Detector,
        quotas: Quotas,
        per_minute: int,
    ) -> None:
        self._db = db
        self._inference = inference
        self._generation = generation
        self._detector = detector
        self._quotas = quotas
        self._limits = RateLimits(db)
        self._per_minute = per_minute
        self._answering = Answering(db, inference, detector, quotas, generation)
        self._authenticator = Authenticator(db)
        self._memories = Memories()
        self._terms = TermsCache()

    @_told
    async def Translate(self, request: Any, context: Context) -> Any:
        access = await self._access(context)
        asked = wire.parse_translate(
            {
                "text": list(request.texts),
                "target_lang": request.target_language,
                "source_lang": request.source_language,
                "glossary_ids": list(request.glossary_ids),
                "style_id": request.style_id,
                "translation_memory_id": request.translation_memory_id,
                "tag_handling": request.tag_handling,
                "show_billed_characters": True,
            }
        )
        wire.parse_texts({"text": list(request.texts)})
        tag = wire.parse_reporting_tag(request.reporting_tag)
        answer = await self._answering.answer(access, asked, tag)
        return pb.TranslateResponse(translations=map(_translation, answer.translations))

    async def TranslateStream(self, request: Any, context: Context) -> AsyncIterator[Any]:
        try:
            access = await self._access(context)
            asked = wire.parse_translate(
                {
                    "text": [request.text],
                    "target_lang": request.target_language,
                    "source_lang": request.source_language,
                    "style_id": request.style_id,
                    "translation_memory_id": request.translation_memory_id,
                }
            )
            extras = await streaming.extras(
                access, self._db, self._memories, self._terms, asked, self._generation
            )
            parts = await streaming.begin(
                access, self._db, self._inference, self._detector, self._quotas, asked, extras
            )
            try:
                async for part in parts:
                    yield _part(part)
            finally:
                await parts.aclose()
        except Exception as error:  # whatever it is, the caller gets a status
            await _abort(context, error)

    @_told
    async def Detect(self, request: Any, context: Context) -> Any:
        await self._access(context)
        possible = routing.sources(await self._inference.models())
        texts = wire.parse_texts({"text": list(request.texts)})
        found = [self._detector.detect(text, possible) for text in texts]
        return pb.DetectResponse(
            detections=[
                pb.Detection(
                    language=each.language or "", confidence=each.confidence, status=each.status
                )
                for each in found
            ]
        )

    @_told
    async def Embed(self, request: Any, context: Context) -> Any:
        access = await self._access(context, "embeddings")
        texts = embed_texts(list(request.texts))
        is_query = request.purpose == pb.EMBED_PURPOSE_QUERY
        made = await embed(
            self._inference,
            self._db,
            access,
            texts,
            model=request.model or DEFAULT_MODEL,
            purpose=Purpose.QUERY if is_query else Purpose.PASSAGE,
        )
        return pb.EmbedResponse(
            model=made.model,
            embeddings=[
                pb.Embedding(values=each.numbers(), tokens=each.tokens) for each in made.vectors
            ],
        )

    async def _access(self, context: Context, scope: str = "translate:text") -> Access:
        sent = dict(context.invocation_metadata() or ())
        access = await self._authenticator.access(
            method="POST",
            authorization=sent.get("authorization"),
            session_token=None,
            origin=None,
            fetch_site=None,
            host=None,
        )
        access.require(scope)
        if limit := access.limit_per_minute(self._per_minute):
            await self._limits.take(access.organisation_id, access.caller, limit)
        return access


def _translation(entry: TranslationEntry) -> Any:
    return pb.Translation(
        text=entry.text,
        detected_source_language=entry.detected_source_language,
        billed_characters=entry.billed_characters or 0,
        untranslated_sentences=entry.untranslated_sentences or 0,
    )


def _part(part: streaming.StreamedSentence | streaming.StreamedText) -> Any:
    if isinstance(part, StreamedSentence):
        told = pb.TranslatedPart(
            start=part.start, end=part.end, text=part.text, is_sentence=part.is_translated
        )
        return pb.TranslateStreamResponse(part=told)
    whole = pb.Translation(
        text=part.text,
        detected_source_language=part.detected_source_language.upper(),
        billed_characters=part.billed_characters,
    )
    return pb.TranslateStreamResponse(whole=whole)
