"""Rooms that run programs, and people in them."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from hanse.chat.programs.host import Host
from hanse.chat.programs.runners import Runners
from hanse.platform.bus import Bus
from tests.chat.conftest import Person, person_of
from tests.chat.programs.hosting import Programs
from tests.identity.conftest import House, Tenant


@pytest.fixture(scope="module")
async def programs(house: House, bus: Bus) -> AsyncIterator[Programs]:
    house.app = house.build(bus=bus)
    runners = Runners(1)
    stop = asyncio.Event()
    host = Host(house.db, bus, runners, lambda: range(16))
    task = asyncio.create_task(host.run(stop))
    yield Programs(runners)
    stop.set()
    await task


@pytest.fixture(scope="module")
async def ana(programs: Programs, tenant: Tenant) -> Person:
    return await person_of(tenant, name="Ana")


@pytest.fixture(scope="module")
async def ben(programs: Programs, tenant: Tenant) -> Person:
    return await person_of(tenant, name="Ben")
