"""What a client sends again is answered by what runs already."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from hanse.language.repeats import joining
from hanse.language.repeats.attempts import KEPT_S, Attempt, Attempts
from hanse.language.repeats.joining import Make, Repeats
from hanse.language.repeats.leases import SLOW_S
from hanse.platform.database import Db
from hanse.platform.ids import new_id
from tests.conftest import Database

ORGANISATION = new_id()


class Work:
    """Counts how often it is done, and ends when it is told."""

    def __init__(self, db: Db) -> None:
        self.now_s = 100.0
        self.count = 0
        self.end = asyncio.Event()
        self.repeats = Repeats[int](Attempts(db), int, lambda: self.now_s)

    def ask(
        self, caller: str = "a", body: bytes = b"x", make: Make[int] | None = None
    ) -> "asyncio.Task[int]":
        request = joining.Request(ORGANISATION, caller, body)
        return asyncio.create_task(self.repeats.once(request, make or self.work))

    async def work(self, _attempt: Attempt) -> int:
        self.count += 1
        number = self.count
        await self.end.wait()
        return number

    async def after(self, seconds: float) -> None:
        await asyncio.sleep(0.1)
        self.now_s += seconds


@pytest.fixture
async def work(database: Database) -> AsyncIterator[Work]:
    db = await Db.open(database.url("hanse_app"))
    yield Work(db)
    await db.close()


async def test_a_repeat_of_a_slow_request_waits_for_its_answer(work: Work) -> None:
    first = work.ask()
    await work.after(SLOW_S + 1)
    second = work.ask()
    await work.after(1)
    first.cancel()
    work.end.set()
    assert await second == 1
    assert work.count == 1


async def test_a_slow_answer_is_kept_for_a_repeat_that_is_on_its_way(work: Work) -> None:
    first = work.ask()
    await work.after(SLOW_S + 1)
    work.end.set()
    assert await first == 1
    assert await work.ask() == 1
    await work.after(KEPT_S + 1)
    assert await work.ask() == 2


@pytest.mark.parametrize(("caller", "body"), [("b", b"x"), ("a", b"y")])
async def test_another_caller_or_body_is_another_request(
    work: Work, caller: str, body: bytes
) -> None:
    work.ask()
    await work.after(SLOW_S + 1)
    other = work.ask(caller, body)
    await work.after(0)
    work.end.set()
    assert await other == 2


async def test_equal_requests_at_the_same_time_are_two(work: Work) -> None:
    first, second = work.ask(), work.ask()
    await work.after(0)
    work.end.set()
    assert [await first, await second] == [1, 2]


async def test_a_failure_is_told_to_all_and_not_kept(work: Work) -> None:

    async def fail(_attempt: Attempt) -> int:
        await work.end.wait()
        raise ValueError("no")

    first = work.ask(make=fail)
    await work.after(SLOW_S + 1)
    second = work.ask(make=fail)
    await work.after(0)
    work.end.set()
    for each in (first, second):
        with pytest.raises(ValueError, match="no"):
            await each
    assert await work.ask() == 1
