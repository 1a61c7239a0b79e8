"""What every HTTP route shares: errors, request ids, paging, idempotency and rate limits."""

from typing import TYPE_CHECKING

from hanse.platform.faces import lazy_face

if TYPE_CHECKING:
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
        cut_page,
        page_of,
        parse_cursor,
    )
    from hanse.platform.http.shedding import Busy, ServerBusy, Shedding
    from hanse.platform.http.standing_delay import handed_on
else:
    # The gateway of the chat shares the rate limits, and needs no HTTP framework for them.
    __getattr__ = lazy_face(
        __name__,
        {
            "ANSWER_HEADERS": "context",
            "PAGE_SIZE_DEFAULT": "paging",
            "Answer": "idempotency",
            "Cursor": "paging",
            "IdempotencyKey": "idempotency",
            "InvalidCursor": "paging",
            "Page": "paging",
            "PageQuery": "paging",
            "RateLimit": "limits",
            "RateLimited": "limits",
            "RateLimits": "limits",
            "RequestContext": "context",
            "ServerBusy": "shedding",
            "Busy": "shedding",
            "Shedding": "shedding",
            "answer_headers": "errors",
            "as_problem": "errors",
            "by_method": "naming",
            "handed_on": "standing_delay",
            "idempotent": "idempotency",
            "cut_page": "paging",
            "page_of": "paging",
            "parse_cursor": "paging",
            "problem_response": "errors",
            "problem_responses": "errors",
        },
    )

__all__ = [
    "ANSWER_HEADERS",
    "PAGE_SIZE_DEFAULT",
    "Answer",
    "Busy",
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
    "cut_page",
    "handed_on",
    "idempotent",
    "page_of",
    "parse_cursor",
    "problem_response",
    "problem_responses",
]
