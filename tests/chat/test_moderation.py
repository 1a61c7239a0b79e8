"""Rules of a room are held against each message and edit before it is appended."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.chat.log.appender import Appender
from hanse.chat.log.model import Appended, Draft, Kind, RoomRole
from hanse.chat.log.owner import own_rooms
from hanse.chat.moderation.checking import LastSent, broken, found_word, hosts_of, ready
from hanse.chat.moderation.model import Rules
from hanse.platform.bus import Bus
from hanse.platform.problems import Problem
from tests.chat.conftest import Person, key_of, person_of
from tests.chat.test_append import message, owned
from tests.eventing import going, until
from tests.identity.conftest import House, Tenant

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


def rule_of(
    rules: Rules, text: str = "Hello", role: RoomRole = RoomRole.MEMBER, **more: Any
) -> Any:
    """The rule that a message of this role breaks."""
    last = more.pop("last", None)
    draft = message(str(UUID(int=1)), UUID(int=2), text, **more)
    found = broken(draft, role, [ready(None, rules)], last, NOW)
    return found and found.rule


@pytest.mark.parametrize(
    ("word", "text", "is_found"),
    [
        ("fool", "You FOOL!", True),
        ("fool", "foolish", False),
        ("fool*", "foolish", True),
        ("*fool", "tomfool.", True),
        ("*fool", "foolish", False),
        ("fool", "_fool_", True),
        ("fool", "ｆｏｏｌ", True),
        ("fool", "fo\u200bol", True),
        ("straße", "STRASSE", True),
        ("to hell", "go to\n  HELL now", True),
        ("to hell", "to hello", False),
        ("é", "e\u0301", True),
        ("ab", "ab\u0301", False),
        ("馬鹿", "お前は馬鹿だ", True),
        ("바보", "바보는", True),
        ("naïve", "naive", False),
        ("c++", "C++ is", True),
        ("c++", "c++11", True),
    ],
)
def test_words_are_whole_and_case_and_width_make_no_difference(
    word: str, text: str, is_found: bool
) -> None:
    assert (found_word(ready(None, Rules(words=(word,))).words, text) is not None) == is_found


_letters = st.text(st.sampled_from("abcäß"), min_size=1, max_size=6)


@given(_letters, st.lists(_letters, max_size=6))
def test_a_word_is_found_where_it_stands_between_others_and_nowhere_else(
    word: str, others: list[str]
) -> None:
    automaton = ready(None, Rules(words=(word,))).words
    stands = word.casefold() in [each.casefold() for each in others]
    assert (found_word(automaton, ", ".join(others).upper()) is not None) == stands
    assert found_word(automaton, " ".join([*others, word])) is not None


@given(st.text(max_size=200), st.lists(st.text(min_size=1, max_size=5), max_size=5))
def test_no_text_and_no_words_bring_the_check_down(text: str, words: list[str]) -> None:
    ruled = ready(None, Rules(words=tuple(words), links=("example.org",), max_characters=50))
    draft = message(str(UUID(int=1)), UUID(int=2), text)
    found = broken(draft, RoomRole.MEMBER, [ruled], None, NOW)
    if len(text) > 50:
        assert found is not None


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("see https://Example.org/a?b.", ["example.org"]),
        ("http://a.example.org:8080", ["a.example.org"]),
        ("https://example.org@evil.example/", ["evil.example"]),
        ("https://evil.example\\@example.org", ["evil.example", "example.org"]),
        ("[x](https:evil.example)", ["evil.example"]),
        ("[x](https\\://evil.example)", ["evil.example"]),
        ("[x](https&#58;//evil.example)", ["evil.example"]),
        ("www.evil.example, or", ["www.evil.example"]),
        ("no link: example.org", []),
        ("[x](https://'@evil.example)", ["evil.example"]),
        ("[x](https://example.org'@evil.example)", ["evil.example"]),
        ("[x](<https://example.org @evil.example>)", ["example.org", "evil.example"]),
        ("[x](<https:\t//evil.example>)", ["evil.example"]),
        ("_www.evil.example_", ["www.evil.example"]),
        ("'https://example.org'", ["example.org"]),
        ("[Docs](https://example.org)-Seite", ["example.org"]),
    ],
)
def test_links_lead_where_browsers_go(text: str, hosts: list[str]) -> None:
    assert hosts_of(text) == hosts


def test_links_lead_to_hosts_of_the_list_and_below() -> None:
    some = Rules(links=("example.org", "bücher.example"))
    for text in ("https://example.org", "www.example.org", "https://xn--bcher-kva.example/x"):
        assert rule_of(some, text) is None
    for text in ("https://notexample.org", "http://example.org.evil.example", "https://[::1]/"):
        assert rule_of(some, text) == "links"
    assert rule_of(some, f"https://{''.join(map(chr, range(0x4E00, 0x4E00 + 9000)))}") == "links"
    assert rule_of(Rules(links=()), "https://example.org") == "links"
    assert rule_of(Rules(), "https://evil.example") is None


def test_all_but_words_is_for_whoever_is_below_a_moderator() -> None:
    recent = LastSent(NOW - timedelta(seconds=9), is_key=False)
    cases: list[tuple[Any, Rules, str]] = [
        ("who", Rules(who="moderators"), "Hello"),
        ("max_characters", Rules(max_characters=4), "Hello"),
        ("links", Rules(links=()), "https://a.example"),
        ("slow_s", Rules(slow_s=10), "Hello"),
        ("words", Rules(words=("hello",)), "Hello"),
    ]
    for rule, rules, text in cases:
        assert rule_of(rules, text, last=recent) == rule
        for role in (RoomRole.OWNER, RoomRole.MODERATOR):
            assert rule_of(rules, text, role, last=recent) == (rule if rule == "words" else None)


def test_slow_mode_ends_after_its_seconds_and_is_for_messages_of_people() -> None:
    slow = Rules(slow_s=10)
    for seconds, is_key, kind, is_refused in (
        (9.9, False, Kind.MESSAGE, True),
        (10, False, Kind.MESSAGE, False),
        (1, True, Kind.MESSAGE, False),
        (1, False, Kind.EDIT, False),
    ):
        last = LastSent(NOW - timedelta(seconds=seconds), is_key)
        more = {"kind": kind, "target": 1} if kind is Kind.EDIT else {}
        assert (rule_of(slow, last=last, **more) is not None) == is_refused
    assert rule_of(slow, last=LastSent(None, is_key=False)) is None


async def put(by: Person, room: str, status: int = 200, **rules: Any) -> Any:
    return await by.ask("PUT", f"/rooms/{room}/rules", rules, status)


async def texts(who: Person, room: str) -> list[str]:
    return [each["text"] for each in await who.messages(room)]


async def test_what_breaks_a_rule_is_not_appended_and_the_sender_reads_why(
    house: House, ana: Person, ben: Person
) -> None:
    room = await ana.channel(member_ids=[str(ben.id)])
    sent = await ben.send(room, "Fine")
    rules = {"words": ["Bandit"], "links": ["example.org"], "max_characters": 60}
    await put(ana, room, **rules, reason="See the house rules.")
    refused = await ben.send(room, "You BANDIT", 403)
    assert (refused["code"], refused["title"]) == (
        "refused_by_rules",
        "Refused by the room's rules",
    )
    assert refused["detail"] == "This room does not allow “Bandit”. See the house rules."
    facts = {"rule": "words", "word": "Bandit", "reason": "See the house rules."}
    assert refused | facts == refused
    await ben.send(room, "you bandit", 403, kind="edit", target=sent["number"])
    await ben.send(room, "Fine", 403, topic="The bandit")
    await ben.send(room, "https://evil.example", 403)
    await ben.send(room, "x" * 61, 403)
    await ben.send(room, "https://example.org is fine", kind="edit", target=sent["number"])
    await ana.send(room, "https://evil.example " + "x" * 60)
    await ana.send(room, "Bandit", 403)
    assert await texts(ben, room) == [
        "https://example.org is fine",
        "https://evil.example " + "x" * 60,
    ]
    found = await ana.ask("GET", f"/rooms/{room}/rules")
    assert found["rules"] == {**rules, "reason": "See the house rules."}
    counted = {each["rule"]: each["refused"] for each in found["refusals"]}
    assert counted == {"words": 4, "links": 1, "max_characters": 1}
    await put(ana, room)
    await ben.send(room, "Bandit")
    assert (await ana.ask("GET", f"/rooms/{room}/rules"))["rules"] == {}


async def test_slow_mode_says_how_long_to_wait(ana: Person, ben: Person) -> None:
    room = await ana.channel(member_ids=[str(ben.id)])
    first = await ben.send(room, "One")
    await put(ana, room, slow_s=3600)
    answer = await ben.browser.post(
        f"/v1/rooms/{room}/events", json={"client_key": "k", "text": "Two"}
    )
    assert answer.status_code == 403
    assert 3500 < int(answer.headers["Retry-After"]) <= 3600
    assert answer.json()["detail"] == "Slow mode is on: write again in 60 min."
    await ben.send(room, "One, edited", kind="edit", target=first["number"])
    await ana.send(room, "Owners are exempt")
    await ana.send(room, "Always")


async def test_a_closed_room_is_read_and_reacted_in(ana: Person, ben: Person) -> None:
    room = await ana.channel(member_ids=[str(ben.id)])
    number = (await ana.send(room, "Good night"))["number"]
    await put(ana, room, who="moderators", reason="Until eight.")
    assert "Until eight." in (await ben.send(room, "Still up?", 403))["detail"]
    await ben.send(room, kind="reaction", target=number, emoji="👋")
    await put(ana, room)
    await ben.send(room, "Good morning")


async def test_bots_and_webhooks_are_held_to_the_rules_but_not_slowed_down(
    house: House, tenant: Tenant, ana: Person
) -> None:
    bot = await key_of(house, tenant)
    room = await ana.channel(member_ids=[str(bot.id)])
    made = await ana.ask("POST", f"/rooms/{room}/incoming-webhooks", {"name": "Build"}, 201)
    await put(ana, room, words=["bandit"], slow_s=3600)
    program = house.browser()
    del program.headers["Sec-Fetch-Site"]
    for text in ("One", "Two"):
        await bot.send(room, text)
        assert (await program.post(made["url"], json={"text": text})).status_code == 200
    assert (await bot.send(room, "A bandit", 403))["code"] == "refused_by_rules"
    for said in ({"text": "bandit"}, {"text": "Hello", "username": "The Bandit"}):
        answer = await program.post(made["url"], json=said)
        assert (answer.status_code, answer.json()["code"]) == (403, "refused_by_rules")
    assert await texts(ana, room) == ["One", "One", "Two", "Two"]


async def test_rules_hold_from_the_very_next_message_with_and_without_an_owner(
    house: House, tenant: Tenant, ana: Person, ben: Person, bus: Bus
) -> None:
    room = await ana.channel(member_ids=[str(ben.id)])
    writers = [Appender(house.db, bus), Appender(house.db, None)]

    async def tried(lane: int, draft: Draft) -> Appended | Problem:
        try:
            return await writers[lane % 2].append(tenant.id, draft)
        except Problem as problem:
            return problem

    async with going(lambda stop: own_rooms(house.db, bus, stop)):
        await until(lambda: owned(house), "somebody owns every shard")
        for turn in range(6):
            drafts = [message(room, ben.id, "bandit") for _ in range(20)]
            sending = asyncio.gather(*(tried(lane, each) for lane, each in enumerate(drafts)))
            is_on = turn % 2 == 0
            await put(ana, room, **({"words": ["bandit"]} if is_on else {}))
            head = (await ana.ask("GET", f"/rooms/{room}"))["head"]
            after = await asyncio.gather(
                *(tried(lane, message(room, ben.id, "bandit")) for lane in range(4))
            )
            assert all(isinstance(each, Problem) == is_on for each in after)
            before = await sending
            late = [each for each in before if isinstance(each, Appended) and each.number > head]
            assert not (is_on and late), "what was appended came before the rules"


async def test_slow_mode_lets_one_message_through_however_many_are_sent_at_once(
    house: House, tenant: Tenant, ana: Person, bus: Bus
) -> None:
    people = [await person_of(tenant) for _ in range(3)]
    room = await ana.channel(member_ids=[str(each.id) for each in people])
    await put(ana, room, slow_s=3600)
    writers = [Appender(house.db, bus), Appender(house.db, None)]
    async with going(lambda stop: own_rooms(house.db, bus, stop)):
        await until(lambda: owned(house), "somebody owns every shard")
        drafts = [message(room, each.id) for each in people for _ in range(10)]
        sending = (writers[at % 2].append(tenant.id, each) for at, each in enumerate(drafts))
        outcomes = await asyncio.gather(*sending, return_exceptions=True)
    refused = [each for each in outcomes if isinstance(each, Problem)]
    assert {each.code for each in refused} == {"refused_by_rules"}
    assert all(3590 < (each.retry_after_s or 0) <= 3600 for each in refused)
    assert all(each.facts["wait_s"] == each.retry_after_s for each in refused)
    assert len(outcomes) - len(refused) == len(people)
    assert len(await texts(ana, room)) == len(people)
    [counted] = (await ana.ask("GET", f"/rooms/{room}/rules"))["refusals"]
    assert (counted["rule"], counted["refused"]) == ("slow_s", len(refused))
    repeated = next(each for each in zip(drafts, outcomes, strict=True) if each[1] not in refused)
    again = await writers[1].append(tenant.id, repeated[0])
    assert again.is_repeat, "what stands in the log is no new message"


async def test_rules_are_moderators_business_and_must_make_sense(
    house: House, ana: Person, ben: Person
) -> None:
    room = await ana.channel(member_ids=[str(ben.id)])
    await put(ben, room, 403, slow_s=10)
    await ben.ask("GET", f"/rooms/{room}/rules", status=403)
    await ana.ask("PUT", f"/rooms/{room}/members/{ben.id}", {"role": "moderator"})
    await put(ben, room, slow_s=10)
    wrong: list[dict[str, Any]] = [
        {"slow_s": -1},
        {"slow_s": 86_401},
        {"words": ["*"]},
        {"words": [""]},
        {"words": ["a"] * 501},
        {"links": ["https://example.org"]},
        {"links": ["exa mple.org"]},
        {"links": ["a" * 70 + ".org"]},
        {"max_characters": 0},
        {"who": "nobody"},
        {"sloow": 1},
    ]
    for rules in wrong:
        await put(ana, room, 400, **rules)
    assert (await ana.ask("GET", f"/rooms/{room}/rules"))["rules"] == {"slow_s": 10}
    stranger = await person_of(await house.organisation("Elephants"))
    await put(stranger, room, 404, slow_s=0)
    await stranger.ask("GET", f"/rooms/{room}/rules", status=404)
    await put(ana, str(uuid4()), 404)
    direct = await ana.ask("POST", "/rooms", {"kind": "direct", "member_ids": [str(ben.id)]}, 201)
    await put(ana, direct["id"], 409, slow_s=1)
