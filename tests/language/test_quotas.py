"""Limits of API keys and of organisations, and what happens beyond them."""

import asyncio
from typing import Any

import deepl
import httpx
import pytest

from hanse.language.quotas import QuotaExceeded, check
from hanse.language.service import Usage
from tests.language.conftest import LanguageServer


async def translate(client: httpx.AsyncClient, text: str) -> httpx.Response:
    return await client.post("/v2/translate", json={"text": [text], "target_lang": "PT"})


async def counted(client: httpx.AsyncClient, characters: int) -> dict[str, Any]:
    for _ in range(200):
        usage = (await client.get("/v2/usage")).json()
        if usage["api_key_character_count"] == characters:
            return usage  # type: ignore[no-any-return]
        await asyncio.sleep(0.05)
    raise AssertionError(usage)


async def test_a_key_beyond_its_limit_gets_a_456_and_others_do_not(
    server: LanguageServer,
) -> None:
    organisation_id = await server.make_organisation()
    admin = server.client(
        await server.make_key(["api_keys:read", "api_keys:write"], organisation_id)
    )
    key = await server.make_key(None, organisation_id)
    other = server.client(await server.make_key(None, organisation_id))
    [_, limited, _] = (await admin.get("/v2/admin/developer-keys")).json()
    assert limited["usage_limits"] == {}
    path = "/v2/admin/developer-keys/limits"
    answer = await admin.put(path, json={"key_id": limited["key_id"], "characters": 30})
    assert answer.json()["usage_limits"] == {"characters": 30}
    async with server.client(key) as client:
        assert (await translate(client, "The house is old.")).status_code == 200
        usage = await counted(client, 17)
        assert usage["api_key_character_limit"] == 30
        for refused in (
            await translate(client, "The house is old."),
            await client.post(
                "/v1/translate/stream", json={"text": "The house is old.", "target_lang": "PT"}
            ),
            await client.post("/v2/write/correct", json={"text": ["The house is old."]}),
        ):
            assert refused.status_code == 456
            assert "30 characters a month" in refused.text
        assert (await translate(client, "The house.")).status_code == 200
        await counted(client, 27)

        def call() -> None:
            deepl.DeepLClient(key, server_url=server.url).translate_text(
                "Again", target_lang="PT-BR"
            )

        with pytest.raises(deepl.QuotaExceededException):
            await asyncio.to_thread(call)
    assert (await translate(other, "The house is old.")).status_code == 200
    answer = await admin.put(path, json={"key_id": limited["key_id"], "characters": None})
    assert answer.json()["usage_limits"] == {}


@pytest.mark.parametrize("characters", [-1, "many", 1.5, True, [1, 2]])
async def test_a_limit_that_is_no_number_is_refused(
    server: LanguageServer, characters: Any
) -> None:
    key = await server.make_key(["api_keys:read", "api_keys:write"])
    async with server.client(key) as admin:
        [first, *_] = (await admin.get("/v2/admin/developer-keys")).json()
        body = {"key_id": first["key_id"], "characters": characters}
        answer = await admin.put("/v2/admin/developer-keys/limits", json=body)
    assert answer.status_code == 400


async def test_a_key_of_another_organisation_cannot_be_limited(server: LanguageServer) -> None:
    stranger = await server.make_organisation()
    await server.make_key(None, stranger)
    async with server.client(await server.make_key(["api_keys:read"], stranger)) as theirs:
        [first, *_] = (await theirs.get("/v2/admin/developer-keys")).json()
    async with server.client(await server.make_key(["api_keys:read", "api_keys:write"])) as admin:
        body = {"key_id": first["key_id"], "characters": 0}
        answer = await admin.put("/v2/admin/developer-keys/limits", json=body)
    assert answer.status_code == 404


def test_an_organisation_may_use_its_limit_and_no_more() -> None:
    from datetime import UTC, datetime

    now = datetime.now(UTC)
    used = Usage(10, 90, now, now)
    check(used, None, 100, 10)
    check(used, 20, 0, 10)
    with pytest.raises(QuotaExceeded):
        check(used, None, 100, 11)
    with pytest.raises(QuotaExceeded):
        check(used, 20, 0, 11)
