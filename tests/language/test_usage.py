"""What is kept of a translation, and how usage follows from it."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest

from hanse import language
from hanse.language import store
from hanse.language.store import TranslationRow, UsageTotals
from hanse.platform.bus import Envelope
from hanse.platform.ids import new_id
from tests.eventing import until

SECRET = "The submarine leaves at dawn."


async def post(client: httpx.AsyncClient, *texts: str, **headers: str) -> None:
    answer = await client.post(
        "/v2/translate", json={"text": texts, "target_lang": "PT"}, headers=headers
    )
    assert answer.status_code == 200, answer.text


async def usage(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await client.get("/v2/usage")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_request_leaves_a_record_and_an_event_and_none_of_its_text(server: Any) -> None:
    organisation_id = await server.make_organisation()
    key = await server.make_key(organisation_id=organisation_id)
    async with server.client(key) as client:
        await post(client, SECRET, "Obrigado", "  ", **{"X-DeepL-Reporting-Tag": "navy"})
    async with server.db.tx(organisation_id) as tx:
        [row] = await tx.fetch("select * from language.translations")
        everything = await tx.fetchval("select row_to_json(t)::text from language.translations t")
    assert row["source_languages"] == ["en", "pt"]
    assert row["target_language"] == "pt"
    assert (row["texts"], row["sentences"]) == (3, 1)
    assert row["characters"] == len(SECRET) + len("Obrigado") + 2
    assert row["models"] == ["en-pt"]
    assert row["reporting_tag"] == "navy"
    assert row["id"].version == 7
    assert "submarine" not in everything


async def test_usage_follows_by_key_and_organisation(server: Any) -> None:
    organisation_id = await server.make_organisation()
    keys = [await server.make_key(organisation_id=organisation_id) for _ in range(2)]
    async with server.client(keys[0]) as first, server.client(keys[1]) as second:
        assert (await usage(first))["character_count"] == 0
        await post(first, "Hello", "Olá")
        await post(second, "Good morning")

        async def counted() -> bool:
            return (await usage(first))["character_count"] == 20

        await until(counted, "both requests are counted")
        shown = await usage(first)
    assert shown["api_key_character_count"] == 8
    assert shown["character_limit"] == 1_000_000_000_000
    assert shown["products"] == [
        {
            "product_type": "translate",
            "billing_unit": "characters",
            "api_key_unit_count": 8,
            "account_unit_count": 20,
            "api_key_character_count": 8,
            "character_count": 20,
        }
    ]
    for name in ("start_time", "end_time"):
        # This is how the official client reads times: without a fraction it raises.
        assert datetime.strptime(shown[name], "%Y-%m-%dT%H:%M:%S.%f%z").tzinfo is not None


async def test_another_organisation_sees_nothing_of_it(server: Any) -> None:
    stranger = await server.make_organisation()
    async with server.db.tx(stranger) as tx:
        assert await tx.fetchval("select count(*) from language.translations") == 0
        assert await tx.fetchval("select count(*) from language.usage_days") == 0


def envelope(organisation_id: UUID, moment: datetime, characters: int) -> Envelope:
    event = language.TextTranslated(
        translation_id=new_id(),
        api_key_id=None,
        source_languages=["en"],
        target_language="pt",
        texts=1,
        characters=characters,
        models=["en-pt"],
        translated_at=moment,
    )
    return Envelope(
        id=new_id(),
        type=event.type,
        organisation_id=organisation_id,
        created_at=moment,
        data=msgspec.Raw(msgspec.json.encode(event)),
    )


async def test_a_month_counts_its_own_days_in_universal_time(server: Any, database: Any) -> None:
    from hanse.platform.database import Db

    [consumer] = language.consumers
    organisation_id = await server.make_organisation()
    moments = {
        "2025-11-30T23:59:59+00:00": 1,
        "2025-12-01T00:30:00+01:00": 2,
        "2025-12-01T00:00:00+00:00": 4,
        "2025-12-31T23:30:00-01:00": 8,
        "2025-12-31T23:59:59+00:00": 16,
    }
    jobs = await Db.open(database.url("hanse_jobs"))
    try:
        async with jobs.tx(organisation_id) as tx:
            events = [
                envelope(organisation_id, datetime.fromisoformat(moment), characters)
                for moment, characters in moments.items()
            ]
            await consumer.handler(tx, events[:3])
            await consumer.handler(tx, events[3:])
    finally:
        await jobs.close()
    async with server.db.tx(organisation_id) as tx:
        november = await language.usage(tx, None, datetime(2025, 11, 15, tzinfo=UTC))
        december = await language.usage(tx, None, datetime(2025, 12, 15, tzinfo=UTC))
    assert november.organisation_characters == 1 + 2
    assert december.organisation_characters == 4 + 16
    assert december.end == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("query", "columns"),
    [
        (store.INSERT_TRANSLATION, []),
        (store.ADD_USAGE, []),
        (store.READ_USAGE, ["key_characters", "organisation_characters"]),
    ],
)
async def test_every_query_fits_the_schema(server: Any, query: str, columns: list[str]) -> None:
    async with server.db.tx(new_id()) as tx:
        prepared = await tx.connection.prepare(query)
        assert [attribute.name for attribute in prepared.get_attributes()] == columns


async def test_the_structs_name_the_columns(server: Any) -> None:
    async with server.db.tx(new_id()) as tx:
        prepared = await tx.connection.prepare("select * from language.translations")
        columns = [attribute.name for attribute in prepared.get_attributes()]
    assert columns == [field.name for field in msgspec.structs.fields(TranslationRow)]
    assert [field.name for field in msgspec.structs.fields(UsageTotals)] == [
        "key_characters",
        "organisation_characters",
    ]
