"""A caller's limit holds across processes, though each takes its tokens in small lots."""

import time
from collections.abc import AsyncIterator

import pytest

from hanse.platform.database import Db
from hanse.platform.http import RateLimited, RateLimits
from hanse.platform.ids import new_id
from tests.conftest import Database

PER_MINUTE = 6_000
LOT = 10


@pytest.fixture
async def db(database: Database) -> AsyncIterator[Db]:
    db = await Db.open(database.url("hanse_app"))
    yield db
    await db.close()


class Clock:
    """Time that stands still until it is told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def level(db: Db, organisation_id: object) -> int:
    """Tokens that were taken out of the bucket, and have not come back yet."""
    async with db.tx(organisation_id) as tx:  # type: ignore[arg-type]
        seconds = await tx.fetchval(
            "select extract(epoch from full_at - clock_timestamp())::float8"
            " from platform.rate_buckets"
        )
    return round(seconds * PER_MINUTE / 60)


async def test_most_requests_take_no_transaction(db: Db) -> None:
    organisation_id, limits = new_id(), RateLimits(db)
    before = (await limits.take(organisation_id, "key", PER_MINUTE)).remaining
    assert before == pytest.approx(PER_MINUTE - 1, abs=1)
    taken = await level(db, organisation_id)
    for _ in range(LOT - 1):
        left = (await limits.take(organisation_id, "key", PER_MINUTE)).remaining
    assert await level(db, organisation_id) <= taken <= LOT
    assert left == pytest.approx(before - (LOT - 1), abs=1 + LOT)


async def test_processes_together_let_through_the_limit_and_what_refilled(db: Db) -> None:
    organisation_id, per_minute = new_id(), 1_200
    processes = [RateLimits(db) for _ in range(3)]
    passed, refusals, began = 0, [], time.monotonic()
    while len(refusals) < 30:
        for limits in processes:
            try:
                await limits.take(organisation_id, "key", per_minute)
            except RateLimited as error:
                refusals.append(error)
            else:
                passed += 1
    came_back = (time.monotonic() - began) * per_minute / 60
    assert per_minute <= passed <= per_minute + came_back + 1
    assert {error.retry_after_s for error in refusals} == {60 / per_minute}
    assert all(error.headers["RateLimit"].startswith('"default";r=0') for error in refusals)


async def test_callers_and_organisations_have_limits_of_their_own(db: Db) -> None:
    limits, one, other = RateLimits(db), new_id(), new_id()
    for organisation_id, caller in ((one, "a"), (one, "b"), (other, "a")):
        assert (await limits.take(organisation_id, caller, 1)).remaining == 0
        with pytest.raises(RateLimited):
            await limits.take(organisation_id, caller, 1)


async def test_tokens_held_for_long_do_not_add_to_a_burst(db: Db) -> None:
    organisation_id, clock = new_id(), Clock()
    limits = RateLimits(db, clock)
    await limits.take(organisation_id, "key", PER_MINUTE)
    clock.now = 60.0
    before = await level(db, organisation_id)
    await limits.take(organisation_id, "key", PER_MINUTE)
    assert await level(db, organisation_id) >= before + LOT - 5


async def test_the_last_tokens_are_taken_one_by_one(db: Db) -> None:
    organisation_id = new_id()
    one, other = RateLimits(db), RateLimits(db)
    async with db.tx(organisation_id) as tx:
        await tx.execute(
            "insert into platform.rate_buckets (organisation_id, bucket, full_at)"
            " values ($1, 'key', clock_timestamp() + interval '59.95 seconds')",
            organisation_id,
        )
    await one.take(organisation_id, "key", PER_MINUTE)
    # Five of a lot of ten were there: the second process gets one, though the first asked for ten.
    await other.take(organisation_id, "key", PER_MINUTE)
