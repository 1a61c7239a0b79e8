"""Typed errors with a status, a stable code and a sentence that says what to do (RFC 9457)."""

from typing import Any, ClassVar


class Problem(Exception):
    """An error that a caller can understand and act on.

    Subclasses are declared beside the rule that raises them and set `status` (HTTP status code),
    `code` (stable, machine-readable) and `title` (the kind of problem, the same each time).
    `detail` says what happened this time and what to do; `retry_after_s` becomes `Retry-After`,
    `headers` are sent along; further `facts` become extension members of the problem
    document (RFC 9457, section 3.2).
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Internal error"

    def __init__(
        self,
        detail: str,
        *,
        retry_after_s: float | None = None,
        headers: dict[str, str] | None = None,
        **facts: Any,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after_s = retry_after_s
        self.headers = headers or {}
        self.facts = facts


class BadRequest(Problem):
    """The request cannot be understood or breaks a rule of the contract."""

    status = 400
    code = "bad_request"
    title = "Bad request"


class Unauthenticated(Problem):
    """No credentials were sent."""

    status = 401
    code = "unauthenticated"
    title = "Authentication required"


class Forbidden(Problem):
    """The credentials are wrong, or do not allow this."""

    status = 403
    code = "forbidden"
    title = "Forbidden"


class NotFound(Problem):
    """Nothing here by that name that the caller may see."""

    status = 404
    code = "not_found"
    title = "Not found"


class Conflict(Problem):
    """The request contradicts the present state."""

    status = 409
    code = "conflict"
    title = "Conflict"


class PayloadTooLarge(Problem):
    """The body is larger than the limit of this route."""

    status = 413
    code = "payload_too_large"
    title = "Payload too large"


class UnsupportedMediaType(Problem):
    """The body is of a type, or in a coding, that this route does not read."""

    status = 415
    code = "unsupported_media_type"
    title = "Unsupported media type"


class TooManyRequests(Problem):
    """The caller's own limit is reached; `retry_after_s` says when it opens again."""

    status = 429
    code = "too_many_requests"
    title = "Too many requests"


class Unavailable(Problem):
    """A part that this request needs is away for the moment; the same request may be sent again."""

    status = 503
    code = "unavailable"
    title = "Service unavailable"

    def __init__(
        self,
        detail: str,
        *,
        retry_after_s: float | None = 1.0,
        headers: dict[str, str] | None = None,
        **facts: Any,
    ) -> None:
        super().__init__(detail, retry_after_s=retry_after_s, headers=headers, **facts)
