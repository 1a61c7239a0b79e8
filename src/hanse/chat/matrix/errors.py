"""Errors in Matrix's shape: `errcode` and `error`."""

from typing import Any, Final

from litestar import Request, Response
from litestar.exceptions import MethodNotAllowedException, NotFoundException

from hanse.platform.http import answer_headers, as_problem
from hanse.platform.problems import Problem

PREFIXES: Final = ("/_matrix/", "/.well-known/matrix/")

_BY_CODE: Final = {
    "missing_credentials": (401, "M_MISSING_TOKEN"),
    "second_factor_required": (403, "M_FORBIDDEN"),
    "choose_organisation": (403, "M_FORBIDDEN"),
}
_TEXTS: Final = {
    "second_factor_required": "With a second factor, sign in by the browser (SSO) instead of the "
    "password.",
    "choose_organisation": "Your address belongs to several organisations with this password: "
    "sign in by the browser (SSO) instead.",
}
_BY_STATUS: Final = {
    400: "M_INVALID_PARAM",
    401: "M_UNKNOWN_TOKEN",
    403: "M_FORBIDDEN",
    404: "M_NOT_FOUND",
    405: "M_UNRECOGNIZED",
    409: "M_FORBIDDEN",
    413: "M_TOO_LARGE",
    429: "M_LIMIT_EXCEEDED",
}


def is_matrix(path: str) -> bool:
    """Tell whether a path is one of Matrix's."""
    return path.startswith(PREFIXES)


def error_response(_request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Render any exception as Matrix's clients expect it."""
    problem = as_problem(error)
    status, errcode = _named(problem, error)
    said: dict[str, Any] = {"errcode": errcode, "error": _TEXTS.get(problem.code, problem.detail)}
    if problem.status == 429:
        said["retry_after_ms"] = int((problem.retry_after_s or 1) * 1000)
    headers = answer_headers(problem)
    return Response(said, status_code=status, headers=headers, media_type="application/json")


def _named(problem: Problem, error: Exception) -> tuple[int, str]:
    if isinstance(error, (NotFoundException, MethodNotAllowedException)):
        return problem.status, "M_UNRECOGNIZED"
    if problem.code == "wrong_credentials":
        # Of a sign-in it is 401 elsewhere, of a token 403: here the other way round.
        return (403, "M_FORBIDDEN") if problem.status == 401 else (401, "M_UNKNOWN_TOKEN")
    if problem.code in _BY_CODE:
        return _BY_CODE[problem.code]
    # A conflict is none to Matrix's clients: what they asked for is not allowed now.
    status = 403 if problem.status == 409 else problem.status
    return status, _BY_STATUS.get(problem.status, "M_UNKNOWN")
