"""Who writes and who has read, as clients of Matrix are told."""

import asyncio
from collections.abc import AsyncIterator

import nio
import pytest

from hanse.platform.bus import Bus
from tests.chat.matrixing import (  # noqa: F401 - fixtures
    Somebody,
    make_clients,
    make_iva,
    make_rui,
    serving_app,
)
from tests.identity.conftest import House


@pytest.fixture(scope="module")
async def url(house: House, bus: Bus) -> AsyncIterator[str]:
    async with serving_app(house.build(bus=bus)) as url:
        yield url


async def waited(who: Somebody, since: str) -> nio.SyncResponse:
    answer = await who.client.sync(timeout=9_000, since=since)
    assert isinstance(answer, nio.SyncResponse), answer
    return answer


def typing(answer: nio.SyncResponse, room: str) -> list[str] | None:
    """Who writes, None if nothing was told of it."""
    told = answer.rooms.join[room].ephemeral if room in answer.rooms.join else []
    users = [each.users for each in told if isinstance(each, nio.TypingNoticeEvent)]
    return users[0] if users else None


async def test_others_are_told_who_writes_until_their_message_comes(
    iva: Somebody, rui: Somebody
) -> None:
    room, other = await iva.create(rui), await iva.create(rui)
    since = (await rui.sync()).next_batch
    own = (await iva.sync()).next_batch
    waiting = asyncio.create_task(waited(rui, since))
    await asyncio.sleep(0.3)
    await iva.client.room_typing(room)
    begun = await asyncio.wait_for(waiting, 1.5)
    assert typing(begun, room) == [iva.client.user_id]
    assert not begun.rooms.join[room].timeline.events
    assert other not in begun.rooms.join
    assert room not in (await rui.sync(begun.next_batch)).rooms.join, "it comes once"
    assert room not in (await iva.sync(own)).rooms.join, "of oneself nothing is told"
    await iva.send(room, "Done")
    ended = await waited(rui, begun.next_batch)
    assert typing(ended, room) == []
    assert [each.body for each in ended.rooms.join[room].timeline.events] == ["Done"]


async def test_who_says_nothing_more_stops_writing(iva: Somebody, rui: Somebody) -> None:
    room = await iva.create(rui)
    since = (await rui.sync()).next_batch
    await iva.client.room_typing(room)
    begun = await waited(rui, since)
    assert typing(begun, room) == [iva.client.user_id]
    ended = await waited(rui, begun.next_batch)
    assert typing(ended, room) == []


async def test_who_has_read_is_told_at_once_and_what_is_left_to_their_other_devices(
    iva: Somebody, rui: Somebody
) -> None:
    room = await iva.create(rui)
    sent = [await iva.send(room, text) for text in ("One", "Two", "Three")]
    since, of_rui = (await iva.sync()).next_batch, (await rui.sync()).next_batch
    waiting = asyncio.create_task(waited(iva, since))
    await asyncio.sleep(0.3)
    await rui.client.room_read_markers(room, sent[1], sent[1])
    news = await asyncio.wait_for(waiting, 1.5)
    [receipts] = news.rooms.join[room].ephemeral
    assert isinstance(receipts, nio.ReceiptEvent)
    read = {(each.user_id, each.event_id) for each in receipts.receipts}
    assert read == {(rui.client.user_id, sent[1])}
    assert room not in (await iva.sync(news.next_batch)).rooms.join, "it comes once"
    own = (await rui.sync(of_rui)).rooms.join[room]
    assert own.unread_notifications.notification_count == 1
    [marker] = own.account_data
    assert isinstance(marker, nio.FullyReadEvent)
    assert marker.event_id == sent[1]
