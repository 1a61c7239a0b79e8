"""The DeepL wire: translating texts, and the routes of all its parts. Routes only."""

from typing import Annotated, Any, Final

from litestar import Request, Response, Router, post
from litestar.di import NamedDependency, Provide
from litestar.params import HeaderParameter
from msgspec import UNSET, Struct, UnsetType

from hanse.identity import Access
from hanse.inference import InferenceClient
from hanse.language import contract, detection_api, information_api, routing, service, stream, wire
from hanse.language.admin import api as admin
from hanse.language.detect import Detector
from hanse.language.documents import api as documents
from hanse.language.glossaries import api as glossaries
from hanse.language.glossaries.enforcement import Term
from hanse.language.glossaries.loading import TermsCache
from hanse.language.languages import root, v2
from hanse.language.memories import api as memories_api
from hanse.language.memories.match import Match
from hanse.language.memories.service import Memories, Recall
from hanse.language.pipeline import billed_characters
from hanse.language.quality import api as quality
from hanse.language.quotas import Quotas
from hanse.language.repeats import Repeats
from hanse.language.routing import UnsupportedPair
from hanse.language.service import UnsupportedSource
from hanse.language.styles import api as styles_api
from hanse.language.styles import service as styles
from hanse.language.styles.store import StyleRow
from hanse.language.tagged import translate_tagged
from hanse.language.writing import api as writing
from hanse.language.writing.service import Writing
from hanse.platform.database import Db
from hanse.platform.http import answer_headers, as_problem

TRANSLATE_BODY_BYTES_MAX: Final = 128 * 1024

_TRANSLATION: Final = ["Translation"]


class TranslationEntry(Struct):
    """One translated text. `model_type_used` is `pseudo` for text that no translator made.

    `untranslated_sentences`, an addition to the contract, counts those that the engine could not
    translate and that stand in `text` as they came; absent when there are none. `glossary_terms`,
    another, says what became of each term of the glossaries; absent without a glossary.
    `not_applied`, a third, names what was asked for and had no effect: parameters, and rules of
    the style; absent when all was done. `translation_memory_matches` has what was found for its
    sentences; absent without a memory.
    """

    detected_source_language: str
    text: str
    billed_characters: int | UnsetType = UNSET
    model_type_used: str | UnsetType = UNSET
    untranslated_sentences: int | UnsetType = UNSET
    tag_handling_version: str | UnsetType = UNSET
    glossary_terms: list[Term] | UnsetType = UNSET
    not_applied: list[str] | UnsetType = UNSET
    translation_memory_matches: list[Match] | UnsetType = UNSET


class TranslateResponse(Struct):
    """The translations, in the order of the texts."""

    translations: list[TranslationEntry]


