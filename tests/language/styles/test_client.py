"""Style rules through the official client, and their effect on translations."""

from typing import Any
from uuid import uuid4

import deepl
import httpx
import pytest

from tests.language.test_deepl_client import call

RULES = {
    "punctuation": {
        "exclamation_marks": "do_not_use",
        "quotation_mark": "use_curly_quotation_marks",
        "serial_comma": "use",
    }
}
LONG = "y" * 301
GOOD = {"label": "x", "prompt": "y"}


@pytest.fixture
def client(server: Any, key: str) -> deepl.DeepLClient:
    return deepl.DeepLClient(key, server_url=server.url)


@pytest.fixture
def http(server: Any, key: str) -> httpx.AsyncClient:
    return server.client(key)  # type: ignore[no-any-return]


async def test_a_style_is_made_read_changed_and_deleted(client: deepl.DeepLClient) -> None:
    made = await call(
        lambda: client.create_style_rule(
            "House style", "EN", RULES, [{"label": "Money", "prompt": "Write $100."}]
        )
    )
    assert (made.name, made.language, made.version) == ("House style", "en", 1)
    assert [each.prompt for each in made.custom_instructions or ()] == ["Write $100."]
    renamed = await call(lambda: client.update_style_rule_name(made, "Our style"))
    assert (renamed.name, renamed.version) == ("Our style", 2)
    ruled = await call(
        lambda: client.update_style_rule_configured_rules(
            made, {"punctuation": {"ellipsis": "use_three_periods"}}
        )
    )
    assert ruled.version == 3
    listed = await call(lambda: client.get_all_style_rules(detailed=False))
    assert [each.style_id for each in listed] == [made.style_id]
    assert listed[0].configured_rules is None
    shown = await call(lambda: client.get_style_rule(made))
    assert shown.configured_rules is not None
    assert shown.creation_time <= shown.updated_time
    await call(lambda: client.delete_style_rule(made))
    with pytest.raises(deepl.DeepLException, match="no style"):
        await call(lambda: client.get_style_rule(made.style_id))


async def test_instructions_are_added_changed_and_deleted(client: deepl.DeepLClient) -> None:
    style = await call(lambda: client.create_style_rule("Instructed", "en"))
    one = await call(
        lambda: client.create_style_rule_custom_instruction(style, "One", "Be kind.", "pt")
    )
    assert one.source_language == "pt"
    await call(
        lambda: client.update_style_rule_custom_instruction(style, one.id, "One", "Be brief.")
    )
    shown = await call(lambda: client.get_style_rule_custom_instruction(style, one.id))
    assert (shown.prompt, shown.source_language) == ("Be brief.", None)
    await call(lambda: client.delete_style_rule_custom_instruction(style, one.id))
    with pytest.raises(deepl.DeepLException, match="no instruction"):
        await call(lambda: client.get_style_rule_custom_instruction(style, one.id))
    await call(lambda: client.delete_style_rule(style))


async def test_a_translation_comes_in_the_style_and_tells_what_could_not_be_done(
    client: deepl.DeepLClient, http: httpx.AsyncClient
) -> None:
    style = await call(lambda: client.create_style_rule("House style", "en", RULES))
    asked = {"text": ["Bom dia!"], "source_lang": "pt", "target_lang": "en-GB"}
    plain = (await http.post("/v2/translate", json=asked)).json()["translations"][0]
    assert plain["text"].endswith("!")
    assert "not_applied" not in plain
    more = {"style_id": style.style_id, "context": "A letter.", "custom_instructions": ["Be kind."]}
    styled = (await http.post("/v2/translate", json=asked | more)).json()["translations"][0]
    assert styled["text"] == plain["text"].replace("!", ".")
    assert styled["not_applied"] == [
        "context",
        "custom_instructions",
        "style_rules.punctuation.serial_comma",
    ]
    await call(lambda: client.delete_style_rule(style))


async def test_a_style_of_another_language_or_of_nobody_is_refused(
    client: deepl.DeepLClient, http: httpx.AsyncClient
) -> None:
    style = await call(lambda: client.create_style_rule("English", "en"))
    asked = {"text": ["Good morning"], "target_lang": "pt-BR"}
    answer = await http.post("/v2/translate", json=asked | {"style_id": style.style_id})
    assert answer.status_code == 400
    assert "style is for en" in answer.json()["message"]
    answer = await http.post("/v2/translate", json=asked | {"style_id": str(uuid4())})
    assert answer.status_code == 404
    await call(lambda: client.delete_style_rule(style))


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x", "language": "xx"},
        {"name": "", "language": "en"},
        {"name": "x", "language": "en", "configured_rules": {"poetry": {}}},
        {"name": "x", "language": "en", "configured_rules": {"punctuation": {"rhyme": "use"}}},
        {"name": "x", "language": "en", "configured_rules": {"punctuation": {"dash": "use"}}},
        {"name": "x", "language": "en", "configured_rules": {"punctuation": {"dash": ["a"]}}},
        {"name": "x", "language": "en", "configured_rules": []},
        {"name": "x", "language": "en", "custom_instructions": [{"label": "x"}]},
        {"name": "x", "language": "en", "custom_instructions": [{"label": "x", "prompt": LONG}]},
        {"name": "x", "language": "en", "custom_instructions": [GOOD] * 201},
    ],
)  # fmt: skip
async def test_a_style_that_makes_no_sense_is_refused(http: httpx.AsyncClient, body: Any) -> None:
    answer = await http.post("/v3/style_rules", json=body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["message"]


async def test_pages_scopes_and_other_organisations(server: Any, http: httpx.AsyncClient) -> None:
    made = [
        (await http.post("/v3/style_rules", json={"name": f"{each}", "language": "en"})).json()
        for each in range(3)
    ]
    page = (await http.get("/v3/style_rules?page=1&page_size=2")).json()["style_rules"]
    assert [each["name"] for each in page] == ["2"]
    assert (await http.get("/v3/style_rules?page_size=26")).status_code == 400
    stranger = server.client(await server.make_key(None, await server.make_organisation()))
    assert (await stranger.get("/v3/style_rules")).json() == {"style_rules": []}
    path = f"/v3/style_rules/{made[0]['style_id']}"
    assert (await stranger.get(path)).status_code == 404
    assert (await stranger.delete(path)).status_code == 404
    reader = server.client(await server.make_key(["style_rules:read"]))
    assert (await reader.get(path)).status_code == 200
    assert (await reader.delete(path)).status_code == 403
    for each in made:
        assert (await http.delete(f"/v3/style_rules/{each['style_id']}")).status_code == 204
