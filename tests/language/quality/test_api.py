"""Evaluations over HTTP, with the real models and the job worker."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from hanse.inference import InferenceClient
from hanse.language import register_quality
from hanse.platform.job_worker import run_jobs
from hanse.platform.jobs import Jobs
from tests.eventing import going
from tests.language.conftest import LanguageServer

PATH = "/v1/quality-evaluation"


@pytest.fixture
async def working(database: Any, inference: InferenceClient) -> AsyncIterator[None]:
    jobs = Jobs()
    register_quality(jobs, inference)
    async with going(lambda stop: run_jobs(jobs, database.url("hanse_jobs"), stop)):
        yield


def body(*segments: tuple[str, str], **metadata: str) -> dict[str, Any]:
    languages = {"source_language": "en", "target_language": "pt-BR", **metadata}
    return {
        "metadata": languages,
        "segments": [{"source": source, "target": target} for source, target in segments],
    }


async def evaluate(client: httpx.AsyncClient, *segments: tuple[str, str]) -> dict[str, Any]:
    taken = await client.post(PATH, json=body(*segments))
    assert taken.status_code == 202, taken.text
    assert taken.headers["retry-after"]
    for _ in range(400):
        answer = await client.get(taken.json()["poll_url"])
        if answer.status_code != 202:
            return answer.json()  # type: ignore[no-any-return]
        assert answer.json()["status"] == "processing"
        await asyncio.sleep(0.05)
    raise AssertionError("it is never done")


@pytest.mark.usefixtures("working")
async def test_a_report_tells_what_is_wrong_where(client: httpx.AsyncClient) -> None:
    report = await evaluate(
        client,
        ("The house is very old.", "A casa é muito antiga."),
        ("Revenue was 5% above the forecast of 120 million.", "A receita ficou 5% acima de 210."),
        ("The kitchen closes at ten in the evening.", "Os alunos estudam matemática na escola."),
    )
    assert report["status"] == "done"
    kinds = [[each["sub_type"] for each in one["errors"]] for one in report["segments"]]
    assert kinds == [[], ["Mistranslation"], ["Mistranslation"]]
    assert report["segments"][1]["errors"][0]["source_spans"] == [{"start": 37, "end": 40}]
    assert report["summary"] == {
        "overall_score": 82,
        "granular_counts": {"Accuracy": {"Mistranslation": {"Critical": 1, "Major": 1}}},
    }


@pytest.mark.usefixtures("working")
async def test_a_single_wrong_word_is_found(client: httpx.AsyncClient) -> None:
    report = await evaluate(
        client,
        (
            "The invoice must be paid. Please send the report to the manager.",
            "A fatura deve ser paga. Por favor, envie o relatório ao cozinheiro.",
        ),
        ("The invoice must be paid before Friday.", "A fatura tem de ser paga até sexta-feira."),
        ("The old dog sleeps in the kitchen.", "O cão velho dorme na garagem."),
    )
    found = [[each["sub_type"] for each in one["errors"]] for one in report["segments"]]
    assert found == [["Mistranslation"], [], ["Mistranslation"]]
    (issue,) = report["segments"][2]["errors"]
    assert issue["target_spans"] == [{"start": 21, "end": 28}]
    assert "garagem" in issue["explanation"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({}, "metadata is required"),
        (body(), "segments is required"),
        (body(("a", "b"), source_language=""), "metadata.source_language is required"),
        (body(("a", "b"), target_language="xx-yy"), "metadata.target_language is not supported"),
        (body(("a", "b"), target_language="en-GB"), "same language"),
        (body(("", "b")), "segments[0].source is required"),
        (body(("a", "b"), ("a", "b" * 10_001)), "segments[1].target exceeds 10000"),
        (body(*[("a", "b")] * 501), "more than 500"),
        ({**body(("a", "b")), "segments": ["a"]}, "segments[0].source is required"),
    ],
)
async def test_what_cannot_be_evaluated_is_refused(
    client: httpx.AsyncClient, wrong: dict[str, Any], message: str
) -> None:
    answer = await client.post(PATH, json=wrong)
    assert answer.status_code == 400
    assert message in answer.json()["message"]


async def test_nobody_else_sees_a_report(server: LanguageServer, client: httpx.AsyncClient) -> None:
    taken = (await client.post(PATH, json=body(("One two.", "Um dois.")))).json()
    stranger = await server.make_organisation()
    async with server.client(await server.make_key(None, stranger)) as theirs:
        assert (await theirs.get(taken["poll_url"])).status_code == 404
    assert (await client.get(f"{PATH}/{uuid4()}")).status_code == 404
    assert (await client.get(f"{PATH}/nonsense")).status_code == 400
