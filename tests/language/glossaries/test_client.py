"""Glossaries through the official client, and what it cannot send through plain HTTP."""

from typing import Any
from uuid import uuid4

import deepl
import httpx
import pytest
from deepl.api_data import MultilingualGlossaryDictionaryEntries

from tests.language.test_deepl_client import call

ENTRIES = {"house": "casa", "river": "rio"}


@pytest.fixture
def client(server: Any, key: str) -> deepl.DeepLClient:
    return deepl.DeepLClient(key, server_url=server.url)


@pytest.fixture
def http(server: Any, key: str) -> httpx.AsyncClient:
    return server.client(key)  # type: ignore[no-any-return]


async def test_a_glossary_of_one_direction_is_made_read_and_deleted(
    client: deepl.DeepLClient,
) -> None:
    made = await call(lambda: client.create_glossary("Terms", "EN", "PT-BR", ENTRIES))
    assert (made.ready, made.source_lang, made.target_lang) == (True, "EN", "PT")
    assert made.entry_count == 2
    assert await call(lambda: client.get_glossary_entries(made)) == ENTRIES
    listed = await call(client.list_glossaries)
    assert made.glossary_id in [each.glossary_id for each in listed]
    await call(lambda: client.delete_glossary(made))
    with pytest.raises(deepl.GlossaryNotFoundException):
        await call(lambda: client.get_glossary(made.glossary_id))


async def test_ten_thousand_entries_fit_into_one_request(client: deepl.DeepLClient) -> None:
    entries = {f"term {number}": f"termo {number}" for number in range(10_000)}
    made = await call(lambda: client.create_glossary("Large", "en", "pt", entries))
    assert made.entry_count == 10_000
    assert await call(lambda: client.get_glossary_entries(made)) == entries


async def test_a_csv_file_is_read(client: deepl.DeepLClient) -> None:
    csv = "house,casa,en,pt\nhouse,Haus,en,de\n"
    made = await call(lambda: client.create_glossary_from_csv("CSV", "en", "pt", csv))
    assert await call(lambda: client.get_glossary_entries(made)) == {"house": "casa"}


async def test_the_pairs_of_the_installed_models_are_listed(client: deepl.DeepLClient) -> None:
    pairs = await call(client.get_glossary_languages)
    assert ("en", "pt") in [(pair.source_lang.lower(), pair.target_lang.lower()) for pair in pairs]


async def test_a_glossary_of_many_directions_is_merged_replaced_and_cut(
    client: deepl.DeepLClient,
) -> None:
    def dictionary(source: str, target: str, entries: dict[str, str]) -> Any:
        return MultilingualGlossaryDictionaryEntries(source, target, entries)

    both = [dictionary("en", "pt", ENTRIES), dictionary("pt", "en", {"casa": "home"})]
    made = await call(lambda: client.create_multilingual_glossary("Both ways", both))
    assert [(each.source_lang, each.entry_count) for each in made.dictionaries] == [
        ("EN", 2),
        ("PT", 1),
    ]
    # v2 knows glossaries of one direction alone.
    assert made.glossary_id not in [each.glossary_id for each in await call(client.list_glossaries)]
    with pytest.raises(deepl.GlossaryNotFoundException):
        await call(lambda: client.get_glossary(made.glossary_id))

    await call(
        lambda: client.update_multilingual_glossary_dictionary(
            made, dictionary("en", "pt", {"house": "lar", "door": "porta"})
        )
    )
    await call(lambda: client.update_multilingual_glossary_name(made, "Renamed"))
    merged = await call(lambda: client.get_multilingual_glossary_entries(made, "en", "pt"))
    assert merged.dictionaries[0].entries == "door\tporta\nhouse\tlar\nriver\trio"

    replaced = await call(
        lambda: client.replace_multilingual_glossary_dictionary(
            made, dictionary("en", "pt", {"door": "porta"})
        )
    )
    assert replaced.entry_count == 1
    await call(
        lambda: client.delete_multilingual_glossary_dictionary(
            made, source_lang="pt", target_lang="en"
        )
    )
    left = await call(lambda: client.get_multilingual_glossary(made.glossary_id))
    assert (left.name, [each.entry_count for each in left.dictionaries]) == ("Renamed", [1])
    await call(lambda: client.delete_multilingual_glossary(made))
    assert made.glossary_id not in [
        each.glossary_id for each in await call(client.list_multilingual_glossaries)
    ]


async def test_a_malformed_id_is_400_and_an_unknown_one_404(http: httpx.AsyncClient) -> None:
    for version in ("v2", "v3"):
        assert (await http.get(f"/{version}/glossaries/nonsense")).status_code == 400
        assert (await http.get(f"/{version}/glossaries/{uuid4()}")).status_code == 404
        assert (await http.delete(f"/{version}/glossaries/{uuid4()}")).status_code == 404


