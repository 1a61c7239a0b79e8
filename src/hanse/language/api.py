"""The DeepL wire: translating texts, and the routes of all its parts. Routes only."""

from typing import Annotated, Any, Final

from litestar import Request, Response, Router, post
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import HeaderParameter

from hanse.identity import Access
from hanse.inference import InferenceClient
from hanse.language import contract, detection_api, information_api, stream, wire
from hanse.language.admin import api as admin
from hanse.language.answering import TranslateResponse
from hanse.language.detect import Detector
from hanse.language.documents import api as documents
from hanse.language.glossaries import api as glossaries
from hanse.language.glossaries.loading import TermsCache
from hanse.language.memories import api as memories_api
from hanse.language.memories.service import Memories
from hanse.language.quality import api as quality
from hanse.language.quotas import Quotas
from hanse.language.repeats import joining
from hanse.language.repeats.attempts import Attempt
from hanse.language.repeats.joining import Repeats
from hanse.language.routing import UnsupportedPair
from hanse.language.service import UnsupportedSource
from hanse.language.styles import api as styles_api
from hanse.language.translations import STATE, Translations
from hanse.language.writing import api as writing
from hanse.language.writing.service import Writing
from hanse.platform.http import answer_headers, as_problem

TRANSLATE_BODY_BYTES_MAX: Final = 128 * 1024

_TRANSLATION: Final = ["Translation"]


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
    state: State,
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
    translations = _translations(state)
    body, media_type = await request.body(), request.headers.get("content-type", "")
    fields = wire.decode_body(body, media_type)
    asked = wire.parse_translate(fields, translations.formal_languages)
    tag = wire.parse_reporting_tag(reporting_tag)
    answering = await translations.answering()

    async def answer(attempt: Attempt) -> TranslateResponse:
        return await answering.answer(access, asked, tag, attempt)

    caller = f"translate {access.caller} {media_type} {tag}"
    return await translations.repeats.once(
        joining.Request(access.organisation_id, caller, body), answer
    )


def _translations(state: State) -> Translations:
    translations: Translations = state[STATE]
    return translations


async def _detector(state: State) -> Detector:
    return await _translations(state).detector()


def _writing(
    inference: NamedDependency[InferenceClient],
    generation: NamedDependency[InferenceClient | None],
) -> Writing:
    return Writing(inference, generation)


def _memories() -> Memories:
    return Memories()


def _terms_cache() -> TermsCache:
    return TermsCache()


def _quotas(state: State) -> Quotas:
    return _translations(state).quotas


def _repeated_writing(state: State) -> Repeats[writing.Improvements]:
    return Repeats(_translations(state).attempts, writing.Improvements)


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
            "detector": Provide(_detector, use_cache=True),
            "quotas": Provide(_quotas, use_cache=True, sync_to_thread=False),
            "writing": Provide(_writing, sync_to_thread=False),
            "memories": Provide(_memories, use_cache=True, sync_to_thread=False),
            "terms_cache": Provide(_terms_cache, use_cache=True, sync_to_thread=False),
            "repeated_writing": Provide(_repeated_writing, use_cache=True, sync_to_thread=False),
        },
    ),
)
