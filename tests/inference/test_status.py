"""What people learn about inference over HTTP: models for all, queues only for their owners."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from hanse.identity import Permission, Role
from hanse.inference import InferenceClient, Limits
from hanse.inference.overview import Overview, overview, together
from hanse.platform.database import Db
from tests.conftest import Database, make_test_home
from tests.identity.conftest import House, Tenant
from tests.inference.fleet import Fleet, running_fleet, until
from tests.inference.virtual import A, B, job, model, simulation, texts

PATH = "/v1/inference/status"
WAITING = 40


@pytest.fixture(scope="module")
async def fleet() -> AsyncIterator[Fleet]:
    async with running_fleet(workers=1) as fleet:
        yield fleet


@pytest.fixture(scope="module")
async def house(database: Database, fleet: Fleet) -> AsyncIterator[House]:
    db = await Db.open(database.url("hanse_app"))
    yield House(db, database, fleet.client)
    await db.close()


async def told(browser: httpx.AsyncClient) -> dict[str, Any]:
    answer = await browser.get(PATH)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def waiting(status: dict[str, Any]) -> dict[str, int]:
    """The caller's own items by class."""
    return {each["service_class"]: each["items"] for each in status["organisation"]["queues"]}


async def test_administrators_see_models_workers_and_their_own_queue(
    house: House, fleet: Fleet
) -> None:
    ours, theirs = await house.organisation("Ours"), await house.organisation("Theirs")
    items = ["sleep 20", *(f"item {number}" for number in range(WAITING))]
    flood = asyncio.create_task(
        fleet.run(*items, organisation_id=theirs.id, service_class="bulk", deadline_s=60)
    )
    try:
        await until(lambda: _runs(fleet))
        for role in (Role.OWNER, Role.ADMIN):
            seen = await told(await ours.signed_in(role))
            assert seen["workers"] == {"total": 1, "busy": 1}
            states = {each["name"]: each["state"] for each in seen["models"]}
            assert (states["fragile"], states["en-pt"]) == ("running", "ready")
            assert waiting(seen) == {"interactive": 0, "live": 0, "bulk": 0}
            assert seen["organisation"]["running_items"] == 0
            assert seen["schedulers"] is None
            assert seen["unavailable"] == []
        their_own = await told(await theirs.signed_in(Role.ADMIN))
        running = their_own["organisation"]["running_items"]
        assert running >= 1
        assert waiting(their_own) == {"interactive": 0, "live": 0, "bulk": len(items) - running}
        assert await _seen_by_the_operator(house, ours) == (len(items) - running, True)
        assert await _seen_by_the_operator(house, theirs, named=ours) is None
    finally:
        flood.cancel()


async def _runs(fleet: Fleet) -> bool:
    return any(worker["running_items"] for worker in (await fleet.client.status())["workers"])


async def _seen_by_the_operator(
    house: House, tenant: Tenant, named: Tenant | None = None
) -> tuple[int, bool] | None:
    """All bulk items, and whether workers are told one by one, where `named` runs the server."""
    signed_in = await tenant.signed_in(Role.ADMIN)
    browser = house.browser(house.build(operating_organisation=str((named or tenant).id)))
    browser.cookies = signed_in.cookies
    schedulers = (await told(browser))["schedulers"]
    if schedulers is None:
        return None
    [scheduler] = schedulers
    assert scheduler["name"] == "inference"
    status = scheduler["status"]
    return status["queues"]["bulk"]["items"], status["workers"][0]["pid"] > 0


async def test_nobody_else_sees_anything(house: House) -> None:
    tenant = await house.organisation("Closed")
    for role in (Role.MEMBER, Role.GUEST):
        assert (await (await tenant.signed_in(role)).get(PATH)).status_code == 403
    assert (await house.browser().get(PATH)).status_code == 401
    owner = await tenant.signed_in(Role.OWNER)
    for scopes, status in ((None, 403), ([Permission.INFERENCE_READ], 200)):
        made = await owner.post("/v1/api-keys", json={"name": "key", "scopes": scopes})
        machine = house.browser()
        machine.headers["Authorization"] = f"Bearer {made.json()['secret']}"
        assert (await machine.get(PATH)).status_code == status, scopes


async def test_a_scheduler_that_is_away_is_unavailable(house: House) -> None:
    away = await InferenceClient.open(make_test_home() / "nobody.sock")
    elsewhere = House(house.db, house.database, away)
    owner = await (await elsewhere.organisation("Away")).signed_in(Role.OWNER)
    answer = await owner.get(PATH)
    assert (answer.status_code, answer.json()["code"]) == (503, "inference_unavailable")
    await away.close()


def of(organisation: UUID, *, weights: dict[UUID, float] | None = None) -> Overview:
    """What an organisation may know while A has 100 items under way, and B three."""
    fleet = simulation(workers=2, limits=Limits(organisation_weights=weights or {}))
    fleet.scheduler.set_models([model(), model("pt-en")])
    fleet.submit(job(*texts(100)))
    fleet.submit(job(*texts(3, "other"), of=B))
    fleet.run_until(0.001)
    return overview(fleet.scheduler, organisation)


def test_an_overview_counts_what_is_the_organisations_own() -> None:
    whole, other, nobody = of(A), of(B, weights={B: 2.0}), of(UUID(int=9))

    def all_items(each: Overview) -> int:
        return each.running_items + sum(queue.items for queue in each.queues)

    assert [all_items(each) for each in (whole, other, nobody)] == [100, 3, 0]
    assert (whole.weight, other.weight) == (1.0, 2.0)
    assert whole.queues[2].predicted_s > other.queues[2].predicted_s
    [used, unused] = nobody.models
    assert (used.able, used.running, unused.able, unused.running) == (2, 2, 2, 0)
    assert used.item_of_100_chars_s is None


def test_several_schedulers_are_summed() -> None:
    parts = [of(A), of(B)]
    summed = together(parts)
    assert (summed.workers, summed.busy) == (4, sum(part.busy for part in parts))
    assert [each.name for each in summed.models] == ["en-pt", "pt-en"]
    assert summed.models[0].able == 4
    for place, queue in enumerate(summed.queues):
        assert queue.items == sum(part.queues[place].items for part in parts)
