"""Messages are found by their words, in every language that they are in, by whom they are for."""

import asyncio
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.chat.log import store as log_store
from hanse.chat.log.fold import messages_of
from hanse.chat.log.model import Kind
from hanse.chat.search.indexer import index
from hanse.chat.search.words import folded, parsed, snippet, words_of
from hanse.platform.ids import new_id
from tests.chat.conftest import Person, person_of
from tests.identity.conftest import House, Tenant


async def told(text: str, candidates: Any) -> str | None:
    """Tell a language as the tests need it."""
    return "pt" if "ã" in text or "gatos" in text else "en"


class Searching:
    """A room, and somebody who looks for things."""

    def __init__(self, house: House, tenant: Tenant) -> None:
        self.house = house
        self.tenant = tenant

    async def say(self, who: Person, room: str, text: str, **more: Any) -> int:
        """Send a message that can be found at once."""
        number = int((await who.send(room, text, **more))["number"])
        await self.index(room, number)
        return number

    async def index(self, room: str, *numbers: int) -> None:
        """Do what the consumer does."""
        async with self.house.db.tx(self.tenant.id) as tx:
            await index(tx, UUID(room), list(numbers), told)

    async def translate(self, room: str, number: int, language: str, text: str) -> None:
        """Put a translation where the translator would."""
        async with self.house.db.tx(self.tenant.id) as tx:
            [event] = await log_store.read_these(tx, UUID(room), [number])
            later = await log_store.read_about(tx, UUID(room), [number])
            [message] = messages_of([event], later)
            await tx.execute(
                "insert into chat.translations (organisation_id, room_id, number, revision,"
                " language, source_language, engine, text)"
                " values ($1, $2, $3, $4, $5, $6, 'e', $7)",
                self.tenant.id,
                UUID(room),
                number,
                message.revision,
                language,
                await told(message.text, ()),
                text,
            )
        await self.index(room, number)


async def hits(who: Person, query: str, more: str = "") -> list[Any]:
    """What somebody finds."""
    found = await who.ask("GET", f"/chat/search?q={quote(query)}{more}")
    return list(found["items"])


async def numbers(who: Person, query: str, more: str = "") -> list[int]:
    """The numbers of the messages that somebody finds."""
    return [each["message"]["number"] for each in await hits(who, query, more)]


@pytest.fixture
async def searching(house: House) -> Searching:
    return Searching(house, await house.organisation(str(new_id())))


@pytest.fixture
async def ana(searching: Searching) -> Person:
    return await person_of(searching.tenant, name="Ana")


@pytest.fixture
async def ben(searching: Searching) -> Person:
    return await person_of(searching.tenant, name="Ben")


async def test_words_are_found_by_their_stems_beginnings_and_without_accents(
    searching: Searching, ana: Person
) -> None:
    room = await ana.channel()
    english = await searching.say(ana, room, "The meetings were moved to Thursday.")
    portuguese = await searching.say(ana, room, "As informações não estão prontas, os gatos sim.")
    await ana.ask("PATCH", "/me", {"languages": ["pt", "en"]})
    for query in ("meeting", "MOVING", "thurs", "thursday meeting", "meetings -monday"):
        assert await numbers(ana, query) == [english], query
    for query in ("informação", "informações", "informacoes", "gato", "nao estao", "infor"):
        assert await numbers(ana, query) == [portuguese], query
    for query in ("meetings -moved", "monday", "meet thurs nothing"):
        assert await numbers(ana, query) == [], query


async def test_a_phrase_stands_as_it_is_quoted(searching: Searching, ana: Person) -> None:
    room = await ana.channel()
    number = await searching.say(ana, room, "A red boat lies in the old harbour.")
    assert await numbers(ana, '"old harbour"') == [number]
    assert await numbers(ana, '"red boat" harbour') == [number]
    assert await numbers(ana, '"harbour old"') == []
    assert await numbers(ana, '-"red boat" harbour') == []


async def test_scripts_without_spaces(searching: Searching, ana: Person) -> None:
    room = await ana.channel()
    japanese = await searching.say(ana, room, "明日の会議は東京で行います。")
    thai = await searching.say(ana, room, "พรุ่งนี้ประชุมที่กรุงเทพ")
    korean = await searching.say(ana, room, "내일 회의는 서울에서 합니다")
    for query, number in [
        ("会議", japanese),
        ("東京で", japanese),
        ("京", japanese),
        ('"会議は東京"', japanese),
        ("ประชุม", thai),
        ("กรุงเทพ", thai),
        ("회의", korean),
        ("서울", korean),
    ]:
        assert await numbers(ana, query) == [number], query
    assert await numbers(ana, "京東") == []


