"""Usage reports and developer keys, as administrators call them."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest

ADMIN = ["api_keys:read", "api_keys:write", "translate:text", "translate:document",
         "languages:read", "usage:read", "glossaries:read", "glossaries:write",
         "write:improve", "style_rules:read", "style_rules:write", "translation_memories:read",
         "translation_memories:write"]  # fmt: skip
TODAY = datetime.now(UTC).date().isoformat()


@pytest.fixture
async def admin(server: Any) -> httpx.AsyncClient:
    organisation_id = await server.make_organisation()
    return server.client(await server.make_key(ADMIN, organisation_id))  # type: ignore[no-any-return]


async def translate(client: httpx.AsyncClient, text: str, tag: str | None = None) -> None:
    answer = await client.post(
        "/v2/translate",
        json={"text": [text], "target_lang": "PT", "source_lang": "EN"},
        headers={"X-DeepL-Reporting-Tag": tag} if tag else {},
    )
    assert answer.status_code == 200


async def report(client: httpx.AsyncClient, path: str, **more: str) -> Any:
    answer = await client.get(path, params={"start_date": TODAY, "end_date": TODAY, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_usage_is_told_apart_by_key_and_day(admin: httpx.AsyncClient) -> None:
    await translate(admin, "Good morning.")
    await translate(admin, "Good night.")
    whole = (await report(admin, "/v2/admin/analytics"))["usage_report"]
    count = len("Good morning.") + len("Good night.")
    assert whole["total_usage"]["total_characters"] == count
    assert whole["total_usage"]["document_translation_characters"] == 0
    assert "key_usages" not in whole
    by_day = (await report(admin, "/v2/admin/analytics", group_by="key_and_day"))["usage_report"]
    [one] = by_day["key_and_day_usages"]
    assert one["api_key_label"] == "test"
    assert one["usage_date"] == f"{TODAY}T00:00:00Z"
    assert one["usage"]["text_translation_characters"] == count


async def test_usage_is_told_apart_by_reporting_tag(admin: httpx.AsyncClient) -> None:
    await translate(admin, "Good morning.", "letters")
    await translate(admin, "Good night.", "web")
    await translate(admin, "Untagged.")
    path = "/v2/admin/analytics/custom-tags"
    told = (await report(admin, path, aggregate_by="day"))["custom_tag_usage_report"]
    assert [each["custom_tag"] for each in told["usage"]] == ["letters", "web"]
    assert told["usage"][0]["breakdown"]["total_characters"] == len("Good morning.")
    assert told["next_page"] is None
    assert (await report(admin, path, page="2"))["custom_tag_usage_report"]["usage"] == []


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ({"start_date": ""}, "start_date"),
        ({"end_date": "yesterday"}, "end_date"),
        ({"start_date": "2024-01-01", "end_date": "2026-01-01"}, "cannot exceed 366 days"),
        ({"start_date": "2024-02-01", "end_date": "2024-01-01"}, "before"),
        ({"group_by": "person"}, "group_by"),
    ],
)
async def test_a_wrong_span_or_grouping_is_refused(
    admin: httpx.AsyncClient, more: dict[str, str], complaint: str
) -> None:
    answer = await admin.get(
        "/v2/admin/analytics", params={"start_date": TODAY, "end_date": TODAY, **more}
    )
    assert answer.status_code == 400
    assert complaint in answer.json()["message"]


async def test_a_key_is_made_renamed_and_deactivated(server: Any, admin: httpx.AsyncClient) -> None:
    made = (await admin.post("/v2/admin/developer-keys", json={"label": "Staging"})).json()
    assert (made["label"], made["is_deactivated"]) == ("Staging", False)
    async with server.client(made["key"]) as developer:
        assert (await developer.get("/v2/usage")).status_code == 200
        assert (await developer.get("/v2/admin/developer-keys")).status_code == 403
    renamed = await admin.put(
        "/v2/admin/developer-keys/label", json={"key_id": made["key_id"], "label": "Live"}
    )
    assert renamed.json()["label"] == "Live"
    await admin.put("/v2/admin/developer-keys/deactivate", json={"key_id": made["key_id"]})
    listed = (await admin.get("/v2/admin/developer-keys")).json()
    [found] = [key for key in listed if key["key_id"] == made["key_id"]]
    assert found["is_deactivated"]
    assert "key" not in found


async def test_an_unknown_key_is_404_and_a_malformed_id_400(admin: httpx.AsyncClient) -> None:
    for action in ("label", "deactivate"):
        path = f"/v2/admin/developer-keys/{action}"
        body = {"label": "x", "key_id": str(uuid4())}
        assert (await admin.put(path, json=body)).status_code == 404
        assert (await admin.put(path, json={**body, "key_id": "x"})).status_code == 400
        assert (await admin.put(path, json={"label": "x"})).status_code == 400


async def test_what_one_organisation_used_no_other_sees(
    server: Any, admin: httpx.AsyncClient
) -> None:
    await translate(admin, "Ours alone.", "ours")
    stranger = await server.make_key(ADMIN, await server.make_organisation())
    async with server.client(stranger) as other:
        told = await report(other, "/v2/admin/analytics")
        assert told["usage_report"]["total_usage"]["total_characters"] == 0
        tags = await report(other, "/v2/admin/analytics/custom-tags")
        assert tags["custom_tag_usage_report"]["usage"] == []
