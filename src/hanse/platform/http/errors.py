"""Errors on the wire: `application/problem+json` (RFC 9457)."""

import math
from http import HTTPStatus
from typing import Any

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi.datastructures import ResponseSpec
from msgspec import Struct

from hanse.platform.problems import BadRequest, Problem
from hanse.platform.telemetry import log

PROBLEM_JSON = "application/problem+json"


_DETAILS = {
    413: "The body is larger than this route takes, which is 128 KiB (131,072 bytes) at most.",
}


class ProblemDocument(Struct):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str


def problem_responses(*statuses: int) -> dict[int, ResponseSpec]:
    """Describe the errors of a route that authenticates, and these, for the OpenAPI document."""
    return {
        status: ResponseSpec(
            data_container=ProblemDocument,
            media_type=PROBLEM_JSON,
            description="See `detail`.",
            generate_examples=False,
        )
        for status in (401, 403, 429, 503, *statuses)
    }


class HttpProblem(Problem):
    """An error that the framework itself found, in our own form."""

    def __init__(self, error: HTTPException) -> None:
        title = HTTPStatus(error.status_code).phrase
        facts: dict[str, Any] = (
            {"errors": error.extra} if isinstance(error, ValidationException) else {}
        )
        detail = _DETAILS.get(error.status_code, error.detail or title)
        super().__init__(detail, headers=dict(error.headers or {}), **facts)
        self.status = error.status_code  # type: ignore[misc]
        self.title = title  # type: ignore[misc]
        self.code = title.lower().replace(" ", "_")  # type: ignore[misc]


def as_problem(error: Exception) -> Problem:
    """Return any exception as a Problem.

    What is neither a Problem nor an HTTP error of the framework is our own mistake: it is logged
    with its trace, and the caller gets a 500 without particulars.
    """
    if isinstance(error, Problem):
        # Its trace holds the frames it came through, and they hold it: a request that is refused
        # would leave hundreds of objects that only the collector of cycles can take away.
        error.__traceback__ = error.__context__ = None
        return error
    if isinstance(error, HTTPException):
        return HttpProblem(error)
    if isinstance(error, RecursionError):
        # From the JSON decoder, whose depth is bounded by the interpreter's.
        return BadRequest("The body is nested too deeply.")
    if isinstance(error, UnicodeDecodeError):
        # From the JSON decoder, too, which has no error of its own for it.
        log.warning("not_utf8", exc_info=error)  # if it was no body, it is ours
        return BadRequest("The body is not in UTF-8.")
    log.error("request_failed", exc_info=error)
    return Problem("This is a mistake of ours; it was logged under the request's id.")


def answer_headers(problem: Problem) -> dict[str, str]:
    """Return the headers of the answer to a problem: its own, and `Retry-After` (RFC 9110)."""
    if problem.retry_after_s is None:
        return problem.headers
    return {"Retry-After": str(max(1, math.ceil(problem.retry_after_s))), **problem.headers}


def problem_response(_request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Render any exception as a problem document; the exception handler of every route."""
    problem = as_problem(error)
    document = {
        **problem.facts,
        "type": f"urn:hanse:problem:{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
    }
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    if request_id:
        document["instance"] = f"urn:hanse:request:{request_id}"
    return Response(
        document,
        status_code=problem.status,
        headers=answer_headers(problem),
        media_type=PROBLEM_JSON,
    )
