"""Pages of history in both directions and from a time on, topics, and names."""

from tests.chat.conftest import Person


async def test_history_is_read_forwards_and_backwards(ana: Person) -> None:
    room = await ana.channel()
    sent = [(await ana.send(room, f"m{index}"))["number"] for index in range(7)]
    path = f"/rooms/{room}/messages"
    first = await ana.ask("GET", f"{path}?after=0&limit=3")
    assert [each["number"] for each in first["messages"]] == sent[:3]
    second = await ana.ask("GET", f"{path}?after={first['after']}&limit=3")
    assert [each["number"] for each in second["messages"]] == sent[3:6]
    back = await ana.ask("GET", f"{path}?before={second['before']}&limit=3")
    assert [each["number"] for each in back["messages"]] == sent[:3]
    assert back["after"] == second["before"] - 1
    last = await ana.ask("GET", f"{path}?limit=3")
    assert ([each["number"] for each in last["messages"]], last["after"]) == (sent[4:], None)


async def test_history_begins_at_a_time(ana: Person) -> None:
    room = await ana.channel()
    numbers = [(await ana.send(room, f"m{index}"))["number"] for index in range(9)]
    path = f"/rooms/{room}/messages"
    events = (await ana.ask("GET", f"/rooms/{room}/events"))["events"]
    times = {each["number"]: each["created_at"] for each in events}
    for number in numbers:
        page = await ana.ask("GET", f"{path}?limit=1&at={times[number].replace('+', '%2B')}")
        assert [each["number"] for each in page["messages"]] == [number]
    assert (await ana.ask("GET", f"{path}?at=2999-01-01T00:00:00Z"))["messages"] == []
    early = await ana.ask("GET", f"{path}?at=1999-01-01T00:00:00Z")
    assert (len(early["messages"]), early["before"]) == (9, None)


async def test_a_page_begins_or_ends_at_one_place(ana: Person) -> None:
    room = await ana.channel()
    for query in (
        "before=1&after=1",
        "at=2026-01-01T00:00:00",
        "at=0001-01-01T00:00:00%2B14:00",
        "after=0&at=2026-01-01T00:00:00Z",
    ):
        problem = await ana.ask("GET", f"/rooms/{room}/messages?{query}", status=400)
        assert problem["code"] in ("invalid_page", "invalid_request"), problem


async def test_topics_are_listed_the_latest_first(ana: Person, eve: Person) -> None:
    room = await ana.channel()
    for topic in ("tides", "boats", "tides", "quay", "boats"):
        number = (await ana.send(room, "x", topic=topic))["number"]
    await ana.send(room, "without")
    topics = await ana.ask("GET", f"/rooms/{room}/topics")
    assert [each["name"] for each in topics] == ["boats", "quay", "tides"]
    assert topics[0]["number"] == number
    await ana.send(room, kind="topic", target=topics[1]["number"], topic="boats")
    topics = await ana.ask("GET", f"/rooms/{room}/topics")
    assert [each["name"] for each in topics] == ["boats", "tides"]
    await eve.ask("GET", f"/rooms/{room}/topics", status=404)


async def test_names_are_told_by_id(ana: Person, ben: Person) -> None:
    names = await ana.ask("GET", f"/chat/names?id={ben.id}&id={ana.id}&id={'0' * 32}")
    assert set(names) == {str(ana.id), str(ben.id)}
    await ana.ask("GET", "/chat/names", status=400)


async def test_what_is_pinned_is_listed_the_latest_first(ana: Person, eve: Person) -> None:
    room = await ana.channel()
    first, second, third = [(await ana.send(room, f"m{index}"))["number"] for index in range(3)]
    assert (await ana.ask("GET", f"/rooms/{room}/pins"))["messages"] == []
    for number in (third, first, second):
        await ana.send(room, kind="pin", target=number)
    await ana.send(room, kind="pin", target=second, on=False)
    await ana.send(room, kind="edit", target=first, text="edited")
    pinned = (await ana.ask("GET", f"/rooms/{room}/pins"))["messages"]
    assert [(each["number"], each["text"]) for each in pinned] == [
        (first, "edited"),
        (third, "m2"),
    ]
    await ana.send(room, kind="delete", target=first)
    await ana.send(room, kind="pin", target=second)
    pinned = (await ana.ask("GET", f"/rooms/{room}/pins"))["messages"]
    assert [each["number"] for each in pinned] == [second, third]
    await eve.ask("GET", f"/rooms/{room}/pins", status=404)
