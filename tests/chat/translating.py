"""A house whose messages are translated, as role jobs of a served Hanse does it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hanse import language
from hanse.chat.translations.translator import Translator, consumers_of
from hanse.platform.bus import Bus
from hanse.platform.database import Db
from tests.eventing import followed
from tests.identity.conftest import House
from tests.language.conftest import infer


@asynccontextmanager
async def messages_translated(house: House, bus: Bus, nats_url: str) -> AsyncIterator[None]:
    db = await Db.open(house.database.url("hanse_jobs"))
    async with infer() as inference:
        translator = Translator(db, bus, language.LiveTranslator(db, inference))
        await translator.listen()
        relay_url = house.database.url("hanse_relay")
        async with followed(relay_url, nats_url, consumers_of(translator), db):
            yield
    await db.close()
