"""Identifiers: UUIDv7 (RFC 9562, section 5.7), so that keys sort by the time they were made."""

import os
import time
from uuid import UUID


def new_id() -> UUID:
    """Return a UUIDv7: 48 bits of Unix time in milliseconds, 12 bits more of it, 62 random bits.

    The 12 bits are a quarter of a microsecond (section 6.2, method 3): what one process makes one
    after the other stands in that order.
    """
    milliseconds, nanoseconds = divmod(time.time_ns(), 1_000_000)
    value = (milliseconds & (1 << 48) - 1) << 80
    value |= 0x7 << 76 | (nanoseconds * 4096 // 1_000_000) << 64
    value |= 0b10 << 62 | int.from_bytes(os.urandom(8), "big") >> 2
    return UUID(int=value)
