"""Rate limits: one token bucket a caller, shared by all web processes through PostgreSQL.

The bucket is kept as one timestamp, as in the generic cell rate algorithm (ITU-T I.371). Answers
carry `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers).
"""

import math

from msgspec import Struct

from hanse.platform.database import Tx
from hanse.platform.problems import TooManyRequests

WINDOW_S = 60


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


async def take_token(tx: Tx, bucket: str, per_minute: int) -> RateLimit:
    """Take one request out of `bucket`, which holds `per_minute` and refills evenly in a minute.

    Raises RateLimited, with the seconds until the next request is let through.
    """
    period_s = WINDOW_S / per_minute
    fill_s = await tx.fetchval(
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
        period_s,
        float(WINDOW_S),
    )
    if fill_s is None:
        raise RateLimited(
            f"This key is limited to {per_minute} requests a minute. Wait, or ask for a new limit.",
            retry_after_s=period_s,
            headers=RateLimit(per_minute, 0, period_s).headers(),
        )
    fill_s = max(0.0, fill_s)
    return RateLimit(per_minute, math.floor((WINDOW_S - fill_s) / period_s + 1e-6), fill_s)