def deepl_error_response(_request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Render any exception in DeepL's form; the exception handler of /v2 and /v3."""
    problem = as_problem(error)
    message = problem.detail
    if isinstance(problem, UnsupportedSource) or (
        isinstance(problem, UnsupportedPair) and problem.facts.get("unknown") == "source"
    ):
        message = f"Value for 'source_lang' not supported. {message}"
    elif isinstance(problem, UnsupportedPair):
        message = f"Value for 'target_lang' not supported. {message}"
    for invalid in problem.facts.get("errors") or ():
        message += f" {invalid.get('key')}: {invalid.get('message')}."
    body = contract.DeeplError(message=message, code=problem.code)
    if problem.status == 403:
        body.message, body.detail = problem.title, problem.detail
    return Response(body, status_code=problem.status, headers=answer_headers(problem))


@post(
    "/v2/translate",
    status_code=200,
    operation_id="translateText",
    operation_class=contract.TranslateOperation,
    summary="Translate texts",
    tags=_TRANSLATION,
    responses=contract.errors(413, 415, 456),
    request_max_body_size=TRANSLATE_BODY_BYTES_MAX,
)
async def translate_text(
    request: Request[Any, Any, Any],
    access: NamedDependency[Access],
    db: NamedDependency[Db],
    inference: NamedDependency[InferenceClient],
    detector: NamedDependency[Detector],
    terms_cache: NamedDependency[TermsCache],
    repeats: NamedDependency[Repeats[TranslateResponse]],
    quotas: NamedDependency[Quotas],
    memories: NamedDependency[Memories],
    reporting_tag: Annotated[
        str | None,
        HeaderParameter(
            name="X-DeepL-Reporting-Tag",
            description="A word of yours that is kept with the record of this request.",
            schema_extra={"maxLength": wire.REPORTING_TAG_CHARACTERS_MAX},
        ),
    ] = None,
) -> TranslateResponse:
    """Translate up to 50 texts, in a body of up to 128 KiB. The texts are kept nowhere."""
    access.require("translate:text")
    body, media_type = await request.body(), request.headers.get("content-type", "")
    asked = wire.parse_translate(wire.decode_body(body, media_type))
    tag = wire.parse_reporting_tag(reporting_tag)

    async def answer() -> TranslateResponse:
        await quotas.require(access, sum(map(billed_characters, asked.texts)))
        style = await _style(access, db, asked)
        recall = await _recall(access, db, memories, asked)
        translation = await _translated(access, db, inference, detector, terms_cache, asked, recall)
        if style is not None:
            translation = styles.applied(style, translation)
        left = [*asked.without_effect, *(styles.not_applied(style) if style else ())]
        async with db.tx(access.organisation_id, access.person_id) as tx:
            await service.record(tx, access, translation, tag)
        return TranslateResponse(
            [
                _entry(text, asked, detector.default_language, left, _matches(recall, source))
                for text, source in zip(translation.texts, asked.texts, strict=True)
            ]
        )

    caller = f"{access.organisation_id} {access.caller} {media_type} {tag}"
    return await repeats.once(caller, body, answer)


async def _style(access: Access, db: Db, asked: wire.TranslateRequest) -> StyleRow | None:
    if asked.style_id is None:
        return None
    async with db.tx(access.organisation_id, access.person_id) as tx:
        style = await styles.get(tx, asked.style_id)
    if style.language != root(asked.target):
        raise wire.InvalidParameter(
            f"The style is for {style.language}, and the text goes into {asked.target}."
        )
    return style


async def _recall(
    access: Access, db: Db, memories: Memories, asked: wire.TranslateRequest
) -> Recall | None:
    if asked.memory_id is None:
        return None
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await memories.recall(tx, asked.memory_id, asked.target, asked.memory_percent_min)


def _matches(recall: Recall | None, source: str) -> list[Match] | UnsetType:
    if recall is None:
        return UNSET
    return [match for sentence, match in recall.matches.items() if sentence in source]


async def _translated(
    access: Access,
    db: Db,
    inference: InferenceClient,
    detector: Detector,
    terms_cache: TermsCache,
    asked: wire.TranslateRequest,
    memory: Recall | None,
) -> service.Translation:
    terms = None
    if asked.glossary_ids and asked.source is not None:
        async with db.tx(access.organisation_id, access.person_id) as tx:
            terms = await terms_cache.load(
                tx, asked.glossary_ids, root(asked.source), root(asked.target)
            )
    how: dict[str, Any] = {
        "organisation_id": access.organisation_id,
        "texts": asked.texts,
        "target": asked.target,
        "source": asked.source,
        "mode": asked.split_mode,
        "terms": terms,
        "memory": memory,
    }
    if asked.tags is None:
        return await service.translate(inference, detector, **how)
    return await translate_tagged(inference, detector, options=asked.tags, **how)


def _entry(
    text: service.TranslatedText,
    asked: wire.TranslateRequest,
    default_language: str,
    not_applied: list[str],
    matches: list[Match] | UnsetType,
) -> TranslationEntry:
    model_type: str | UnsetType = UNSET
    if routing.is_pseudo(text.models):
        model_type = routing.PSEUDO
    elif asked.model_type is not None and text.models:
        model_type = "latency_optimized"
    return TranslationEntry(
        detected_source_language=v2(root(text.source_language or default_language)),
        text=text.text,
        billed_characters=text.billed_characters if asked.shows_billed_characters else UNSET,
        model_type_used=model_type,
        untranslated_sentences=text.untranslated or UNSET,
        tag_handling_version=asked.tags.version if asked.tags else UNSET,
        glossary_terms=list(text.terms) if asked.glossary_ids else UNSET,
        not_applied=not_applied or UNSET,
        translation_memory_matches=matches,
    )


def _load_detector() -> Detector:
    return Detector()


def _writing(
    inference: NamedDependency[InferenceClient],
    generation: NamedDependency[InferenceClient | None],
) -> Writing:
    return Writing(inference, generation)


def _quotas(db: NamedDependency[Db], characters_per_month_max: NamedDependency[int]) -> Quotas:
    return Quotas(db, characters_per_month_max)


def _no_repeats() -> Repeats[TranslateResponse]:
    return Repeats()


routes: Final = (
    Router(
        "/",
        route_handlers=[
            translate_text,
            admin.router,
            detection_api.router,
            documents.router,
            glossaries.router,
            information_api.router,
            memories_api.router,
            quality.router,
            stream.router,
            styles_api.router,
            writing.router,
        ],
        dependencies={
            "detector": Provide(_load_detector, use_cache=True, sync_to_thread=True),
            "terms_cache": Provide(TermsCache, use_cache=True, sync_to_thread=False),
            "memories": Provide(Memories, use_cache=True, sync_to_thread=False),
            "quotas": Provide(_quotas, use_cache=True, sync_to_thread=False),
            "writing": Provide(_writing, sync_to_thread=False),
            "repeats": Provide(_no_repeats, use_cache=True, sync_to_thread=False),
        },
    ),
)