async def test_a_message_is_found_by_its_translation_and_the_other_way_round(
    searching: Searching, ana: Person, ben: Person
) -> None:
    await ana.ask("PATCH", "/me", {"languages": ["pt"]})
    await ben.ask("PATCH", "/me", {"languages": ["en"]})
    room = await ana.channel(member_ids=[str(ben.id)])
    english = await searching.say(ben, room, "The ship arrives tomorrow.")
    await searching.translate(room, english, "pt", "O navio chega amanhã.")
    portuguese = await searching.say(ana, room, "O navio não chegou.")
    await searching.translate(room, portuguese, "en", "The ship did not arrive.")
    found = await hits(ana, "navios")
    assert [each["message"]["number"] for each in found] == [portuguese, english]
    assert [each["is_translation"] for each in found] == [False, True]
    assert [each["language"] for each in found] == ["pt", "pt"]
    assert found[1]["message"]["text"] == "The ship arrives tomorrow."
    assert found[1]["translation"]["text"] == "O navio chega amanhã."
    assert found[0]["translation"] is None
    part = found[1]["snippet"]
    assert [part["text"][a:b] for a, b in part["ranges"]] == ["navio"]
    assert await numbers(ben, "ship") == [portuguese, english]
    assert await numbers(ben, "arriv") == [portuguese, english]


async def test_an_edit_replaces_and_a_deletion_removes(searching: Searching, ana: Person) -> None:
    room = await ana.channel()
    number = await searching.say(ana, room, "Meet at the lighthouse.")
    await searching.translate(room, number, "pt", "Encontro no farol.")
    edited = await ana.send(room, "Meet at the castle.", kind="edit", target=number)
    assert await numbers(ana, "lighthouse") == [], "not even before the words are read again"
    assert await numbers(ana, "farol") == []
    await searching.index(room, number)
    assert await numbers(ana, "castle") == [number]
    assert await numbers(ana, "lighthouse") == []
    assert edited["number"] > number
    await ana.send(room, kind="delete", target=number)
    assert await numbers(ana, "castle") == []
    await searching.index(room, number)
    async with searching.house.db.tx(searching.tenant.id) as tx:
        sql = "select count(*) from chat.findable where room_id = $1"
        assert await tx.fetchval(sql, UUID(room)) == 0


async def test_only_who_may_read_a_room_finds_what_is_said_there(
    searching: Searching, ana: Person, ben: Person
) -> None:
    private, public = await ana.channel(), await ana.channel(is_public=True)
    await searching.say(ana, private, "The secret is pineapple.")
    number = await searching.say(ana, public, "No pineapple on pizza.")
    assert await numbers(ana, "pineapple") != [number]
    found = await hits(ben, "pineapple")
    assert [(each["room_id"], each["message"]["number"]) for each in found] == [(public, number)]
    await ben.ask("GET", f"/chat/search?q=pineapple&room={private}", status=404)
    await ana.ask("PUT", f"/rooms/{private}/members/{ben.id}", {})
    assert len(await hits(ben, "pineapple")) == 2
    await ana.ask("DELETE", f"/rooms/{private}/members/{ben.id}", status=204)
    assert len(await hits(ben, "pineapple")) == 1


async def test_another_organisation_finds_nothing(searching: Searching, ana: Person) -> None:
    room = await ana.channel(is_public=True)
    await searching.say(ana, room, "Durian for everybody.")
    stranger = await person_of(await searching.house.organisation(str(new_id())))
    assert await hits(ana, "durian")
    assert await hits(stranger, "durian") == []
    async with searching.house.db.tx(new_id()) as tx:
        found = await tx.fetch(
            "select * from chat.find_messages('durian', $1, '-infinity', 'infinity', 'infinity',"
            " $2, 1000, 10)",
            [UUID(room)],
            UUID(int=2**128 - 1),
        )
    assert found == []


