"""A log comes to one state, wherever the reading stops and goes on."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.chat.log.fold import Gap, fold, messages_of
from hanse.chat.log.model import Body, Event, Kind, RoomRole

ROOM = UUID(int=1)
PEOPLE = [UUID(int=number) for number in range(10, 14)]
START = datetime(2026, 1, 1, tzinfo=UTC)
TOPICS = ("lunch", "work", "boats")


Choice = tuple[int, int, int]


def log_of(choices: list[Choice]) -> list[Event]:
    """A log as the append lets it come to be: nothing concerns a deleted message."""
    events: list[Event] = []
    alive: list[int] = []
    for number, (what, whom, how) in enumerate(choices, 1):
        kinds = [Kind.MESSAGE, Kind.MESSAGE, Kind.MEMBERS, Kind.ROOM]
        if alive:
            kinds += [Kind.EDIT, Kind.DELETE, Kind.REACTION, Kind.PIN, Kind.TOPIC] * 2
        kind = kinds[what % len(kinds)]
        fields: dict[str, Any] = {"body": body(kind, how)}
        if kind in (Kind.MESSAGE, Kind.TOPIC):
            fields["topic"] = TOPICS[how % 3]
        if kind not in (Kind.MESSAGE, Kind.MEMBERS, Kind.ROOM):
            fields["target"] = alive[whom % len(alive)]
        if kind is Kind.TOPIC and whom % 2:
            # A topic as a whole, or a part of it, moves.
            since = (None, number // 2 + 1)[whom % 4 // 2]
            old = TOPICS[(how + 1 + whom // 4 % 2) % 3]
            fields |= {"target": None, "body": Body(from_topic=old, since=since)}
        if kind is Kind.MESSAGE:
            alive.append(number)
        if kind is Kind.DELETE:
            alive.remove(fields["target"])
        events.append(event(number, kind, PEOPLE[how % len(PEOPLE)], **fields))
    return events


def body(kind: Kind, how: int) -> Body:
    some = tuple(PEOPLE[how % 3 : how % 3 + how % 2 + 1])
    match kind:
        case Kind.MESSAGE | Kind.EDIT:
            return Body(text=("Hi", "Olá", "👋")[how % 3], mentions=some)
        case Kind.REACTION:
            return Body(emoji="👍🎉"[how % 2], on=how % 5 < 3)
        case Kind.PIN:
            return Body(on=how % 2 == 0)
        case Kind.MEMBERS:
            return Body(members=some, role=[None, *RoomRole][how % 5])
        case Kind.ROOM:
            return Body(name=(None, "New")[how % 2], is_archived=how % 3 == 0)
    return Body()


def logs(least: int = 0) -> st.SearchStrategy[list[Event]]:
    choice = st.tuples(*[st.integers(0, 29)] * 3)
    return st.lists(choice, min_size=least, max_size=30).map(log_of)


def event(number: int, kind: Kind = Kind.MESSAGE, sender: UUID = PEOPLE[0], **more: Any) -> Event:
    return Event(
        room_id=ROOM,
        number=number,
        messages=0,
        sender_id=sender,
        device="d",
        client_key=str(number),
        kind=kind,
        created_at=START + timedelta(seconds=number),
        **{"body": Body(), **more},
    )


def redacted(log: list[Event]) -> list[Event]:
    """What the database keeps after the deletions: no text."""
    deleted = {each.target for each in log if each.kind is Kind.DELETE}
    kept = []
    for each in log:
        changes: dict[str, Any] = {}
        if each.number in deleted or (each.kind is Kind.EDIT and each.target in deleted):
            changes |= {"body": Body(), "is_redacted": True}
        kept.append(msgspec.structs.replace(each, **changes))
    return kept


@given(logs(), st.integers(0, 30))
def test_reading_may_stop_and_go_on_anywhere(log: list[Event], stop: int) -> None:
    assert fold(log[stop:], fold(log[:stop])) == fold(log)


@given(logs(), st.integers(0, 30))
def test_what_comes_again_changes_nothing(log: list[Event], start: int) -> None:
    whole = fold(log)
    assert fold(log[start:], whole) == whole


@given(logs())
def test_a_fold_leaves_what_it_was_given_alone(log: list[Event]) -> None:
    half = fold(log[: len(log) // 2])
    before = msgspec.json.encode(half)
    fold(log[len(log) // 2 :], half)
    assert msgspec.json.encode(half) == before


@given(logs(least=3))
def test_a_missing_event_is_noticed(log: list[Event]) -> None:
    with pytest.raises(Gap):
        fold([*log[:1], *log[2:]])


@given(logs(), st.integers(0, 30), st.integers(1, 10))
def test_a_page_shows_messages_as_the_whole_log_does(
    log: list[Event], start: int, length: int
) -> None:
    page = [each for each in log if each.kind is Kind.MESSAGE][start : start + length]
    numbers = {each.number for each in page}
    later = [each for each in log if each.target in numbers or each.body.from_topic]
    whole = fold(log).messages
    assert messages_of(page, later) == [whole[number] for number in sorted(numbers)]


@given(logs())
def test_nothing_of_a_deleted_message_is_needed_to_know_how_things_stand(log: list[Event]) -> None:
    assert fold(redacted(log)) == fold(log)


def test_an_edit_replaces_the_text_and_gives_a_new_revision() -> None:
    log = [
        event(1, body=Body(text="Helo", mentions=(PEOPLE[1],))),
        event(2, Kind.EDIT, target=1, body=Body(text="Hello")),
    ]
    message = fold(log).messages[1]
    assert (message.text, message.revision, message.mentions) == ("Hello", 2, ())
    assert message.edited_at == log[1].created_at


def test_reactions_are_counted_once_a_person_and_taken_back() -> None:
    log = [event(1, body=Body(text="Lunch?"))]
    for who, emoji, on in [
        (0, "👍", True),
        (1, "👍", True),
        (0, "👍", True),
        (2, "🎉", True),
        (1, "👍", False),
        (3, "🎉", False),
    ]:
        body = Body(emoji=emoji, on=on)
        log.append(event(len(log) + 1, Kind.REACTION, PEOPLE[who], target=1, body=body))
    reactions = fold(log).messages[1].reactions
    assert {each.emoji: each.member_ids for each in reactions} == {
        "👍": (PEOPLE[0],),
        "🎉": (PEOPLE[2],),
    }


def test_members_come_change_and_go() -> None:
    log = [
        event(1, Kind.MEMBERS, body=Body(members=(PEOPLE[0],), role=RoomRole.OWNER)),
        event(2, Kind.MEMBERS, body=Body(members=tuple(PEOPLE[1:3]), role=RoomRole.MEMBER)),
        event(3, Kind.MEMBERS, body=Body(members=(PEOPLE[1],))),
    ]
    assert fold(log).members == {PEOPLE[0]: RoomRole.OWNER, PEOPLE[2]: RoomRole.MEMBER}
