"""A web process that is behind refuses bulk work first, and only as long as it is."""

import asyncio
from typing import Any

import httpx
from hypothesis import given
from hypothesis import strategies as st

from hanse.platform.http import Busy, Shedding, handed_on, problem_response
from hanse.platform.http.shedding import LARGE_BYTES
from hanse.platform.http.standing_delay import EVIDENCE_MIN, INTERVAL_S, StandingDelay
from hanse.platform.http.told_lately import HOLD_S, SENDERS_MAX, ToldLately

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
    transport = httpx.ASGITransport(Shedding(app, Busy(problem_response), str))
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
    transport = httpx.ASGITransport(Shedding(app, Busy(problem_response), str))
    async with httpx.AsyncClient(transport=transport, base_url="http://hanse") as client:
        for _ in range(3):
            assert await statuses(client, [b"a" * (LARGE_BYTES + 1)]) == [200]


class Full:
    """An application with a queue behind that is full, or not; it counts what gets there."""

    def __init__(self) -> None:
        self.status = 503
        self.asked = 0

    async def __call__(self, _scope: Any, _receive: Any, send: Any) -> None:
        self.asked += 1
        headers = [(b"Retry-After", b"7")]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"{}"})


async def test_who_was_refused_by_the_queue_is_told_so_again_without_asking_it():
    app = Full()
    transport = httpx.ASGITransport(Shedding(app, Busy(problem_response), str))
    small, large = b"a", b"a" * (LARGE_BYTES + 1)
    async with httpx.AsyncClient(transport=transport, base_url="http://hanse") as client:

        async def post(body: bytes, key: str, path: str = "/v2/translate") -> httpx.Response:
            return await client.post(path, content=body, headers={"Authorization": key})

        assert (await post(large, "ours")).status_code == 503
        again = await post(large, "ours")
        assert (again.status_code, again.headers["Retry-After"]) == (503, "7")
        assert again.json()["code"] == "server_busy"
        assert app.asked == 1
        app.status = 200
        # Somebody else, another address, and what a person waits for are another matter.
        assert (await post(large, "theirs")).status_code == 200
        assert (await post(large, "ours", "/v2/write")).status_code == 200
        assert (await post(small, "ours")).status_code == 200
        assert (await post(large, "ours")).status_code == 503
        await asyncio.sleep(HOLD_S)
        assert (await post(large, "ours")).status_code == 200
        assert (await post(large, "ours")).status_code == 200


async def test_other_refusals_and_nameless_senders_are_not_remembered():
    app = Full()
    transport = httpx.ASGITransport(Shedding(app, Busy(problem_response), str))
    large = b"a" * (LARGE_BYTES + 1)
    sent: list[tuple[int, dict[str, str]]] = [(429, {"Authorization": "ours"}), (503, {})]
    async with httpx.AsyncClient(transport=transport, base_url="http://hanse") as client:
        for status, headers in sent:
            for _ in range(2):
                app.status = status
                answer = await client.post("/", content=large, headers=headers)
                assert answer.status_code == status
    assert app.asked == 2 * len(sent)


def test_no_more_senders_are_remembered_than_there_is_room_for():
    told = ToldLately()
    for sender in range(SENDERS_MAX + 1):
        told.note(sender, 5.0, 100.0)
    assert told.at(0, 100.0) is None
    assert told.at(SENDERS_MAX, 100.0) == 5.0
    assert told.at(SENDERS_MAX, 100.0 + HOLD_S) is None
