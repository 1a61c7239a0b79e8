"""The DeepL wire: translating texts, and the routes of all its parts. Routes only."""

from typing import Annotated, Any, Final

from litestar import Request, Response, Router, post
from litestar.di import NamedDependency, Provide
from litestar.params import HeaderParameter

from hanse.identity import Access
from hanse.inference import InferenceClient
from hanse.language import contract, detection_api, information_api, stream, wire
from hanse.language.admin import api as admin
from hanse.language.answering import Answering, TranslateResponse
from hanse.language.detect import Detector
from hanse.language.documents import api as documents
from hanse.language.glossaries import api as glossaries
from hanse.language.memories import api as memories_api
from hanse.language.memories.service import Memories
from hanse.language.quality import api as quality
from hanse.language.quotas import Quotas
from hanse.language.repeats import joining
from hanse.language.repeats.attempts import Attempt, Attempts
from hanse.language.repeats.joining import Repeats
from hanse.language.routing import UnsupportedPair
from hanse.language.service import UnsupportedSource
from hanse.language.styles import api as styles_api
from hanse.language.writing import api as writing
from hanse.language.writing.service import Writing
from hanse.platform.database import Db
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
    answering: NamedDependency[Answering],
    repeats: NamedDependency[Repeats[TranslateResponse]],
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

    async def answer(attempt: Attempt) -> TranslateResponse:
        return await answering.answer(access, asked, tag, attempt)

    caller = f"translate {access.caller} {media_type} {tag}"
    return await repeats.once(joining.Request(access.organisation_id, caller, body), answer)


def _load_detector() -> Detector:
    return Detector()


def _writing(
    inference: NamedDependency[InferenceClient],
    generation: NamedDependency[InferenceClient | None],
) -> Writing:
    return Writing(inference, generation)


def _answering(
    db: NamedDependency[Db],
    inference: NamedDependency[InferenceClient],
    detector: NamedDependency[Detector],
    quotas: NamedDependency[Quotas],
) -> Answering:
    return Answering(db, inference, detector, quotas)


def _memories() -> Memories:
    return Memories()


def _quotas(db: NamedDependency[Db], characters_per_month_max: NamedDependency[int]) -> Quotas:
    return Quotas(db, characters_per_month_max)


def _attempts(db: NamedDependency[Db]) -> Attempts:
    return Attempts(db)


def _repeats(attempts: NamedDependency[Attempts]) -> Repeats[TranslateResponse]:
    return Repeats(attempts, TranslateResponse)


def _repeated_writing(attempts: NamedDependency[Attempts]) -> Repeats[writing.Improvements]:
    return Repeats(attempts, writing.Improvements)


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
            "answering": Provide(_answering, use_cache=True, sync_to_thread=False),
            "memories": Provide(_memories, use_cache=True, sync_to_thread=False),
            "quotas": Provide(_quotas, use_cache=True, sync_to_thread=False),
            "writing": Provide(_writing, sync_to_thread=False),
            "attempts": Provide(_attempts, use_cache=True, sync_to_thread=False),
            "repeats": Provide(_repeats, use_cache=True, sync_to_thread=False),
            "repeated_writing": Provide(_repeated_writing, use_cache=True, sync_to_thread=False),
        },
    ),
)
