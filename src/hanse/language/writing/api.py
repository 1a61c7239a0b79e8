"""The routes of DeepL Write. Routes only."""

import time
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Router, post
from litestar.di import NamedDependency
from litestar.params import HeaderParameter
from msgspec import UNSET, Struct, UnsetType

from hanse.identity import Access
from hanse.language import contract, wire
from hanse.language.detect import Detector
from hanse.language.languages import find_code
from hanse.language.pipeline import billed_characters
from hanse.language.quotas import Quotas
from hanse.language.repeats import joining
from hanse.language.repeats.attempts import Attempt
from hanse.language.repeats.joining import Repeats
from hanse.language.wire import InvalidParameter
from hanse.language.writing import service
from hanse.language.writing.prompts import STYLES, TONES, Task
from hanse.language.writing.service import Improved, Writing, WritingRequest
from hanse.platform.database import Db

BODY_BYTES_MAX: Final = 10 * 1024
_TAGS: Final = ["Writing"]
_REQUEST = Request[Any, Any, Any]
_ReportingTag = Annotated[
    str | None,
    HeaderParameter(
        name="X-DeepL-Reporting-Tag",
        description="A word of yours that is kept with the record of this request.",
        schema_extra={"maxLength": wire.REPORTING_TAG_CHARACTERS_MAX},
    ),
]


class Improvement(Struct):
    """One improved text.

    `unchanged_parts`, an addition to the contract, counts the lines that stay as they came because
    no usable answer was found for them; absent when there are none.
    """

    detected_source_language: str
    target_language: str
    text: str
    unchanged_parts: int | UnsetType = UNSET


class Improvements(Struct):
    """The texts, in their order."""

    improvements: list[Improvement]


@post(
    "/v2/write/rephrase",
    status_code=200,
    operation_id="rephraseText",
    operation_class=contract.fields_operation(
        {"text": list[str]}, {"target_lang": str, "writing_style": str, "tone": str}
    ),
    summary="Rephrase texts",
    tags=_TAGS,
    responses=contract.errors(413, 415, 456, 501),
    request_max_body_size=BODY_BYTES_MAX,
)
async def rephrase(
    request: _REQUEST,
    access: NamedDependency[Access],
    db: NamedDependency[Db],
    detector: NamedDependency[Detector],
    writing: NamedDependency[Writing],
    quotas: NamedDependency[Quotas],
    repeated_writing: NamedDependency[Repeats[Improvements]],
    reporting_tag: _ReportingTag = None,
) -> Improvements:
    """Improve the wording of up to 50 texts by a language model, in a style or a tone."""
    return await _improve(
        request, access, db, detector, writing, quotas, repeated_writing, "rephrase", reporting_tag
    )


@post(
    "/v2/write/correct",
    status_code=200,
    operation_id="correctText",
    operation_class=contract.fields_operation({"text": list[str]}, {"target_lang": str}),
    summary="Correct texts",
    tags=_TAGS,
    responses=contract.errors(413, 415, 456),
    request_max_body_size=BODY_BYTES_MAX,
)
async def correct(
    request: _REQUEST,
    access: NamedDependency[Access],
    db: NamedDependency[Db],
    detector: NamedDependency[Detector],
    writing: NamedDependency[Writing],
    quotas: NamedDependency[Quotas],
    repeated_writing: NamedDependency[Repeats[Improvements]],
    reporting_tag: _ReportingTag = None,
) -> Improvements:
    """Correct spelling and grammar of up to 50 texts, and change nothing else."""
    return await _improve(
        request, access, db, detector, writing, quotas, repeated_writing, "correct", reporting_tag
    )


async def _improve(
    request: _REQUEST,
    access: Access,
    db: Db,
    detector: Detector,
    writing: Writing,
    quotas: Quotas,
    repeats: Repeats[Improvements],
    task: Task,
    reporting_tag: str | None,
) -> Improvements:
    access.require("write:improve")
    body, media_type = await request.body(), request.headers.get("content-type", "")
    asked = parse(task, wire.decode_body(body, media_type))
    tag = wire.parse_reporting_tag(reporting_tag)

    async def answer(attempt: Attempt) -> Improvements:
        await quotas.require(access, sum(map(billed_characters, asked.texts)))
        began = time.perf_counter()
        try:
            improved = await writing.improve(detector, access.organisation_id, asked)
        except BaseExceptionGroup as failures:
            # One is enough to say that the request failed.
            raise failures.exceptions[0] from None
        found = Improvements([_improvement(each) for each in improved])
        async with db.tx(access.organisation_id, access.person_id) as tx:
            await service.record(tx, access, improved, time.perf_counter() - began, tag)
            await attempt.settle(tx, msgspec.json.encode(found))
        return found

    caller = f"{task} {access.caller} {media_type} {tag}"
    return await repeats.once(joining.Request(access.organisation_id, caller, body), answer)


def _improvement(each: Improved) -> Improvement:
    return Improvement(each.language, each.target, each.text, each.kept or UNSET)


def parse(task: Task, fields: dict[str, Any]) -> WritingRequest:
    """Check the fields of a request. Raises InvalidParameter."""
    target = wire.single(fields, "target_lang")
    code = None if target is None else find_code(target)
    if target is not None and code is None:
        raise InvalidParameter("Value for 'target_lang' not supported.")
    style = tone = None
    if task == "rephrase":
        style, tone = _wish(fields, "writing_style", STYLES), _wish(fields, "tone", TONES)
        if style and tone:
            raise InvalidParameter("Send 'writing_style' or 'tone', not both.")
    return WritingRequest(
        task=task, texts=wire.parse_texts(fields), target=code, style=style, tone=tone
    )


def _wish(fields: dict[str, Any], parameter: str, known: dict[str, str]) -> str | None:
    value = (wire.single(fields, parameter) or "default").lower().removeprefix("prefer_")
    if value == "default":
        return None
    if value not in known:
        raise InvalidParameter(f"Value for '{parameter}' not supported.")
    return value


router: Final = Router("/", route_handlers=[rephrase, correct])
