"""A message comes to each reader in a language that they read, and is translated once for all."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.chat.annotations import SUBJECT, Translation, decoded
from hanse.chat.log.appender import Appender
from hanse.chat.log.model import Body, Kind
from hanse.chat.translations.model import Translated, is_for, root, wishes
from hanse.platform.bus import Bus
from tests.chat.conftest import Person, person_of
from tests.chat.test_append import message
from tests.chat.translating import messages_translated
from tests.eventing import until
from tests.identity.conftest import House, Tenant

TAGS = st.sampled_from(["en", "en-GB", "pt", "pt-BR", "de", "fr"])
READERS = st.lists(st.lists(TAGS, max_size=3, unique=True), max_size=30)


@given(READERS, TAGS)
def test_only_who_does_not_read_a_message_needs_it_translated(
    readers: list[list[str]], source: str
) -> None:
    wished = wishes(readers, source)
    assert len(wished) == len({tuple(each) for each in wished}), "each kind of reader once"
    for each in readers:
        needs = bool(each) and root(source) not in [root(tag) for tag in each]
        assert (each in wished) == needs
        if needs:
            assert is_for(each, source, each[0])
        assert not is_for(each, source, "sv")


class Translating:
    """What translates, beside the web application of the other tests."""

    def __init__(self, appender: Appender, told: list[Translated]) -> None:
        self.appender = appender
        self.told = told

    async def told_of(self, room: str, number: int, count: int = 1) -> list[Translated]:
        """What was told about a message, once there is as much as that."""

        async def found() -> list[Translated]:
            mine = [each for each in self.told if (str(each.room_id), each.number) == key]
            return mine if len(mine) >= count else []

        key = (room, number)
        return list(await until(found, f"{count} translations of {key}"))


@pytest.fixture(scope="module")
async def translating(house: House, bus: Bus, nats_url: str) -> AsyncIterator[Translating]:
    told: list[Translated] = []

    async def hear(heard: Any) -> None:
        annotation = decoded(heard.data)
        assert isinstance(annotation, Translation)
        told.append(annotation.translated)

    listening = await bus.subscribe(SUBJECT, hear)
    async with messages_translated(house, bus, nats_url):
        yield Translating(Appender(house.db, bus), told)
    await bus.unsubscribe(listening)


async def reader(tenant: Tenant, *languages: str) -> Person:
    person = await person_of(tenant)
    await person.ask("PATCH", "/me", {"languages": list(languages)})
    return person


async def jobs_of(house: House, tenant: Tenant) -> int:
    """How many translations were paid for."""
    async with house.db.tx(tenant.id) as tx:
        sql = "select count(*) from language.translations where reporting_tag = 'chat'"
        return int(await tx.fetchval(sql))


async def test_a_message_is_translated_once_for_all_its_readers(
    house: House, translating: Translating
) -> None:
    tenant = await house.organisation("Many languages")
    ana = await reader(tenant, "pt", "es")
    ben = await reader(tenant, "en")
    others = [await reader(tenant, "en", "de") for _ in range(4)]
    ids = [str(each.id) for each in (ben, *others)]
    room = await ana.channel(member_ids=ids)
    text = "Bom dia! Veja `make run` em https://example.org/a, @Ben 👍"
    sent = message(room, ana.id, text)
    number = (await translating.appender.append(tenant.id, sent)).number
    [told] = await translating.told_of(room, number)
    assert (told.language, told.source_language, told.revision) == ("en", "pt", number)
    assert "morning" in told.text
    for copied in ("`make run`", "https://example.org/a", "@Ben", "👍"):
        assert copied in told.text
    assert told.engine.startswith("pt-en@")
    for who in (ben, *others):
        page = await who.ask("GET", f"/rooms/{room}/messages")
        assert [each["text"] for each in page["translations"]] == [told.text]
        assert [each["text"] for each in page["messages"]] == [text]
    assert (await ana.ask("GET", f"/rooms/{room}/messages"))["translations"] == []
    await asyncio.sleep(1.0)  # the stream of events tells of it, too
    assert await jobs_of(house, tenant) == 1
    assert len(translating.told) == len({(t.number, t.language) for t in translating.told})


async def test_an_edit_is_translated_anew_and_a_deletion_takes_all_away(
    house: House, translating: Translating
) -> None:
    tenant = await house.organisation("Second thoughts")
    ana, ben = await reader(tenant, "pt"), await reader(tenant, "en")
    room = await ana.channel(member_ids=[str(ben.id)])
    number = (
        await translating.appender.append(tenant.id, message(room, ana.id, "O gato dorme."))
    ).number
    await translating.told_of(room, number)
    body = Body(text="O cachorro dorme.")
    edit = message(room, ana.id, kind=Kind.EDIT, target=number, body=body)
    revision = (await translating.appender.append(tenant.id, edit)).number
    told = (await translating.told_of(room, number, 2))[-1]
    assert (told.revision, "dog" in told.text) == (revision, True)
    page = await ben.ask("GET", f"/rooms/{room}/messages")
    assert [each["text"] for each in page["translations"]] == [told.text]
    gone = message(room, ana.id, kind=Kind.DELETE, target=number, body=Body())
    await translating.appender.append(tenant.id, gone)
    async with house.db.tx(tenant.id) as tx:
        sql = "select count(*) from chat.translations where room_id = $1"
        assert await tx.fetchval(sql, UUID(room)) == 0


async def test_what_the_bell_did_not_tell_is_translated_all_the_same(
    house: House, translating: Translating
) -> None:
    tenant = await house.organisation("Silence")
    ana, ben = await reader(tenant, "en"), await reader(tenant, "pt-BR")
    room = await ana.channel(member_ids=[str(ben.id)])
    number = (await ana.send(room, "The house is white."))["number"]
    [told] = await translating.told_of(room, number)
    assert (told.language, "casa" in told.text.lower()) == ("pt-BR", True)


async def test_a_new_reader_asks_for_what_was_written_before(
    house: House, translating: Translating
) -> None:
    tenant = await house.organisation("Late")
    ana, eve = await reader(tenant, "en"), await reader(tenant, "pt")
    room = await ana.channel()
    number = (await ana.send(room, "The house is white."))["number"]
    await ana.ask("PUT", f"/rooms/{room}/members/{eve.id}", {})
    assert (await eve.ask("GET", f"/rooms/{room}/messages"))["translations"] == []
    await eve.ask("POST", f"/rooms/{room}/translations", {"numbers": [number]}, 202)
    await translating.told_of(room, number)
    page = await eve.ask("GET", f"/rooms/{room}/messages")
    assert "casa" in page["translations"][0]["text"].lower()


async def test_glossaries_of_the_organisation_apply(house: House, translating: Translating) -> None:
    tenant = await house.organisation("Own words")
    async with house.db.tx(tenant.id) as tx:
        from hanse.language.glossaries import service

        await service.create(
            tx, "Product", [service.NewDictionary("en", "pt", {"harbour": "Atracadouro"})]
        )
    ana, ben = await reader(tenant, "en"), await reader(tenant, "pt")
    room = await ana.channel(member_ids=[str(ben.id)])
    number = (await ana.send(room, "We meet at the harbour."))["number"]
    [told] = await translating.told_of(room, number)
    assert "atracadouro" in told.text.lower()


async def test_a_process_that_died_over_a_message_leaves_it_to_others(
    house: House, tenant: Tenant, ana: Person
) -> None:
    from hanse.chat.translations import store

    room = await ana.channel()
    number = (await ana.send(room, "Hello"))["number"]
    key = (UUID(room), number, number, ["pt"], "en")
    async with house.db.tx(tenant.id) as tx:
        assert await store.claim(tx, *key) == ["pt"]
        assert await store.claim(tx, *key) == []
        await tx.execute("update chat.translations set claimed_at = now() - interval '31 s'")
        assert await store.claim(tx, *key) == ["pt"]


async def test_a_message_is_soon_found_in_all_its_languages(
    house: House, translating: Translating
) -> None:
    tenant = await house.organisation("Finders")
    ana, ben = await reader(tenant, "en"), await reader(tenant, "pt")
    room = await ana.channel(member_ids=[str(ben.id)])
    sent = await translating.appender.append(
        tenant.id, message(room, ana.id, "The houses are white.")
    )

    began_s = time.monotonic()

    async def found(who: Person, word: str) -> list[Any]:
        return list((await who.ask("GET", f"/chat/search?q={word}"))["items"])

    await until(lambda: found(ana, "house"), "the message by its own words")
    assert time.monotonic() - began_s < 3.0  # it takes some hundredths of a second
    await translating.told_of(room, sent.number)
    [hit] = await found(ben, "casa")
    assert (hit["message"]["number"], hit["language"]) == (sent.number, "pt")
    assert hit["translation"]["text"] == hit["snippet"]["text"]
    gone = message(room, ana.id, kind=Kind.DELETE, target=sent.number, body=Body())
    await translating.appender.append(tenant.id, gone)
    assert await found(ben, "casa") == await found(ana, "house") == []
