"""The route by which Matrix's clients learn what is new."""

import asyncio
import time
from typing import Annotated
from uuid import UUID

from litestar import get
from litestar.params import QueryParameter
from msgspec.structs import replace

from hanse.chat.api.common import Chat
from hanse.chat.matrix import positions
from hanse.chat.matrix.boot import PUSH_RULES
from hanse.chat.matrix.common import CLIENT, server_of
from hanse.chat.matrix.ephemeral import with_receipts, with_typing
from hanse.chat.matrix.events import Json
from hanse.chat.matrix.filters import TIMELINE_DEFAULT, timeline_limit
from hanse.chat.matrix.ids import Server
from hanse.chat.matrix.positions import Positions, room_key
from hanse.chat.matrix.sync import Synced, synced
from hanse.chat.rooms.service import actor_of
from hanse.identity import Access, Seal

WAIT_MS_MAX = 25_000

Since = Annotated[str | None, QueryParameter(name="since", max_length=60_000)]
Filter = Annotated[str | None, QueryParameter(name="filter", max_length=60_000)]
Wait = Annotated[int, QueryParameter(name="timeout", ge=0)]


@get(f"{CLIENT}/sync")
async def sync(
    bearer: Access,
    chat: Chat,
    seal: Seal,
    public_url: str,
    since: Since = None,
    wait_ms: Wait = 0,
    given_filter: Filter = None,
) -> Json:
    """Return what is new since a position; wait up to WAIT_MS_MAX for something, if asked.

    Without a position all rooms are read, which is limited. Raises RateLimited.
    """
    server, actor = server_of(public_url), actor_of(bearer)
    before = None if since is None else positions.read(seal, actor, since)
    limit = timeline_limit(given_filter) if given_filter else TIMELINE_DEFAULT
    if before is None and chat.initial_syncs_per_minute:
        caller = f"initial sync:{bearer.caller}"
        await chat.limits.take(bearer.organisation_id, caller, chat.initial_syncs_per_minute)
    deadline = time.monotonic() + min(wait_ms, WAIT_MS_MAX) / 1000
    await chat.heard.listen()
    while True:
        # Before the rooms are read: what is heard meanwhile is told again.
        heard_at = time.time()
        async with chat.db.tx(bearer.organisation_id, bearer.person_id) as tx:
            news = await synced(tx, bearer, server, before, limit)
        news = _with_heard(chat, server, actor, news, before, heard_at)
        left_s = deadline - time.monotonic()
        if before is None or news.joined or news.left or news.kept or left_s <= 0:
            break
        told, room_ids = asyncio.Event(), [each.id for each in news.rooms]
        with chat.heard.waking(room_ids, told):
            await chat.news.wait(room_ids, left_s, told)
    mine = list(news.kept)
    if before is None:
        mine.append({"type": "m.push_rules", "content": PUSH_RULES})
    if before is None or news.joined:
        mine.append({"type": "m.direct", "content": news.direct})
    return {
        "next_batch": positions.written(seal, actor, news.positions),
        "rooms": {"join": news.joined, "leave": news.left, "invite": {}},
        "account_data": {"events": mine},
        "presence": {"events": []},
        "to_device": {"events": []},
        "device_lists": {"changed": [], "left": []},
        "device_one_time_keys_count": {},
    }


def _with_heard(
    chat: Chat,
    server: Server,
    actor: UUID,
    news: Synced,
    before: Positions | None,
    heard_at: float,
) -> Synced:
    """Return what is new with who writes and who has read meanwhile."""
    room_ids = [each.id for each in news.rooms]
    if before is not None:
        _note_said(chat, server, news.joined)
    joined = news.joined
    if before is not None:
        read = chat.heard.read(room_ids, before.heard_at)
        joined = with_receipts(server, joined, read, news.rooms, actor)
    writing = chat.heard.writing(room_ids, but=actor)
    told = {} if before is None else before.typing
    joined = with_typing(server, joined, told, writing, news.rooms)
    reached = replace(
        news.positions,
        heard_at=heard_at,
        typing={room_key(id): members for id, members in writing.items()},
    )
    return replace(news, joined=joined, positions=reached)


def _note_said(chat: Chat, server: Server, joined: dict[str, Json]) -> None:
    """Whoever has sent what they wrote writes it no longer."""
    for room, news in joined.items():
        for event in news["timeline"]["events"]:
            if event["type"] == "m.room.message":
                chat.heard.stopped(server.room_of(room), server.user_of(event["sender"]))


handlers = [sync]