async def test_entries_are_sent_as_tsv_alone(http: httpx.AsyncClient) -> None:
    fields = {"name": "T", "source_lang": "en", "target_lang": "pt", "entries": "a\tb"}
    made = (await http.post("/v2/glossaries", data=fields)).json()
    path = f"/v2/glossaries/{made['glossary_id']}/entries"
    assert (await http.get(path, headers={"accept": "application/json"})).status_code == 415
    assert (await http.get(path)).text == "a\tb"


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": None},
        {"source_lang": "xx"},
        {"target_lang": "en"},
        {"entries": ""},
        {"entries": "a"},
        {"entries_format": "xml"},
    ],
)
async def test_wrong_fields_are_400_and_make_nothing(
    http: httpx.AsyncClient, wrong: dict[str, Any]
) -> None:
    right = {"name": "Wrong", "source_lang": "en", "target_lang": "pt", "entries": "a\tb"}
    answer = await http.post("/v2/glossaries", json={**right, **wrong})
    assert answer.status_code == 400, answer.text
    assert answer.json()["message"]
    listed = (await http.get("/v2/glossaries")).json()["glossaries"]
    assert "Wrong" not in [each["name"] for each in listed]


async def test_no_organisation_sees_the_glossaries_of_another(
    server: Any, http: httpx.AsyncClient
) -> None:
    fields = {"name": "Mine", "source_lang": "en", "target_lang": "pt", "entries": "a\tb"}
    made = (await http.post("/v2/glossaries", json=fields)).json()
    stranger = await server.make_key(organisation_id=await server.make_organisation())
    async with server.client(stranger) as other:
        path = f"/v3/glossaries/{made['glossary_id']}"
        assert (await other.get(path)).status_code == 404
        assert (await other.delete(path)).status_code == 404
        assert (await other.patch(path, json={"name": "Theirs"})).status_code == 404
        assert (await other.get("/v3/glossaries")).json() == {"glossaries": []}


async def test_reading_and_writing_are_scopes_of_their_own(server: Any) -> None:
    async with server.client(await server.make_key(["glossaries:read"])) as reader:
        assert (await reader.get("/v3/glossaries")).status_code == 200
        refused = await reader.post("/v3/glossaries", json={"name": "x", "dictionaries": []})
        assert refused.status_code == 403
        assert "glossaries:write" in refused.json()["detail"]


async def test_a_glossary_decides_the_words_of_a_translation(
    client: deepl.DeepLClient, http: httpx.AsyncClient
) -> None:
    entries = {"invoice": "nota fiscal", "account": "cadastro"}
    made = await call(lambda: client.create_glossary("Words", "en", "pt", entries))
    result: Any = await call(
        lambda: client.translate_text(
            "Please send the invoice today.\nYour account was suspended.",
            source_lang="en",
            target_lang="pt-br",
            glossary=made,
        )
    )
    assert "nota fiscal" in result.text
    assert "cadastro" in result.text
    assert "\n" in result.text
    answer = await http.post(
        "/v2/translate",
        json={
            "text": ["The invoice is here."],
            "source_lang": "en",
            "target_lang": "pt",
            "glossary_ids": [made.glossary_id],
        },
    )
    [term] = answer.json()["translations"][0]["glossary_terms"]
    assert (term["source"], term["target"]) == ("invoice", "nota fiscal")
    assert term["outcome"] in ("exact", "inflected", "replaced")


@pytest.mark.parametrize(
    ("more", "status", "complaint"),
    [
        ({"source_lang": None}, 400, "source_lang"),
        ({"glossary_id": str(uuid4())}, 404, "no glossary"),
        ({"glossary_id": "x"}, 400, "glossary_id"),
        ({"glossary_ids": [str(uuid4())]}, 400, "not both"),
        ({"target_lang": "en", "source_lang": "pt"}, 400, "no dictionary from pt to en"),
    ],
)
async def test_a_glossary_that_does_not_fit_is_refused(
    http: httpx.AsyncClient, more: dict[str, Any], status: int, complaint: str
) -> None:
    fields = {"name": "T", "source_lang": "en", "target_lang": "pt", "entries": "a\tb"}
    made = (await http.post("/v2/glossaries", data=fields)).json()
    right = {
        "text": ["a"],
        "source_lang": "en",
        "target_lang": "pt",
        "glossary_id": made["glossary_id"],
    }
    answer = await http.post("/v2/translate", json={**right, **more})
    assert answer.status_code == status
    assert complaint in answer.json()["message"]
