"""A web process that is behind refuses bulk work first, and only as long as it is."""

import asyncio
from typing import Any

import httpx
from hypothesis import given
from hypothesis import strategies as st

from hanse.platform.http import Busy, Shedding, handed_on, problem_response
from hanse.platform.http.shedding import LARGE_BYTES
from hanse.platform.http.standing_delay import EVIDENCE_MIN, INTERVAL_S, StandingDelay

waits = st.lists(
    st.tuples(st.floats(0.0, INTERVAL_S / 4), st.floats(0.0, 10.0)), min_size=1, max_size=60
)


@given(waits)
def test_the_delay_is_that_of_the_luckiest_of_enough_requests(told: list[tuple[float, float]]):
    delay, now = StandingDelay(), 100.0
    for gap_s, seconds in told:
        now += gap_s
        delay.note(seconds, now)
    found = delay.at(now)
    assert found == 0.0 or found in {seconds for _, seconds in told}
    assert found <= told[-1][1]
    if len(told) < EVIDENCE_MIN:
        assert found == 0.0


@given(waits)
def test_what_is_long_past_says_nothing(told: list[tuple[float, float]]):
    delay = StandingDelay()
    for number, (_, seconds) in enumerate(told):
        delay.note(seconds, 100.0 + number / 1000)
    assert delay.at(100.0 + 1.0 + 2 * INTERVAL_S) == 0.0


class Slow:
    """An application whose requests reach their queue after a while, and stay there for long."""

    def __init__(self) -> None:
        self.front_s = 0.0

    async def __call__(self, _scope: Any, _receive: Any, send: Any) -> None:
        await asyncio.sleep(self.front_s)
        handed_on()
        await asyncio.sleep(0.05)
        handed_on()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})


async def statuses(client: httpx.AsyncClient, bodies: list[bytes]) -> list[int]:
    answers = await asyncio.gather(*(client.post("/", content=body) for body in bodies))
    return [answer.status_code for answer in answers]


async def test_bulk_work_is_refused_first_and_only_while_all_wait():
    app = Slow()
    transport = httpx.ASGITransport(Shedding(app, Busy(problem_response)))
    small, large = b"a", b"a" * (LARGE_BYTES + 1)
    async with httpx.AsyncClient(transport=transport, base_url="http://hanse") as client:
        # A long time in the queue behind is not a delay in front of it.
        assert await statuses(client, [large] * 20) == [200] * 20
        assert await statuses(client, [large] * 20) == [200] * 20
        await asyncio.sleep(2 * INTERVAL_S)
        app.front_s = 0.1
        assert await statuses(client, [small] * 20) == [200] * 20
        refused = await client.post("/", content=large)
        assert refused.status_code == 503
        assert refused.headers["Retry-After"] == "1"
        assert refused.json()["code"] == "server_busy"
        assert (await client.post("/", content=small)).status_code == 200
        assert (await client.get("/livez")).status_code == 200
        await asyncio.sleep(2 * INTERVAL_S)
        app.front_s = 0.2
        assert await statuses(client, [small] * 20) == [200] * 20
        assert await statuses(client, [small]) == [503]
        app.front_s = 0.0
        await asyncio.sleep(2 * INTERVAL_S)
        assert await statuses(client, [small, large]) == [200, 200]


async def test_a_single_request_that_was_slow_costs_nobody_anything():
    app = Slow()
    app.front_s = 0.3
    transport = httpx.ASGITransport(Shedding(app, Busy(problem_response)))
    async with httpx.AsyncClient(transport=transport, base_url="http://hanse") as client:
        for _ in range(3):
            assert await statuses(client, [b"a" * (LARGE_BYTES + 1)]) == [200]
