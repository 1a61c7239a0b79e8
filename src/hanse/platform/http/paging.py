"""Pages by cursor: stable while rows come and go, and as cheap at the end as at the start."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from litestar.params import QueryParameter
from msgspec import Struct

from hanse.platform.problems import BadRequest

PAGE_SIZE_DEFAULT = 50
PAGE_SIZE_MAX = 200

T = TypeVar("T")


class Page(Struct, Generic[T]):
    """One page of a list. `next_cursor` asks for the following page; null on the last one."""

    items: list[T]
    next_cursor: str | None


class InvalidCursor(BadRequest):
    """The cursor was not made by this server."""

    code = "invalid_cursor"
    title = "Invalid cursor"


PageQuery = Annotated[
    int,
    QueryParameter(
        name="limit",
        ge=1,
        le=PAGE_SIZE_MAX,
        description=f"Items a page, 1 to {PAGE_SIZE_MAX}.",
    ),
]

Cursor = Annotated[
    str | None, QueryParameter(name="cursor", description="`next_cursor` of the page before.")
]


def cut_page(
    rows: Sequence[T], limit: int, cursor_of: Callable[[T], str]
) -> tuple[list[T], str | None]:
    """Return up to `limit` of `limit + 1` rows, and the cursor of the last one if more follow."""
    items = list(rows[:limit])
    return items, cursor_of(items[-1]) if len(rows) > limit else None


def page_of(rows: Sequence[T], limit: int, key: Callable[[T], UUID]) -> Page[T]:
    """Make a page of up to `limit` items from `limit + 1` rows in the order of their ids."""
    return Page(
        *cut_page(rows, limit, lambda row: base64.urlsafe_b64encode(key(row).bytes).decode())
    )


def parse_cursor(cursor: str | None) -> UUID | None:
    """Return the id after which the page starts. Raises InvalidCursor."""
    if cursor is None:
        return None
    try:
        return UUID(bytes=base64.b64decode(cursor, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error) as error:
        raise InvalidCursor("The cursor is not one that this server gave out.") from error
