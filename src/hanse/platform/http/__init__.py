"""What every HTTP route shares: errors, request ids, paging, idempotency and rate limits."""

from hanse.platform.http.context import ANSWER_HEADERS, RequestContext
from hanse.platform.http.errors import (
    answer_headers,
    as_problem,
    problem_response,
    problem_responses,
)
from hanse.platform.http.idempotency import Answer, IdempotencyKey, idempotent
from hanse.platform.http.limits import RateLimit, RateLimited, RateLimits
from hanse.platform.http.naming import by_method
from hanse.platform.http.paging import (
    PAGE_SIZE_DEFAULT,
    Cursor,
    InvalidCursor,
    Page,
    PageQuery,
    page_of,
    parse_cursor,
)
from hanse.platform.http.shedding import ServerBusy, Shedding, handed_on

__all__ = [
    "ANSWER_HEADERS",
    "PAGE_SIZE_DEFAULT",
    "Answer",
    "Cursor",
    "IdempotencyKey",
    "InvalidCursor",
    "Page",
    "PageQuery",
    "RateLimit",
    "RateLimited",
    "RateLimits",
    "RequestContext",
    "ServerBusy",
    "Shedding",
    "answer_headers",
    "as_problem",
    "by_method",
    "handed_on",
    "idempotent",
    "page_of",
    "parse_cursor",
    "problem_response",
    "problem_responses",
]
