"""Translations revised by a language model, over HTTP, with the real translation models."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import deepl
import httpx
import pytest

from hanse import language
from hanse.platform.job_worker import run_jobs
from hanse.platform.jobs import Jobs
from tests.eventing import going
from tests.language.chat_server import Answer, ChatServer, chat_server
from tests.language.conftest import LanguageServer, generate, served

TEXT = "Please send the report to {name} before Friday."
ASKED = {"source_lang": "en", "target_lang": "pt-BR"}


@pytest.fixture(scope="module")
def model() -> Iterator[ChatServer]:
    with chat_server() as model:
        yield model


@pytest.fixture(scope="module")
async def reviser(
    database: Any, nats_url: str, inference: Any, model: ChatServer
) -> AsyncIterator[LanguageServer]:
    async with generate(model.url) as generation:
        jobs = Jobs()
        language.register_documents(jobs, inference, generation)
        async with (
            going(lambda stop: run_jobs(jobs, database.url("hanse_jobs"), stop)),
            served(database, nats_url, inference, generation) as server,
        ):
            yield server


@pytest.fixture
async def http(reviser: LanguageServer, model: ChatServer) -> AsyncIterator[httpx.AsyncClient]:
    model.answer, model.status = draft, 200
    model.asked.clear()
    async with reviser.client(await reviser.make_key()) as client:
        yield client


def draft(question: str) -> str:
    """The translation that the model is shown."""
    return question.split("\n", 1)[1].split(": ", 1)[1]


def replacing(old: str, new: str) -> Answer:
    return lambda question: draft(question).replace(old, new)


async def translate(client: httpx.AsyncClient, text: str, **more: Any) -> dict[str, Any]:
    answer = await client.post("/v2/translate", json={"text": [text], **ASKED, **more})
    assert answer.status_code == 200, answer.text
    [translation] = answer.json()["translations"]
    return dict(translation)


async def test_a_translation_is_revised_as_the_caller_wishes(
    http: httpx.AsyncClient, model: ChatServer
) -> None:
    plain = await translate(http, TEXT)
    assert model.asked == []
    assert "{name}" in plain["text"]
    model.answer = replacing(plain["text"][:3], "Queira")
    revised = await translate(
        http, TEXT, custom_instructions=["Sound polite."], context="A letter to a customer."
    )
    assert revised["text"] == "Queira" + plain["text"][3:]
    assert "not_applied" not in revised
    [asked] = model.asked
    system, user = (each["content"] for each in asked["messages"])
    assert "- Sound polite." in system
    assert "A letter to a customer." in system
    assert TEXT in user
    assert plain["text"] in user


async def test_each_line_is_revised_by_itself_and_white_space_stays(
    http: httpx.AsyncClient, model: ChatServer
) -> None:
    model.answer = lambda question: f"{draft(question)[:-1]}!"
    text = "  The house is old. The water is cold.\n\n\tThe book is green.\n"
    plain = await translate(http, text)
    revised = await translate(http, text, custom_instructions=["Exclaim."])
    assert revised["text"] == plain["text"].replace("fria.", "fria!").replace("verde.", "verde!")
    assert len(model.asked) == 2


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda question: draft(question).replace("{name}", "Ana"),
        lambda _question: "As a language model\nI cannot do that.",
        lambda question: question.split("\n")[0],
    ],
)
async def test_what_fails_a_check_leaves_the_translation_and_is_told(
    http: httpx.AsyncClient, model: ChatServer, spoilt: Answer
) -> None:
    plain = await translate(http, TEXT)
    model.answer = spoilt
    # Equal questions have equal answers, which the scheduler remembers.
    kind = f"Be kind {id(spoilt)}."
    revised = await translate(http, TEXT, custom_instructions=[kind], context="A letter.")
    assert revised["text"] == plain["text"]
    assert revised["not_applied"] == ["context", "custom_instructions"]


async def test_a_model_that_is_away_costs_nobody_the_translation(
    http: httpx.AsyncClient, model: ChatServer
) -> None:
    model.status = 500
    revised = await translate(http, TEXT, custom_instructions=["Be short, today."])
    assert "{name}" in revised["text"]
    assert revised["not_applied"] == ["custom_instructions"]


async def test_formality_is_carried_out_checked_and_refused_where_there_is_none(
    http: httpx.AsyncClient, model: ChatServer
) -> None:
    text = "You can open the old window now."
    plain = await translate(http, text)
    model.answer = lambda question: "O senhor" + draft(question).removeprefix("Você")
    formal = await translate(http, text, formality="more")
    assert formal["text"] == "O senhor" + plain["text"].removeprefix("Você")
    assert "not_applied" not in formal
    informal = await translate(http, text, formality="less")
    assert informal["text"] == plain["text"]
    assert informal["not_applied"] == ["formality"]
    refused = await http.post(
        "/v2/translate", json={"text": ["Olá"], "target_lang": "en-GB", "formality": "more"}
    )
    assert refused.status_code == 400
    assert "doesn't support formality" in refused.json()["message"]


async def test_languages_tell_which_of_them_have_formality(reviser: LanguageServer) -> None:
    key = await reviser.make_key()

    def ask() -> dict[str, bool | None]:
        targets = deepl.DeepLClient(key, server_url=reviser.url).get_target_languages()
        return {each.code: each.supports_formality for each in targets}

    found = await asyncio.to_thread(ask)
    assert found["PT-BR"]
    assert not found["EN-GB"]
    async with reviser.client(key) as http:
        listed = (await http.get("/v3/languages", params={"resource": "translate_text"})).json()
        resources = (await http.get("/v3/languages/resources")).json()
    assert ["formality" in each["features"] for each in listed if each["lang"] == "pt-BR"] == [True]
    assert "formality" in [each["name"] for each in resources[0]["features"]]


async def test_tags_stand_where_the_model_has_put_them(
    http: httpx.AsyncClient, model: ChatServer
) -> None:
    model.answer = replacing("rápido", "veloz")
    text = 'The <a href="x">fast <b>car</b></a> was<br> blue.'
    plain = await translate(http, text, tag_handling="html")
    revised = await translate(http, text, tag_handling="html", custom_instructions=["Be literary."])
    assert revised["text"] == plain["text"].replace("rápido", "veloz")
    assert "veloz" in revised["text"]
    assert "not_applied" not in revised
    model.answer = lambda question: draft(question).replace("<t0>", "")
    lost = await translate(http, text, tag_handling="html", custom_instructions=["Lose a tag."])
    assert lost["text"] == plain["text"]
    assert lost["not_applied"] == ["custom_instructions"]


async def test_terms_of_a_glossary_survive_the_revision(
    http: httpx.AsyncClient, model: ChatServer
) -> None:
    made = await http.post(
        "/v2/glossaries",
        json={
            "name": "One",
            "source_lang": "en",
            "target_lang": "pt",
            "entries": "invoice\tnota fiscal",
            "entries_format": "tsv",
        },
    )
    more = {"glossary_id": made.json()["glossary_id"], "custom_instructions": ["Be plain."]}
    text = "The invoice was sent to the house."
    model.answer = replacing("nota fiscal", "fatura")
    kept = await translate(http, text, **more)
    assert "nota fiscal" in kept["text"]
    assert kept["not_applied"] == ["custom_instructions"]
    assert "nota fiscal" in model.asked[-1]["messages"][0]["content"]


async def test_instructions_of_a_style_are_carried_out_for_their_language(
    http: httpx.AsyncClient, model: ChatServer
) -> None:
    instruction = {"label": "Age", "prompt": "Say how old it is."}
    made = await http.post(
        "/v3/style_rules",
        json={"name": "One", "language": "pt", "custom_instructions": [instruction]},
    )
    model.answer = replacing("antiga", "antiquíssima")
    text = "The house is very old."
    styled = await translate(http, text, style_id=made.json()["style_id"])
    assert "antiquíssima" in styled["text"]
    assert "not_applied" not in styled
    streamed = await http.post(
        "/v1/translate/stream",
        json={"text": text, "style_id": made.json()["style_id"], **ASKED},
    )
    [done] = [line for line in streamed.text.splitlines() if "detected_source" in line]
    told = json.loads(done.removeprefix("data: "))
    assert "antiquíssima" in told["text"]
    assert "not_applied" not in told


async def test_a_document_is_revised_and_tells_what_was_not(
    http: httpx.AsyncClient, reviser: LanguageServer, model: ChatServer
) -> None:
    model.answer = lambda question: draft(question).replace("antiga", "velha").replace("{name}", "")
    data = f"The house is very old.\n\n{TEXT}\n".encode()
    fields = {**ASKED, "custom_instructions": ["Say old."], "formality": "prefer_more"}
    handed = (await http.post("/v2/document", data=fields, files={"file": ("a.txt", data)})).json()
    path, key = f"/v2/document/{handed['document_id']}", {"document_key": handed["document_key"]}
    async with asyncio.timeout(30):
        while (status := (await http.post(path, json=key)).json())["status"] != "done":
            assert status["status"] != "error", status
            await asyncio.sleep(0.05)
    first, _, second, _ = (await http.post(f"{path}/result", json=key)).text.split("\n")
    assert "velha" in first
    assert "{name}" in second
    assert status["not_applied"] == ["custom_instructions", "formality"]
