"""Topics as a whole: renamed, divided, resolved, and found by what they were called."""

from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from hanse.chat.log import store, topic_store
from hanse.chat.log.fold import fold
from hanse.chat.log.model import Body, Event, Kind
from hanse.chat.log.topics import former_names, marked
from hanse.chat.search import store as search_store
from hanse.chat.search.indexer import index
from tests.chat.conftest import Person, person_of
from tests.chat.test_fold import event
from tests.identity.conftest import House, Tenant


async def topics(who: Person, room: str) -> dict[str, Any]:
    """The topics of a room by their names."""
    return {each["name"]: each for each in await who.ask("GET", f"/rooms/{room}/topics")}


async def rename(who: Person, room: str, old: str, new: str, status: int = 201, **more: Any) -> Any:
    """Move all messages of a topic, or those from one on."""
    return await who.send(room, "", status, kind="topic", from_topic=old, topic=new, **more)


async def standing(who: Person, room: str) -> dict[str, str | None]:
    """In which topic each text stands."""
    return {each["text"]: each["topic"] for each in await who.messages(room)}


async def test_a_renamed_topic_has_all_its_messages_and_is_found_by_its_old_name(
    ana: Person, ben: Person
) -> None:
    room = await ana.channel(member_ids=[str(ben.id)])
    for text, topic in (("oats", "food"), ("bikes", "travel"), ("soup", "food")):
        await ben.send(room, text, topic=topic)
    await rename(ana, room, "food", "lunch")
    found = {"oats": "lunch", "bikes": "travel", "soup": "lunch"}
    assert await standing(ben, room) == found
    assert len(await ben.messages(room, "?topic=lunch")) == 2
    await rename(ana, room, "lunch", "dinner")
    listed = await topics(ben, room)
    assert set(listed) == {"dinner", "travel"}
    assert sorted(listed["dinner"]["former_names"]) == ["food", "lunch"]
    # A new topic of the old name is not the renamed one.
    await ben.send(room, "apples", topic="food")
    listed = await topics(ben, room)
    assert listed["dinner"]["former_names"] == ["lunch"]
    assert listed["food"]["former_names"] == []


async def test_a_message_moves_with_the_later_ones_of_its_topic(ana: Person) -> None:
    room = await ana.channel()
    await ana.send(room, "one", topic="plan")
    since = (await ana.send(room, "two", topic="plan"))["number"]
    await ana.send(room, "other", topic="boats")
    await ana.send(room, "three", topic="plan")
    await rename(ana, room, "plan", "harbour", since=since)
    await ana.send(room, "four", topic="plan")
    assert await standing(ana, room) == {
        "one": "plan",
        "two": "harbour",
        "other": "boats",
        "three": "harbour",
        "four": "plan",
    }
    assert (await topics(ana, room))["harbour"]["former_names"] == []
    past = await ana.ask("GET", f"/rooms/{room}/messages/{since}")
    assert [each["kind"] for each in past["events"]] == ["message", "topic"]


async def test_names_may_go_round_and_every_way_of_reading_tells_the_same(
    house: House, tenant: Tenant, ana: Person
) -> None:
    room = await ana.channel()
    first = (await ana.send(room, "a", topic="A"))["number"]
    await ana.send(room, "c", topic="C")
    gone = (await ana.send(room, "gone", topic="A"))["number"]
    await rename(ana, room, "A", "B")
    await ana.send(room, kind="delete", target=gone)
    await rename(ana, room, "C", "A")
    await ana.send(room, kind="topic", target=first, topic="C")
    await rename(ana, room, "C", "B")
    async with house.db.tx(tenant.id) as tx:
        log = await store.read_events(tx, UUID(room), 0, 100)
        now = await topic_store.topics_now(tx, UUID(room), range(1, 20))
    folded = {each.number: each.topic for each in fold(log).messages.values()}
    read = {each["number"]: each["topic"] for each in await ana.messages(room)}
    assert folded == read == {number: now[number] for number in folded}
    assert list(read.values()) == ["B", "A", "B"]


