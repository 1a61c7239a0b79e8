"""Who may do what in a room, written a second time by hand."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from hanse.chat.log.model import Body, Draft, Kind, RoomRole
from hanse.chat.log.rules import (
    SENT,
    Facts,
    InvalidEvent,
    MessageDeleted,
    MutedInRoom,
    NoSuchMessage,
    NoSuchRoom,
    NotAllowedInRoom,
    RoomArchived,
    check_form,
    refusal,
)

OWNER, MODERATOR, MEMBER, READER = RoomRole
MODERATORS = {OWNER, MODERATOR}
WRITERS = {*MODERATORS, MEMBER}
EVERYBODY = set(RoomRole)

OWN = {
    Kind.MESSAGE: WRITERS,
    Kind.EDIT: WRITERS,
    Kind.DELETE: EVERYBODY,
    Kind.REACTION: EVERYBODY,
    Kind.PIN: WRITERS,
    Kind.TOPIC: WRITERS,
}
OTHERS = {
    **OWN,
    Kind.EDIT: set(),
    Kind.DELETE: MODERATORS,
    Kind.TOPIC: MODERATORS,
}


def draft(kind: Kind = Kind.MESSAGE, **more: Any) -> Draft:
    fields: dict[str, Any] = {"client_key": "k", "device": "d", "body": Body()}
    if kind in (Kind.MESSAGE, Kind.EDIT):
        fields["body"] = Body(text="Hello")
    if kind is Kind.REACTION:
        fields["body"] = Body(emoji="👍")
    if kind is not Kind.MESSAGE:
        fields["target"] = 1
    return Draft(room_id=UUID(int=1), sender_id=UUID(int=2), kind=kind, **{**fields, **more})


def facts(role: RoomRole | None, **more: Any) -> Facts:
    return Facts(**{"role": role, "is_archived": False, "target_kind": "message", **more})


@pytest.mark.parametrize("kind", sorted(SENT))
@pytest.mark.parametrize("role", RoomRole)
@pytest.mark.parametrize(("is_own", "table"), [(True, OWN), (False, OTHERS)])
def test_a_role_may_send_what_the_table_says_and_nothing_else(
    kind: Kind, role: RoomRole, is_own: bool, table: dict[Kind, set[RoomRole]]
) -> None:
    problem = refusal(draft(kind), facts(role, target_is_own=is_own))
    assert (problem is None) == (role in table[kind])
    assert problem is None or isinstance(problem, NotAllowedInRoom)


@pytest.mark.parametrize("kind", sorted(SENT))
def test_who_is_outside_learns_nothing(kind: Kind) -> None:
    for known in (None, facts(None), facts(None, is_archived=True, target_kind=None)):
        assert isinstance(refusal(draft(kind), known), NoSuchRoom)


def test_all_are_addressed_by_moderators_and_whoever_the_policy_lets() -> None:
    to_all = draft(body=Body(text="Fire!", to_all=True))
    allowed = {role for role in RoomRole if refusal(to_all, facts(role)) is None}
    assert allowed == MODERATORS
    granted = draft(body=Body(text="Fire!", to_all=True), may_reach_all=True)
    assert refusal(granted, facts(MEMBER)) is None
    assert refusal(granted, facts(READER)) is not None
    assert refusal(to_all, facts(MEMBER, is_direct=True)) is None


@pytest.mark.parametrize("kind", sorted(SENT))
@pytest.mark.parametrize("is_own", [True, False])
def test_who_is_muted_only_takes_back(kind: Kind, is_own: bool) -> None:
    until = datetime(2030, 1, 1, tzinfo=UTC)
    for role in RoomRole:
        problem = refusal(draft(kind), facts(role, target_is_own=is_own, muted_until=until))
        assert isinstance(problem, MutedInRoom) == (kind is not Kind.DELETE or not is_own)


def test_what_concerns_nothing_or_something_deleted_is_refused() -> None:
    edit = draft(Kind.EDIT)
    own = {"target_is_own": True}
    assert isinstance(refusal(edit, facts(OWNER, target_kind=None, **own)), NoSuchMessage)
    assert isinstance(refusal(edit, facts(OWNER, target_kind="pin", **own)), NoSuchMessage)
    gone = facts(OWNER, target_is_redacted=True, **own)
    assert isinstance(refusal(edit, gone), MessageDeleted)
    answer = draft(thread=7)
    assert isinstance(refusal(answer, facts(OWNER, has_thread=False)), NoSuchMessage)
    assert isinstance(refusal(draft(), facts(OWNER, is_archived=True)), RoomArchived)


@pytest.mark.parametrize(
    "bad",
    [
        draft(body=Body()),
        draft(body=Body(text=" \n ")),
        draft(body=Body(text="a" * 20_001)),
        draft(body=Body(text="a\0b")),
        draft(body=Body(text="a", mentions=tuple(UUID(int=n) for n in range(101)))),
        draft(target=3),
        draft(topic="two\nlines"),
        draft(topic=" "),
        draft(client_key=""),
        draft(client_key="k" * 65),
        draft(device="\0"),
        draft(Kind.EDIT, target=None),
        draft(Kind.EDIT, topic="work"),
        draft(Kind.EDIT, thread=1),
        draft(Kind.REACTION, body=Body()),
        draft(Kind.REACTION, body=Body(emoji="a b")),
        draft(Kind.DELETE, body=Body(text="with text")),
        draft(Kind.MEMBERS),
        draft(Kind.ROOM),
        draft(Kind.TOPIC, target=None, topic="work"),
        draft(Kind.TOPIC, topic="work", body=Body(from_topic="lunch")),
        draft(Kind.TOPIC, target=None, body=Body(from_topic="lunch")),
        draft(Kind.TOPIC, target=None, topic="work", body=Body(from_topic="work")),
        draft(Kind.TOPIC, target=None, topic="work", body=Body(since=3)),
        draft(Kind.TOPIC, target=None, topic="a", body=Body(from_topic="b", is_resolved=True)),
        draft(topic="work", body=Body(text="a", is_resolved=True)),
    ],
    ids=str,
)
def test_what_has_not_the_form_of_its_kind_is_refused(bad: Draft) -> None:
    with pytest.raises(InvalidEvent):
        check_form(bad)


@pytest.mark.parametrize("kind", sorted(SENT))
def test_what_has_it_is_not(kind: Kind) -> None:
    check_form(draft(kind))
