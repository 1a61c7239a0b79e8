"""Searching from clients of Matrix. `matrix-nio` has no call for it: these are plain requests."""

from typing import Any
from uuid import UUID

from nio import AsyncClient

from hanse.chat.search.indexer import index
from tests.chat.matrixing import (  # noqa: F401 - fixtures
    CLIENT,
    Somebody,
    make_clients,
    make_iva,
    make_rui,
    make_url,
    somebody,
)
from tests.identity.conftest import House, Tenant


async def told(text: str, candidates: Any) -> str | None:
    return "en"


async def found(who: Somebody, term: str, batch: str = "", **more: Any) -> Any:
    body = {"search_categories": {"room_events": {"search_term": term, **more}}}
    answer = await who.raw("POST", f"{CLIENT}/search{batch}", body)
    assert answer.status_code == 200, answer.text
    return answer.json()["search_categories"]["room_events"]


async def indexed(house: House, tenant: Tenant, who: Somebody, room: str) -> None:
    """Do what the consumer does."""
    numbers = [each["number"] for each in await who.person.messages(room[1:37])]
    async with house.db.tx(tenant.id) as tx:
        await index(tx, UUID(room[1:37]), numbers, told)


async def test_messages_are_found_page_by_page_with_what_stands_around(
    house: House, tenant: Tenant, iva: Somebody, rui: Somebody
) -> None:
    room = await iva.create(rui)
    sent = [await iva.send(room, text) for text in ("Crane one", "Rope", "Crane two", "Ship")]
    await rui.send(room, "Crane three")
    await indexed(house, tenant, iva, room)
    context = {"before_limit": 1, "after_limit": 1}
    wanted = {"filter": {"limit": 1, "senders": [iva.client.user_id]}, "event_context": context}
    first = await found(iva, "crane", **wanted)
    [hit] = first["results"]
    assert hit["result"]["event_id"] == sent[2]
    assert hit["result"]["content"]["body"] == "Crane two"
    assert [each["event_id"] for each in hit["context"]["events_before"]] == [sent[1]]
    assert [each["event_id"] for each in hit["context"]["events_after"]] == [sent[3]]
    assert first["highlights"] == ["Crane"]
    second = await found(iva, "crane", f"?next_batch={first['next_batch']}", **wanted)
    assert [each["result"]["event_id"] for each in second["results"]] == [sent[0]]
    assert "next_batch" not in second
    other = await iva.create()
    assert (await found(iva, "crane", filter={"rooms": [other]}))["results"] == []


async def test_an_edited_message_is_found_with_its_edit(
    house: House, tenant: Tenant, iva: Somebody
) -> None:
    room = await iva.create()
    sent = await iva.send(room, "Lantern")
    new = {"msgtype": "m.text", "body": "Lighthouse"}
    relation = {"rel_type": "m.replace", "event_id": sent}
    await iva.send(room, "* Lighthouse", **{"m.new_content": new, "m.relates_to": relation})
    await indexed(house, tenant, iva, room)
    [hit] = (await found(iva, "lighthouse"))["results"]
    edit = hit["result"]["unsigned"]["m.relations"]["m.replace"]
    assert hit["result"]["event_id"] == sent
    assert edit["content"]["m.new_content"]["body"] == "Lighthouse"


async def test_nobody_finds_what_they_may_not_read(
    house: House, tenant: Tenant, url: str, clients: list[AsyncClient], iva: Somebody, rui: Somebody
) -> None:
    room = await iva.create()
    await iva.send(room, "Smuggler")
    await indexed(house, tenant, iva, room)
    eve = await somebody(await house.organisation("Beyond"), url, clients)
    assert len((await found(iva, "smuggler"))["results"]) == 1
    body = {"search_term": "smuggler", "filter": {"rooms": [room]}}
    for other in (rui, eve):
        assert (await found(other, "smuggler"))["results"] == []
        answer = await other.raw(
            "POST", f"{CLIENT}/search", {"search_categories": {"room_events": body}}
        )
        assert (answer.status_code, answer.json()["errcode"]) == (404, "M_NOT_FOUND")


async def test_bad_searches_are_refused(iva: Somebody) -> None:
    for wanted in (
        {},
        {"search_term": ""},
        {"search_term": "-x"},
        {"search_term": "x", "filter": {"rooms": []}},
        {"search_term": "x", "filter": {"rooms": ["!a:b"]}},
        {"search_term": "x", "filter": {"limit": 0}},
    ):
        answer = await iva.raw(
            "POST", f"{CLIENT}/search", {"search_categories": {"room_events": wanted}}
        )
        assert (answer.status_code, answer.json()["errcode"]) == (400, "M_INVALID_PARAM"), wanted
    batch = await iva.raw(
        "POST",
        f"{CLIENT}/search?next_batch=x",
        {"search_categories": {"room_events": {"search_term": "x"}}},
    )
    assert batch.status_code == 400
