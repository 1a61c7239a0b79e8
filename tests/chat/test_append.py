"""What is acknowledged stands in the log once, in one order, whoever wrote it."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from prometheus_client import REGISTRY

from hanse.chat.log import append, asking, ownership, store
from hanse.chat.log.append import Fenced, append_all
from hanse.chat.log.appender import Appender
from hanse.chat.log.model import Appended, Body, Draft, Event, Kind, shard_of
from hanse.chat.log.owner import own_rooms
from hanse.chat.log.rules import MessageDeleted, NoSuchRoom
from hanse.platform.bus import Bus
from hanse.platform.ids import new_id
from tests.chat.conftest import Person
from tests.eventing import going, until
from tests.identity.conftest import House, Tenant


def message(room: str, sender: UUID, text: str = "Hello", key: str = "", **more: Any) -> Draft:
    return Draft(
        room_id=UUID(room),
        sender_id=sender,
        device="phone",
        client_key=key or str(uuid4()),
        **{"kind": Kind.MESSAGE, "body": Body(text=text), **more},
    )


async def log_of(house: House, tenant: Tenant, room: str) -> list[Event]:
    async with house.db.tx(tenant.id) as tx:
        return await store.read_events(tx, UUID(room), 0, 10_000)


async def owned(house: House) -> bool:
    async with house.db.system_tx() as tx:
        sql = "select count(*) = 16 from chat.shards where expires_at > clock_timestamp()"
        return bool(await tx.fetchval(sql))


def commits() -> float:
    return REGISTRY.get_sample_value("hanse_chat_commit_drafts_count") or 0.0


async def test_numbers_are_dense_and_in_order_with_and_without_an_owner(
    house: House, tenant: Tenant, ana: Person, ben: Person, bus: Bus
) -> None:
    room = await ana.channel(member_ids=[str(ben.id)])
    start = len(await log_of(house, tenant, room))
    writers = [Appender(house.db, bus), Appender(house.db, None)]
    async with going(lambda stop: own_rooms(house.db, bus, stop)):
        await until(lambda: owned(house), "somebody owns every shard")

        async def send(who: Person, lane: int) -> list[int]:
            numbers = []
            for turn in range(12):
                draft = message(room, who.id, f"{lane} {turn}")
                numbers.append((await writers[lane % 2].append(tenant.id, draft)).number)
            return numbers

        lanes = await asyncio.gather(*(send((ana, ben)[lane % 2], lane) for lane in range(8)))
    for numbers in lanes:
        assert numbers == sorted(numbers), "each sender's own order is kept"
    log = await log_of(house, tenant, room)
    assert [each.number for each in log] == list(range(1, len(log) + 1))
    assert sorted(number for lane in lanes for number in lane) == list(
        range(start + 1, len(log) + 1)
    )
    assert [each.messages for each in log][start:] == list(range(1, 97))
    times = [each.created_at for each in log]
    assert times == sorted(times)


async def test_an_owner_commits_in_groups(
    house: House, tenant: Tenant, ana: Person, bus: Bus
) -> None:
    rooms = [await ana.channel() for _ in range(5)]
    appender = Appender(house.db, bus)
    async with going(lambda stop: own_rooms(house.db, bus, stop)):
        await until(lambda: owned(house), "somebody owns every shard")
        before = commits()
        drafts = [message(room, ana.id) for room in rooms for _ in range(40)]
        outcomes = await asyncio.gather(*(appender.append(tenant.id, each) for each in drafts))
        used = commits() - before
    assert not any(each.is_repeat for each in outcomes)
    assert 0 < used < 100, "200 messages share their commits"


async def test_a_repeat_gets_the_first_number_wherever_it_is_sent(
    house: House, tenant: Tenant, ana: Person, ben: Person, bus: Bus
) -> None:
    room = await ana.channel(member_ids=[str(ben.id)])
    owner, alone = Appender(house.db, bus), Appender(house.db, None)
    async with going(lambda stop: own_rooms(house.db, bus, stop)):
        await until(lambda: owned(house), "somebody owns every shard")
        draft = message(room, ana.id, key="once")
        tries = [appender.append(tenant.id, draft) for appender in (owner, alone) * 5]
        outcomes = await asyncio.gather(*tries)
    assert len({each.number for each in outcomes}) == 1
    assert sum(not each.is_repeat for each in outcomes) == 1
    first = outcomes[0].number
    # Another device, or another sender, has keys of its own.
    other_device = message(room, ana.id, key="once", kind=Kind.MESSAGE)
    other_device = Draft(**{**_fields(other_device), "device": "laptop"})
    for other in (other_device, message(room, ben.id, key="once")):
        assert (await alone.append(tenant.id, other)).number > first
    log = await log_of(house, tenant, room)
    assert sum(each.client_key == "once" for each in log) == 3


def _fields(draft: Draft) -> dict[str, Any]:
    return {name: getattr(draft, name) for name in draft.__struct_fields__}


async def test_repeats_and_contradictions_within_one_batch_are_told_apart(
    house: House, tenant: Tenant, ana: Person
) -> None:
    room = await ana.channel()
    first = (await ana.send(room, "One"))["number"]
    batch = [
        message(room, ana.id, key="same"),
        message(room, ana.id, key="same"),
        message(room, ana.id, kind=Kind.DELETE, target=first, body=Body()),
        message(room, ana.id, kind=Kind.EDIT, target=first, body=Body(text="Two")),
        message(str(new_id()), ana.id),
    ]
    async with house.db.tx(tenant.id) as tx:
        outcomes = (await append_all(tx, batch)).outcomes
    fresh, repeat, deletion, edit, nowhere = outcomes
    assert isinstance(fresh, Appended)
    assert isinstance(repeat, Appended)
    assert (repeat.number, repeat.is_repeat) == (fresh.number, True)
    assert isinstance(deletion, Appended)
    assert isinstance(edit, MessageDeleted)
    assert isinstance(nowhere, NoSuchRoom)


async def test_an_owner_that_comes_back_too_late_is_fenced_off(
    house: House, tenant: Tenant, ana: Person
) -> None:
    room = await ana.channel()
    id = UUID(room)
    zombie, successor = new_id(), new_id()
    old = (await ownership.renew(house.db, zombie))[shard_of(id)]
    async with house.db.system_tx() as tx:  # its lease runs out while it is held up
        await tx.execute("update chat.shards set expires_at = '-infinity'")
        await tx.execute("update chat.owners set seen_at = now() - interval '1 hour'")
    new = (await ownership.renew(house.db, successor))[shard_of(id)]
    assert new > old
    async with house.db.tx(tenant.id) as tx:
        await append_all(tx, [message(room, ana.id)], {id: new})
    with pytest.raises(Fenced):
        async with house.db.tx(tenant.id) as tx:
            await append_all(tx, [message(room, ana.id)], {id: old})
    async with house.db.tx(tenant.id) as tx:  # without an owner it works as before
        await append_all(tx, [message(room, ana.id)])
    await ownership.leave(house.db, successor)
    async with house.db.system_tx() as tx:
        assert await tx.fetchval("select count(*) from chat.shards where owner_id is null") == 16


async def test_a_message_gets_through_although_its_owner_is_stuck(
    house: House, tenant: Tenant, ana: Person, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hanse.chat.log.appender.OWNER_TIMEOUT_S", 0.2)
    room = await ana.channel()

    async def swallow(_message: Any) -> None:
        return None

    stuck = await bus.subscribe(asking.subject(shard_of(UUID(room))), swallow)
    try:
        appended = await Appender(house.db, bus).append(tenant.id, message(room, ana.id))
    finally:
        await bus.unsubscribe(stuck)
    log = await log_of(house, tenant, room)
    assert log[-1].number == appended.number


async def test_no_organisation_appends_to_anothers_room(
    house: House, ana: Person, bus: Bus
) -> None:
    room = await ana.channel()
    other = await house.organisation("Elsewhere")
    for appender in (Appender(house.db, None), Appender(house.db, bus)):
        with pytest.raises(NoSuchRoom):
            await appender.append(other.id, message(room, ana.id))


async def test_a_failed_append_leaves_nothing(
    house: House, tenant: Tenant, ana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = await ana.channel()
    before = await log_of(house, tenant, room)

    async def fail(*_args: Any) -> None:
        raise RuntimeError("between the log and its head")

    monkeypatch.setattr(append.store, "move_heads", fail)
    with pytest.raises(RuntimeError):
        await Appender(house.db, None).append(tenant.id, message(room, ana.id))
    monkeypatch.undo()
    assert await log_of(house, tenant, room) == before
    assert (await ana.send(room, "And on"))["number"] == len(before) + 1


async def test_the_database_itself_refuses_a_second_event_of_a_number_or_key(
    house: House, tenant: Tenant, ana: Person
) -> None:
    room = await ana.channel()
    sent = await ana.send(room, "One", client_key="k1")
    for number, key in ((sent["number"], "k2"), (sent["number"] + 1, "k1")):
        with pytest.raises(asyncpg.UniqueViolationError):
            async with house.db.tx(tenant.id) as tx:
                await tx.execute(
                    """
                    insert into chat.events (organisation_id, room_id, number, messages,
                        sender_id, device, client_key, kind, body, created_at)
                    values ($1, $2, $3, 1, $4, 'default', $5, 'message', '{}', now())
                    """,
                    tenant.id,
                    UUID(room),
                    number,
                    ana.id,
                    key,
                )
