"""The routes of quality evaluation. Routes only."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from msgspec import Struct

from hanse.identity import Access
from hanse.language import contract, wire
from hanse.language.languages import find_code, root
from hanse.language.quality import store
from hanse.language.quality.checks import Issue, score
from hanse.language.quality.jobs import EVALUATE, LIFETIME, Evaluate
from hanse.language.quality.store import Segment
from hanse.language.wire import InvalidParameter
from hanse.platform.database import Db
from hanse.platform.ids import new_id
from hanse.platform.jobs import enqueue
from hanse.platform.problems import NotFound, TooManyRequests

SCOPE: Final = "translate:text"
SEGMENTS_MAX: Final = 500
CHARACTERS_MAX: Final = 10_000
TOTAL_CHARACTERS_MAX: Final = 400_000
BODY_BYTES_MAX: Final = 4 * 1024 * 1024
OPEN_MAX: Final = 100
POLL_S: Final = 2
_TAGS: Final = ["Quality evaluation"]


class TooManyEvaluations(TooManyRequests):
    """Too many evaluations of the organisation wait already."""

    code = "too_many_evaluations"
    title = "Too many evaluations"


class Job(Struct):
    """An evaluation that was taken."""

    job_id: UUID
    poll_url: str


class Processing(Struct):
    """An evaluation that goes on."""

    job_id: UUID
    status: Literal["processing"] = "processing"


class SegmentReport(Struct):
    """What is wrong with one segment."""

    segment_index: int
    errors: list[Issue]


class Summary(Struct):
    """All segments together: 0 to 100, and the number of issues of each kind and severity."""

    overall_score: int
    granular_counts: dict[str, dict[str, dict[str, int]]]


class Report(Struct):
    """An evaluation that is done."""

    job_id: UUID
    segments: list[SegmentReport]
    summary: Summary
    status: Literal["done"] = "done"


@post(
    "/v1/quality-evaluation",
    status_code=202,
    operation_id="submitQualityEvaluation",
    operation_class=contract.QualityOperation,
    summary="Evaluate translations",
    tags=_TAGS,
    responses=contract.errors(413, 415),
    request_max_body_size=BODY_BYTES_MAX,
)
async def submit(
    request: Request[Any, Any, Any], access: NamedDependency[Access], db: NamedDependency[Db]
) -> Response[Job]:
    """Take up to 500 texts with their translations; the report is fetched by another call."""
    access.require(SCOPE)
    body = await request.body()
    fields = wire.decode_body(body, request.headers.get("content-type") or wire.JSON)
    source, target, segments = parse(fields)
    job_id = new_id()
    async with db.tx(access.organisation_id, access.person_id) as tx:
        if await store.count_open(tx) >= OPEN_MAX:
            raise TooManyEvaluations("Too many evaluations wait already.", retry_after_s=10.0)
        await store.insert(tx, job_id, source, target, segments, datetime.now(UTC) + LIFETIME)
        await enqueue(tx, EVALUATE, Evaluate(job_id), key=str(job_id))
    job = Job(job_id, f"/v1/quality-evaluation/{job_id}")
    return Response(job, status_code=202, headers={"Retry-After": str(POLL_S)})


@get(
    "/v1/quality-evaluation/{job_id:str}",
    operation_id="pollQualityEvaluation",
    summary="Fetch the report of an evaluation",
    tags=_TAGS,
    responses=contract.errors(404),
)
async def poll(
    job_id: str, access: NamedDependency[Access], db: NamedDependency[Db]
) -> Response[Report | Processing]:
    """Answer 200 with the report, or 202 while the evaluation goes on."""
    access.require(SCOPE)
    id = wire.parse_id(job_id, "job_id")
    async with db.tx(access.organisation_id, access.person_id) as tx:
        row = await store.get(tx, id)
    if row is None:
        raise NotFound("Quality estimation job not found.")
    if row.report is None:
        headers = {"Retry-After": str(POLL_S)}
        return Response(Processing(id), status_code=202, headers=headers)
    segments = [SegmentReport(number, list(each)) for number, each in enumerate(row.report)]
    return Response(Report(id, segments, Summary(score(row.report), _counts(row.report))))


def _counts(report: tuple[tuple[Issue, ...], ...]) -> dict[str, dict[str, dict[str, int]]]:
    counts: dict[str, dict[str, dict[str, int]]] = {}
    counted = Counter(
        (issue.type, issue.sub_type, issue.severity) for each in report for issue in each
    )
    for (type, sub_type, severity), count in counted.items():
        counts.setdefault(type, {}).setdefault(sub_type, {})[severity] = count
    return counts


def parse(fields: dict[str, Any]) -> tuple[str, str, list[Segment]]:
    """Return source language, target language and segments. Raises InvalidParameter."""
    metadata = fields.get("metadata")
    if not isinstance(metadata, dict):
        raise InvalidParameter("metadata is required.")
    source, target = (_language(metadata, name) for name in ("source_language", "target_language"))
    if root(source) == root(target):
        raise InvalidParameter("source_language and target_language are the same language.")
    given = fields.get("segments")
    if not isinstance(given, list) or not given:
        raise InvalidParameter("segments is required.")
    if len(given) > SEGMENTS_MAX:
        raise InvalidParameter(f"segments has more than {SEGMENTS_MAX} entries.")
    segments = [_segment(number, each) for number, each in enumerate(given)]
    if sum(len(each.source) + len(each.target) for each in segments) > TOTAL_CHARACTERS_MAX:
        raise InvalidParameter(f"segments has more than {TOTAL_CHARACTERS_MAX} characters.")
    return source, target, segments


def _language(metadata: dict[str, Any], name: str) -> str:
    value = metadata.get(name)
    if not value:
        raise InvalidParameter(f"metadata.{name} is required.")
    code = find_code(value) if isinstance(value, str) else None
    if code is None:
        raise InvalidParameter(f"metadata.{name} is not supported.")
    return code


def _segment(number: int, given: Any) -> Segment:
    for name in ("source", "target"):
        text = given.get(name) if isinstance(given, dict) else None
        if not isinstance(text, str) or (name == "source" and not text):
            raise InvalidParameter(f"segments[{number}].{name} is required.")
        if len(text) > CHARACTERS_MAX:
            raise InvalidParameter(
                f"segments[{number}].{name} exceeds {CHARACTERS_MAX} characters."
            )
    return msgspec.convert({key: given[key] for key in ("source", "target")}, Segment)


router: Final = Router("/", route_handlers=[submit, poll])
