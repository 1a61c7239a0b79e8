"""Errors as SCIM has them (RFC 7644, section 3.12)."""

from typing import Any

import msgspec
from litestar import Request, Response

from hanse.identity.authentication import WrongCredentials
from hanse.platform.http import answer_headers, as_problem
from hanse.platform.problems import BadRequest, Problem

SCIM_JSON = "application/scim+json"
_ERROR_URN = "urn:ietf:params:scim:api:messages:2.0:Error"


def error_response(_request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Render an exception that was raised before or outside of the SCIM service."""
    problem = as_problem(error)
    status, headers = problem.status, answer_headers(problem)
    if isinstance(error, WrongCredentials):
        # Elsewhere 403, as the contract of the DeepL API has it; here identity providers ask.
        status, headers = 401, {**headers, "WWW-Authenticate": 'Bearer realm="hanse"'}
    document = {"schemas": [_ERROR_URN], "status": str(status), "detail": problem.detail}
    if scim_type := scim_type_of(problem):
        document["scimType"] = scim_type
    return Response(
        msgspec.json.encode(document), status_code=status, headers=headers, media_type=SCIM_JSON
    )


def scim_type_of(problem: Problem) -> str | None:
    """Return the keyword for a problem, where SCIM has one."""
    if problem.code in ("email_taken", "group_name_taken"):
        return "uniqueness"
    return "invalidValue" if isinstance(problem, BadRequest) else None
