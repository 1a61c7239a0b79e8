"""Rate limits: one token bucket a caller, shared by all web processes through PostgreSQL.

The bucket is kept as one timestamp, as in the generic cell rate algorithm (ITU-T I.371). A process
takes tokens out of it in small lots, so that not every request costs a transaction. Answers carry
`RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers).
"""

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from uuid import UUID

from msgspec import Struct

from hanse.platform.database import Db, Tx
from hanse.platform.problems import TooManyRequests

WINDOW_S = 60
LOT_S = 0.1
"""A lot is what a caller may send in this time: the part of a limit that a process may hold."""
HELD_S = 10.0
"""Tokens that were not used by then are given up, so that they do not add to a later burst."""
HOLDERS_MAX = 10_000


class RateLimit(Struct, frozen=True):
    """A caller's bucket: `remaining` requests now, all `per_minute` of them in `reset_s`."""

    per_minute: int
    remaining: int
    reset_s: float

    def headers(self) -> dict[str, str]:
        """Return the standard headers of an answer."""
        return {
            "RateLimit-Policy": f'"default";q={self.per_minute};w={WINDOW_S}',
            "RateLimit": f'"default";r={self.remaining};t={math.ceil(self.reset_s)}',
        }


class RateLimited(TooManyRequests):
    """This caller sent more requests than its limit allows."""

    code = "rate_limited"
    title = "Rate limit reached"


class RateLimits:
    """The limits of all callers, as one process keeps them.

    All processes together never let more through than the limit, plus what they still held when
    the bucket was last full: a lot each. A caller near its limit is refused while another process
    holds up to a lot of its tokens; where there is no whole lot left, tokens are taken one by one.
    """

    def __init__(self, db: Db, clock: Callable[[], float] = time.monotonic) -> None:
        self._db = db
        self._clock = clock
        self._holders: OrderedDict[tuple[UUID, str], _Holder] = OrderedDict()

    async def take(self, organisation_id: UUID, caller: str, per_minute: int) -> RateLimit:
        """Take one request out of the limit of a caller, who may send `per_minute`, 1 or more.

        Raises RateLimited, with the seconds until the next request is let through, and
        DatabaseUnavailable.
        """
        key = (organisation_id, caller)
        holder = self._holders.get(key)
        if holder is None:
            holder = self._holders[key] = _Holder()
            if len(self._holders) > HOLDERS_MAX:
                self._holders.popitem(last=False)
        if not holder.use(self._clock()):
            async with holder.lock:
                if not holder.use(self._clock()):
                    await self._take_lot(holder, organisation_id, caller, per_minute)
        return holder.limit(per_minute, self._clock())

    async def _take_lot(
        self, holder: "_Holder", organisation_id: UUID, caller: str, per_minute: int
    ) -> None:
        lot = max(1, int(per_minute * LOT_S / WINDOW_S))
        async with self._db.tx(organisation_id, durable=False) as tx:
            taken = lot if holder.plenty else 1
            fill_s = await _take(tx, caller, per_minute, taken)
            if fill_s is None and taken > 1:
                taken = 1
                fill_s = await _take(tx, caller, per_minute, taken)
            if fill_s is None:
                holder.plenty = False
                raise _limited(per_minute)
        # Near the limit the last tokens are for whoever needs them, not for one process to hold.
        holder.plenty = fill_s + 2 * LOT_S < WINDOW_S
        holder.taken(taken - 1, fill_s, self._clock())


class _Holder:
    """The tokens of one caller that this process holds."""

    __slots__ = ("_at", "_fill_s", "_left", "lock", "plenty")

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.plenty = True
        self._left = 0
        self._fill_s = 0.0
        self._at = 0.0

    def use(self, now: float) -> bool:
        """Use a token, if there is one."""
        if self._left == 0 or now - self._at > HELD_S:
            return False
        self._left -= 1
        return True

    def taken(self, left: int, fill_s: float, now: float) -> None:
        """Hold `left` tokens more; the bucket is full again in `fill_s`."""
        self._left, self._fill_s, self._at = left, fill_s, now

    def limit(self, per_minute: int, now: float) -> RateLimit:
        """What the caller may be told."""
        fill_s = max(0.0, self._fill_s - (now - self._at))
        return _limit(per_minute, fill_s, self._left)


def _limit(per_minute: int, fill_s: float, held: int = 0) -> RateLimit:
    left = math.floor((WINDOW_S - fill_s) * per_minute / WINDOW_S + 1e-6)
    return RateLimit(per_minute, min(per_minute, left + held), fill_s)


def _limited(per_minute: int) -> RateLimited:
    period_s = WINDOW_S / per_minute
    return RateLimited(
        f"This key is limited to {per_minute} requests a minute. Wait, or ask for a new limit.",
        retry_after_s=period_s,
        headers=RateLimit(per_minute, 0, period_s).headers(),
    )


async def _take(tx: Tx, bucket: str, per_minute: int, tokens: int) -> float | None:
    """Take tokens out of a bucket; return in how many seconds it is full, None if it has less."""
    fill_s: float | None = await tx.fetchval(
        """
        insert into platform.rate_buckets as kept (organisation_id, bucket, full_at)
        values ($1, $2, clock_timestamp() + $3 * interval '1 second')
        on conflict (organisation_id, bucket) do update
            set full_at = greatest(kept.full_at, clock_timestamp()) + $3 * interval '1 second'
            where kept.full_at + $3 * interval '1 second'
                <= clock_timestamp() + $4 * interval '1 second'
        returning extract(epoch from full_at - clock_timestamp())::float8
        """,
        tx.organisation_id,
        bucket,
        tokens * WINDOW_S / per_minute,
        float(WINDOW_S),
    )
    return None if fill_s is None else max(0.0, fill_s)
