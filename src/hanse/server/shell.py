"""`hanse translate`: on this machine, with a bar for the person who waits."""

import asyncio
import contextlib
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import click

from hanse import language
from hanse.inference import InferenceClient, InferenceUnavailable, Limits, serve
from hanse.platform.problems import Problem
from hanse.platform.process import SetupError
from hanse.server.settings import Settings

LINES_AT_ONCE = 40
START_TIMEOUT_S = 30.0
LOCAL_ORGANISATION = UUID(int=0)
"""Texts from the shell belong to no organisation: they share no cache with anybody's."""


class ShellError(Exception):
    """The text cannot be translated; the message says why."""


async def translate(
    settings: Settings, data: bytes, source_code: str | None, target_code: str
) -> None:
    """Write the translation of UTF-8 text to standard output as it is made.

    Uses the workers of a running Hanse, or starts its own for this one text. Line breaks and
    white space come out as they went in. Raises ShellError.
    """
    try:
        text = data.decode("utf-8")
        source = language.parse_code(source_code) if source_code else None
        target = language.parse_code(target_code)
        async with _inference(settings) as client:
            await _translate(client, text, source, target)
    except UnicodeDecodeError as error:
        raise ShellError(
            f"The input is not UTF-8: {error.reason} at byte {error.start}."
        ) from error
    except Problem as problem:
        raise ShellError(problem.detail) from problem
    except TimeoutError as error:
        raise ShellError("The workers did not start in time. Try again.") from error
    except SetupError as error:
        raise ShellError(str(error)) from error


async def _translate(client: InferenceClient, text: str, source: str | None, target: str) -> None:
    detector = language.Detector()
    bar = click.progressbar(
        length=len(text),
        label="Translating",
        file=sys.stderr,
        hidden=not sys.stderr.isatty() or sys.stdout.isatty(),
    )
    with bar:
        for chunk in _chunks(text):
            done = await language.translate(
                client,
                detector,
                organisation_id=LOCAL_ORGANISATION,
                texts=[chunk],
                target=target,
                source=source,
            )
            # Not by click: it would turn line ends into this system's.
            sys.stdout.buffer.write(done.texts[0].text.encode())
            sys.stdout.buffer.flush()
            # The beginning of a text says best what language all of it is in.
            source = source or done.texts[0].source_language
            bar.update(len(chunk))


def _chunks(text: str) -> list[str]:
    lines = text.splitlines(keepends=True)
    return ["".join(lines[at : at + LINES_AT_ONCE]) for at in range(0, len(lines), LINES_AT_ONCE)]


@asynccontextmanager
async def _inference(settings: Settings) -> AsyncIterator[InferenceClient]:
    running = await InferenceClient.open(settings.inference_socket_path)
    try:
        await running.models()
    except InferenceUnavailable:
        await running.close()
    else:
        try:
            yield running
        finally:
            await running.close()
        return
    async with _own_inference(settings) as client:
        yield client


@asynccontextmanager
async def _own_inference(settings: Settings) -> AsyncIterator[InferenceClient]:
    with tempfile.TemporaryDirectory(prefix="hanse-") as folder:
        socket = Path(folder) / "inference.sock"
        stop = asyncio.Event()
        server = asyncio.create_task(
            serve(
                socket=socket,
                models_directory=settings.models_path,
                workers=settings.worker_count,
                pseudo=settings.pseudo_engine,
                translation_engine=settings.translation_engine,
                limits=Limits(),
                stop=stop,
            )
        )
        client: InferenceClient | None = None
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                while not socket.exists():
                    if server.done():
                        server.result()
                    await asyncio.sleep(0.02)
            client = await InferenceClient.open(socket)
            yield client
        finally:
            if client is not None:
                await client.close()
            stop.set()
            with contextlib.suppress(asyncio.CancelledError):
                await server
