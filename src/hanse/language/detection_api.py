"""The route that recognises languages, and those of the contract that need an engine for speech."""

from typing import Any, Final

from litestar import HttpMethod, Request, Router, post, route
from litestar.di import NamedDependency
from msgspec import UNSET, Struct, UnsetType

from hanse.identity import Access
from hanse.inference import InferenceClient
from hanse.language import contract, routing, wire
from hanse.language.detect import DetectionStatus, Detector
from hanse.platform.http import by_method
from hanse.platform.problems import Problem

BODY_BYTES_MAX: Final = 128 * 1024
_REQUEST = Request[Any, Any, Any]


class NoSpeechEngine(Problem):
    """This server has no engine for speech."""

    status = 501
    code = "no_speech_engine"
    title = "Not implemented"


class DetectedLanguage(Struct):
    """What a text is written in; no language where there is nothing to recognise."""

    detection_status: DetectionStatus
    detected_language: str | UnsetType = UNSET


class DetectResponse(Struct):
    """The languages, in the order of the texts."""

    results: list[DetectedLanguage]


@post(
    "/v3/detect/language",
    status_code=200,
    operation_id="detectLanguage",
    operation_class=contract.fields_operation({"text": list[str]}, {}),
    summary="Recognise languages",
    tags=["Languages and usage"],
    responses=contract.errors(413, 415),
    request_max_body_size=BODY_BYTES_MAX,
)
async def detect_language(
    request: _REQUEST,
    access: NamedDependency[Access],
    inference: NamedDependency[InferenceClient],
    detector: NamedDependency[Detector],
) -> DetectResponse:
    """Say what up to 50 texts are written in, and how sure that is; nothing is billed."""
    access.require("translate:text")
    fields = wire.decode_body(await request.body(), request.headers.get("content-type"))
    possible = routing.sources(await inference.models())
    found = [detector.detect(text, possible) for text in wire.parse_texts(fields)]
    return DetectResponse([DetectedLanguage(each.status, each.language or UNSET) for each in found])


def _refused() -> NoSpeechEngine:
    return NoSpeechEngine("This server has no engine for speech: voice cannot be translated.")


@route(
    "/v3/voice/realtime",
    http_method=[HttpMethod.GET, HttpMethod.POST],
    operation_id=by_method("VoiceStreamingUrl"),
    summary="Translate speech as it is spoken",
    tags=["Voice"],
    responses=contract.errors(501),
)
async def voice_realtime(access: NamedDependency[Access]) -> None:
    """Answer 501: there is no engine for speech."""
    access.require("translate:text")
    raise _refused()


@post(
    "/v1/jobs/voice/translate",
    operation_id="createVoiceTranslateJob",
    summary="Translate a recording",
    tags=["Voice"],
    responses=contract.errors(501),
)
async def create_voice_job(access: NamedDependency[Access]) -> None:
    """Answer 501: there is no engine for speech."""
    access.require("translate:text")
    raise _refused()


@route(
    "/v1/jobs/voice/translate/{job_id:str}",
    http_method=[HttpMethod.GET],
    operation_id="getVoiceTranslateJobStatus",
    summary="Show how far a recording is",
    tags=["Voice"],
    responses=contract.errors(501),
)
async def show_voice_job(access: NamedDependency[Access]) -> None:
    """Answer 501: there is no engine for speech."""
    access.require("translate:text")
    raise _refused()


router: Final = Router(
    "/",
    route_handlers=[detect_language, voice_realtime, create_voice_job, show_voice_job],
)
