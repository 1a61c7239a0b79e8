"""Failed attempts, under hashes of what was attempted."""

from hanse.identity.signing.store.purging import purge_oldest
from hanse.platform.database import Tx


async def add_failure(tx: Tx, bucket: bytes, forget_s: float) -> tuple[int, float]:
    """Count a failure; return how many there were before, and seconds since the last of them.

    One that comes after `forget_s` without any is the first again. A system transaction; the
    bucket is held until it ends.
    """
    seen = await tx.fetchrow(
        """
        select failures, extract(epoch from clock_timestamp() - last_at)::float8 as age_s
        from identity.sign_in_failures where bucket = $1 for update
        """,
        bucket,
    )
    await tx.execute(
        """
        insert into identity.sign_in_failures as kept (bucket, failures, last_at)
        values ($1, 1, clock_timestamp())
        on conflict (bucket) do update set
            failures = case when kept.last_at < now() - $2 * interval '1 second' then 1
                else kept.failures + 1 end,
            last_at = clock_timestamp()
        """,
        bucket,
        forget_s,
    )
    return (0, 0.0) if seen is None else (seen["failures"], seen["age_s"])


async def forgive_failure(tx: Tx, bucket: bytes) -> None:
    """Take one failure back."""
    await tx.execute(
        """
        update identity.sign_in_failures set failures = failures - 1
        where bucket = $1 and failures > 0
        """,
        bucket,
    )


async def forget_failures(tx: Tx, bucket: bytes) -> None:
    """Forget a bucket's failures."""
    await tx.execute("delete from identity.sign_in_failures where bucket = $1", bucket)


async def purge_failures(tx: Tx, limit: int) -> int:
    """Delete up to `limit` counts of failures that are forgotten by now."""
    return await purge_oldest(
        tx,
        "identity.sign_in_failures",
        "bucket",
        "last_at",
        limit,
        "last_at < now() - interval '2 days'",
    )
