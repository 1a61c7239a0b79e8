"""Parts of a file that a client asks for (RFC 9110, section 14). Pure."""

import re
from typing import Final

from hanse.platform.problems import Problem

_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


class RangeNotSatisfiable(Problem):
    """The file has no such part."""

    status = 416
    code = "range_not_satisfiable"
    title = "Range not satisfiable"


def wanted(header: str | None, total: int) -> tuple[int, int] | None:
    """Return the first and last byte that a `Range` asks for; None if it is all of the file.

    More than one part, and what is no range, are ignored, as the RFC allows. Raises
    RangeNotSatisfiable.
    """
    match = _RANGE.fullmatch(header.strip()) if header else None
    if match is None or not any(match.groups()):
        return None
    start, end = match.groups()
    if not start:
        first, last = max(0, total - int(end)), total - 1
        is_empty = int(end) == 0
    else:
        first, last = int(start), min(int(end), total - 1) if end else total - 1
        if end and int(end) < first:
            return None
        is_empty = False
    if is_empty or first >= total:
        raise RangeNotSatisfiable(
            f"The file has {total} bytes.", headers={"Content-Range": f"bytes */{total}"}
        )
    return first, last