async def test_moderators_move_topics_and_whoever_writes_resolves_them(
    tenant: Tenant, ana: Person, ben: Person
) -> None:
    room = await ana.channel(member_ids=[str(ben.id)])
    number = (await ben.send(room, "Where is the key?", topic="key"))["number"]
    for more in ({}, {"since": number}):
        problem = await rename(ben, room, "key", "keys", 403, **more)
        assert problem["code"] == "not_allowed_in_room"
    mark = {"kind": "topic", "topic": "key"}
    await ben.send(room, **mark, is_resolved=True)
    assert (await topics(ana, room))["key"]["is_resolved"]
    await rename(ana, room, "key", "keys")
    assert (await topics(ana, room))["keys"]["is_resolved"]
    await ben.send(room, **{**mark, "topic": "keys"}, is_resolved=False)
    assert not (await topics(ana, room))["keys"]["is_resolved"]
    await ana.ask("PUT", f"/rooms/{room}/members/{ben.id}", {"role": "reader"})
    await ben.send(room, "", 403, **{**mark, "topic": "keys"}, is_resolved=True)
    stranger = await person_of(tenant)
    await stranger.send(room, "", 404, **{**mark, "topic": "keys"}, is_resolved=True)


async def test_what_is_no_topic_is_neither_moved_nor_resolved(ana: Person) -> None:
    room = await ana.channel()
    number = (await ana.send(room, "x", topic="here"))["number"]
    head = (await ana.ask("GET", f"/rooms/{room}"))["head"]
    for change, status in (
        ({"from_topic": "there", "topic": "b"}, 404),
        ({"from_topic": "here", "topic": "b", "since": number + 1}, 404),
        ({"topic": "there", "is_resolved": True}, 404),
        ({"from_topic": "here"}, 400),
        ({"from_topic": "here", "topic": "here"}, 400),
        ({"from_topic": "here", "topic": "b", "target": number}, 400),
        ({"from_topic": "here", "topic": " "}, 400),
        ({"topic": "here"}, 400),
        ({"topic": "here", "since": number}, 400),
        ({"topic": "here", "is_resolved": True, "from_topic": "here"}, 400),
    ):
        await ana.send(room, "", status, kind="topic", **change)
    assert (await ana.ask("GET", f"/rooms/{room}"))["head"] == head


async def test_a_repeated_rename_is_done_once(ana: Person) -> None:
    room = await ana.channel()
    await ana.send(room, "x", topic="old")
    first = await rename(ana, room, "old", "new", client_key="k")
    await ana.send(room, "y", topic="old")
    again = await rename(ana, room, "old", "new", 200, client_key="k")
    assert again["number"] == first["number"]
    assert await standing(ana, room) == {"x": "new", "y": "old"}


async def test_search_follows_a_renamed_topic(house: House, tenant: Tenant, ana: Person) -> None:
    async def recognise(text: str, candidates: Any) -> str:
        return "en"

    room = await ana.channel()
    number = (await ana.send(room, "ripe pears", topic="fruit"))["number"]
    async with house.db.tx(tenant.id) as tx:
        await index(tx, UUID(room), [number], recognise)
    await rename(ana, room, "fruit", "orchard")
    await rename(ana, room, "orchard", "o'garden")
    async with house.db.tx(tenant.id) as tx:
        for topic in ("orchard", "o'garden", "o'garden"):
            await search_store.move(tx, UUID(room), topic)
    found = {
        topic: len((await ana.ask("GET", f"/chat/search?q=pear&topic={topic}"))["items"])
        for topic in ("fruit", "orchard", "o'garden")
    }
    assert found == {"fruit": 0, "orchard": 0, "o'garden": 1}


def whole(number: int, topic: str, **body: Any) -> Event:
    """Something that happened to a topic."""
    return event(number, Kind.TOPIC, topic=topic, body=Body(**body))


_NAMES = st.sampled_from("abcd")
_CHANGES = st.lists(
    st.one_of(
        st.tuples(_NAMES, st.builds(dict, is_resolved=st.booleans())),
        st.tuples(_NAMES, st.builds(dict, from_topic=_NAMES)),
        st.tuples(_NAMES, st.builds(dict, from_topic=_NAMES, since=st.integers(1, 9))),
    ).filter(lambda each: each[0] != each[1].get("from_topic")),
    max_size=20,
)


@given(_CHANGES, st.integers(0, 20), st.sets(_NAMES))
def test_marks_may_be_read_in_parts_and_former_names_are_no_topics(
    changes: list[tuple[str, dict[str, Any]]], stop: int, there: set[str]
) -> None:
    log = [whole(number, name, **body) for number, (name, body) in enumerate(changes, 1)]
    marks = marked(log)
    assert marked(log[stop:], marked(log[:stop])) == marks
    former = former_names(marks, there)
    assert set(former) <= there
    assert not there & {old for olds in former.values() for old in olds}