async def test_filters(searching: Searching, ana: Person, ben: Person) -> None:
    room = await ana.channel(member_ids=[str(ben.id)])
    other = await ana.channel()
    await searching.say(ana, other, "apple")
    plain = await searching.say(ana, room, "apple")
    topic = await searching.say(ana, room, "apple", topic="Fruit")
    mine = await searching.say(ben, room, "apple", mentions=[str(ana.id)])
    everybody = await searching.say(ana, room, "apple", to_all=True)
    here = f"&room={room}"
    assert await numbers(ana, "apple", here) == [everybody, mine, topic, plain]
    assert len(await numbers(ana, "apple")) == 5
    assert await numbers(ana, "apple", "&topic=Fruit") == [topic]
    assert await numbers(ana, "apple", f"&sender={ben.id}") == [mine]
    assert await numbers(ana, "apple", "&mentions_me=true") == [mine]
    assert await numbers(ben, "apple", "&mentions_me=true") == [everybody]
    at = {
        each["message"]["number"]: each["message"]["created_at"]
        for each in await hits(ana, "apple", here)
    }
    since = quote(at[mine])
    assert await numbers(ana, "apple", f"{here}&since={since}") == [everybody, mine]
    assert await numbers(ana, "apple", f"{here}&until={since}") == [topic, plain]
    await ana.send(room, kind=Kind.TOPIC.value, target=plain, topic="Fruit")
    await searching.index(room, plain)
    assert await numbers(ana, "apple", "&topic=Fruit") == [topic, plain]


async def test_pages_go_through_everything_once(searching: Searching, ana: Person) -> None:
    rooms = [await ana.channel() for _ in range(3)]
    sent = set()
    for place in range(12):
        room = rooms[place % 3]
        number = await searching.say(ana, room, f"pear {place}")
        await searching.translate(room, number, "pt", f"pear pera {place}")
        sent.add((room, number))
    seen: list[tuple[str, int]] = []
    times: list[str] = []
    cursor = ""
    while True:
        page = await ana.ask("GET", f"/chat/search?q=pear&limit=5{cursor}")
        seen += [(each["room_id"], each["message"]["number"]) for each in page["items"]]
        times += [each["message"]["created_at"] for each in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={quote(page['next_cursor'])}"
    assert len(seen) == 12
    assert set(seen) == sent
    assert times == sorted(times, reverse=True)


async def test_what_cannot_be_looked_for_is_said(ana: Person) -> None:
    for query in ("...", "-word", '""', "-a -b", " ".join("abcdefghijklmnopqrstuvwxyz"), ""):
        answer = await ana.browser.get("/v1/chat/search", params={"q": query})
        assert answer.status_code == 400, (query, answer.text)
    for more in (
        "cursor=nonsense",
        "cursor=AAAA",
        "limit=51",
        "since=yesterday",
        "since=2026-01-01T00:00:00",
        "room=x",
    ):
        answer = await ana.browser.get(f"/v1/chat/search?q=a&{more}")
        assert answer.status_code == 400, (more, answer.text)
    for query in ("it's", "a & b | !c", "'", "\\", "a:*", "<->", "((", "x\0y", "@o1"):
        answer = await ana.browser.get("/v1/chat/search", params={"q": query})
        assert answer.status_code in (200, 400), (query, answer.text)


@given(st.text(max_size=400), st.sampled_from(["", "en", "pt-BR", "ar", "hi", "xx"]))
def test_every_word_of_a_text_is_found_and_shown(text: str, language: str) -> None:
    for word in words_of(text, [language]):
        assert 0 <= word.start < word.end <= len(text)
        assert all(word.forms)
        assert not any(each in form for form in word.forms for each in "'\\ :@")
    for term in parsed(text, [language]):
        assert term.words
    part = snippet(text, language, parsed(text[:40], [language]))
    assert part.text in text
    assert all(0 <= a < b <= len(part.text) for a, b in part.ranges)


@given(
    st.lists(st.from_regex(r"[a-zß-öø-ü]{1,12}", fullmatch=True), min_size=1, max_size=30),
    st.data(),
)
def test_a_snippet_marks_the_word_that_was_looked_for(
    words: list[str], data: st.DataObject
) -> None:
    word = data.draw(st.sampled_from(words))
    part = snippet(" ".join(words), "pt", parsed(f'"{word}"', ["pt"]))
    found = [folded(part.text[a:b]) for a, b in part.ranges]
    assert found
    assert set(found) == {folded(word)}
    assert snippet(" ".join(words), "pt", parsed(word[:3], ["pt"])).ranges


async def test_asking_while_a_message_is_deleted_leaves_nothing(
    searching: Searching, ana: Person
) -> None:
    room = await ana.channel()
    sent = [int((await ana.send(room, f"plum {each}"))["number"]) for each in range(8)]
    await asyncio.gather(
        *(searching.index(room, each) for each in sent),
        *(ana.send(room, kind="delete", target=each) for each in sent),
    )
    assert await hits(ana, "plum") == []
    async with searching.house.db.tx(searching.tenant.id) as tx:
        sql = "select count(*) from chat.findable where room_id = $1"
        assert await tx.fetchval(sql, UUID(room)) == 0
