"""What a program brings about is decoded whole, or refused with the place of what is wrong."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.chat.log.model import Body, Event, Kind
from hanse.chat.programs.effects import (
    EFFECT_TYPES,
    EFFECTS_MAX,
    Button,
    Card,
    Delete,
    Edit,
    Effect,
    Field,
    Http,
    Post,
    React,
    Rights,
    Timer,
    Translate,
    decode_effects,
)
from hanse.chat.programs.events import nanoseconds, recorded
from hanse.chat.programs.sandbox import ProgramFault

ALL = Rights(allowed=frozenset(EFFECT_TYPES), hosts=frozenset({"example.org", "example.org:8443"}))
NONE = Rights()

_plain = st.characters(min_codepoint=32, exclude_categories=("Cs",))
keys = st.text(_plain, min_size=1, max_size=64)
labels = st.text(_plain, min_size=1, max_size=80)
texts = st.text(
    st.characters(min_codepoint=1, exclude_categories=("Cs",)), min_size=1, max_size=300
)
numbers = st.integers(1, 2**53 - 1)
unique = {"max_size": 5, "unique_by": lambda each: each.name}
fields = st.builds(Field, name=keys, label=labels, is_required=st.booleans()) | st.builds(
    Field,
    name=keys,
    label=labels,
    kind=st.just("choice"),
    choices=st.lists(labels, min_size=1, max_size=5).map(tuple),
)
effects = (
    st.builds(Post, text=texts, key=st.none() | keys, thread=st.none() | numbers)
    | st.builds(Edit, key=keys, text=texts)
    | st.builds(React, target=numbers, emoji=st.text(min_size=1, max_size=9), on=st.booleans())
    | st.builds(
        Card,
        key=keys,
        title=labels,
        text=texts,
        fields=st.lists(fields, **unique).map(tuple),
        buttons=st.lists(st.builds(Button, name=keys, label=labels), **unique).map(tuple),
    )
    | st.builds(Timer, key=keys, at=st.none() | st.datetimes(timezones=st.just(UTC)))
    | st.builds(Http, key=keys, url=st.just("https://example.org/x"), body=texts)
    | st.builds(Translate, key=keys, text=texts, to=st.sampled_from(["de", "pt-BR"]))
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["type", "key", "text", "at", "fields", "name", "x"]), inner, max_size=5
        )
    ),
    max_leaves=12,
)


def _decode(*made: Any, rights: Rights = ALL) -> tuple[Effect, ...]:
    return decode_effects([json.dumps(each).encode() for each in made], rights)


def _fault(*made: Any, rights: Rights = ALL) -> tuple[str, str]:
    with pytest.raises(ProgramFault) as found:
        _decode(*made, rights=rights)
    return found.value.fault.code, found.value.fault.detail


@given(st.lists(effects, max_size=EFFECTS_MAX))
def test_effects_come_out_as_they_went_in(made: list[Effect]) -> None:
    assert decode_effects([msgspec.json.encode(each) for each in made], ALL) == tuple(made)


@given(st.lists(anything, min_size=1, max_size=3))
def test_anything_else_is_refused_with_its_place(made: list[Any]) -> None:
    try:
        decoded = _decode(*made)
    except ProgramFault as found:
        said = str(found.fault)
    else:
        said = "effects[" * (len(decoded) == len(made))
    assert "effects[" in said


@given(st.dictionaries(st.sampled_from(["type", "key", "text"]), anything, max_size=3))
def test_an_effect_of_a_known_type_with_other_fields_is_refused(made: dict[str, Any]) -> None:
    code, _ = _fault({**made, "type": "post", "text": 1})
    assert code == "bad_effect"


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (3, "effects[0]: Expected `object`, got `int`"),
        ({}, "effects[0]: Object missing required field `type`"),
        ({"type": "dance"}, "effects[0].type: Invalid value 'dance'"),
        ({"type": "post"}, "effects[0]: Object missing required field `text`"),
        ({"type": "post", "text": 1}, "effects[0].text: Expected `str`, got `int`"),
        ({"type": "post", "text": "a", "tex": 1}, "Object contains unknown field `tex`"),
        ({"type": "post", "text": "a" * 20_001}, "effects[0].text: Expected `str` of length <="),
        ({"type": "react", "target": 0, "emoji": "x"}, "effects[0].target: Expected `int` >= 1"),
        ({"type": "timer", "key": "a", "at": "2026-01-01T00:00:00"}, "effects[0].at: Expected"),
        ({"type": "timer", "key": "a", "at": "soon"}, "effects[0].at: Invalid RFC3339"),
        (
            {"type": "card", "key": "a", "title": "t", "buttons": [{"name": "x"}]},
            "effects[0].buttons[0]: Object missing required field `label`",
        ),
        (
            {
                "type": "card",
                "key": "a",
                "title": "t",
                "buttons": [{"name": "x", "label": "l"}] * 2,
            },
            "effects[0]: two buttons of a card have the same name.",
        ),
        (
            {
                "type": "card",
                "key": "a",
                "title": "t",
                "fields": [{"name": "x", "label": "l", "kind": "choice"}],
            },
            "effects[0]: the field 'x' has choices if it is a choice, and only then.",
        ),
    ],
)
def test_the_place_of_a_mistake_is_named(made: Any, said: str) -> None:
    code, detail = _fault(made)
    assert code == "bad_effect"
    assert said in detail


def test_one_bad_effect_stops_all_of_its_event() -> None:
    code, detail = _fault({"type": "post", "text": "a"}, {"type": "post", "text": ""})
    assert (code, detail[:16]) == ("bad_effect", "effects[1].text:")


def test_too_many_effects_are_refused() -> None:
    post = {"type": "post", "text": "a"}
    assert len(_decode(*[post] * EFFECTS_MAX)) == EFFECTS_MAX
    assert _fault(*[post] * (EFFECTS_MAX + 1)) == (
        "bad_effect",
        "21 effects of one event: 20 at most.",
    )


def test_what_leaves_the_room_must_be_granted() -> None:
    translate = {"type": "translate", "key": "k", "text": "t", "to": "de"}
    delete = {"type": "delete", "target": 3}
    for effect in (translate, delete):
        assert _fault(effect, rights=NONE) == (
            "not_allowed",
            f"effects[0]: {effect['type']} is not allowed here.",
        )
    assert _decode(delete) == (Delete(target=3),)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert _decode({"type": "timer", "key": "k", "at": at.isoformat()}, rights=NONE) == (
        Timer(key="k", at=at),
    )


@pytest.mark.parametrize(
    ("url", "is_allowed"),
    [
        ("https://example.org/a?b", True),
        ("https://EXAMPLE.org:8443", True),
        ("http://example.org/", False),
        ("https://example.org:444/", False),
        ("https://example.org@evil.example/", False),
        ("https://user@example.org/", False),
        ("https://example.org.evil.example/", False),
        ("https://example.org\\@evil.example/", False),
        ("https://sub.example.org/", False),
        ("https://[::1/", False),
        ("//example.org/", False),
        ("file:///etc/passwd", False),
    ],
)
def test_http_reaches_hosts_of_the_list_alone(url: str, is_allowed: bool) -> None:
    made = {"type": "http", "key": "k", "url": url}
    if is_allowed:
        assert _decode(made) == (Http(key="k", url=url),)
    else:
        assert _fault(made) == ("not_allowed", f"effects[0]: https to {url!r} is not allowed here.")
    assert _fault(made, rights=NONE)[0] == "not_allowed"


@pytest.mark.parametrize(
    "made",
    [
        {"url": "https://exam\tple.org/"},
        {"url": "https://example.org/\n"},
        {"url": "https://example.org/", "headers": {"A b": "c"}},
        {"url": "https://example.org/", "headers": {"A": "b\r\nHost: c"}},
        {"url": "https://example.org/", "method": "CONNECT"},
    ],
)
def test_nothing_is_smuggled_into_a_request(made: dict[str, Any]) -> None:
    assert _fault({"type": "http", "key": "k", **made})[0] == "bad_effect"


@pytest.mark.parametrize("body", [Body(), Body(text="hello", mentions=(UUID(int=3),))])
def test_events_of_the_log_can_be_read_as_they_are(body: Body) -> None:
    event = Event(
        room_id=UUID(int=1),
        number=7,
        messages=5,
        sender_id=UUID(int=2),
        device="d",
        client_key="k",
        kind=Kind.MESSAGE,
        created_at=datetime(2026, 1, 1, microsecond=123_456, tzinfo=UTC),
        body=body,
        thread=3,
        is_redacted=not body.text,
    )
    (read,) = recorded([msgspec.json.encode(event).decode()])
    assert (read.number, read.body.text, read.body.mentions) == (7, body.text, body.mentions)
    assert nanoseconds(read.created_at) == 1_767_225_600_123_456_000
