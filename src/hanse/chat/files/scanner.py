"""Asks a virus scanner, ClamAV's clamd, about a file (clamd(8), command INSTREAM).

A scanner that is set and does not answer lets nothing through.
"""

import asyncio
from typing import BinaryIO, Final

from hanse.platform.problems import BadRequest, Unavailable
from hanse.platform.telemetry import log

CONNECT_TIMEOUT_S: Final = 5.0
TIMEOUT_S: Final = 120.0
CHUNK_BYTES: Final = 128 * 1024
_ANSWER_BYTES_MAX: Final = 4096


class InfectedFile(BadRequest):
    """The virus scanner found something in the file."""

    code = "infected_file"
    title = "Infected file"


class ScannerAway(Unavailable):
    """The virus scanner does not answer, or could not look at the file."""

    code = "scanner_unavailable"
    title = "Virus scanner unavailable"


async def scan(address: str, file: BinaryIO) -> None:
    """Raise InfectedFile or ScannerAway unless clamd at `address` finds nothing in the file.

    `address` is `tcp://host:port` or `unix:/path`; `file` is read from its beginning.
    """
    try:
        async with asyncio.timeout(TIMEOUT_S):
            answer = await _ask(address, file)
    except (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as error:
        log.warning("chat_scanner_unavailable", error=repr(error))
        raise ScannerAway(
            "The virus scanner does not answer, so no file is taken. Try again later."
        ) from error
    verdict = answer.removeprefix("stream: ")
    if verdict == "OK":
        return
    if verdict.endswith(" FOUND"):
        name = verdict.removesuffix(" FOUND")
        log.warning("chat_file_infected", found=name)
        raise InfectedFile(f"The virus scanner found '{name}' in this file. It was not kept.")
    log.error("chat_scanner_failed", answer=answer)
    raise ScannerAway("The virus scanner could not look at this file, so it is not taken.")


async def _ask(address: str, file: BinaryIO) -> str:
    async with asyncio.timeout(CONNECT_TIMEOUT_S):
        if address.startswith("unix:"):
            reader, writer = await asyncio.open_unix_connection(address.removeprefix("unix:"))
        else:
            host, _, port = address.removeprefix("tcp://").rpartition(":")
            reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    try:
        writer.write(b"zINSTREAM\0")
        file.seek(0)
        while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
            writer.write(len(chunk).to_bytes(4, "big") + chunk)
            await writer.drain()
        writer.write(bytes(4))
        # clamd that has seen enough answers and closes before it has read all.
        answer = await reader.readuntil(b"\0")
    finally:
        writer.close()
    return answer[:_ANSWER_BYTES_MAX].rstrip(b"\0").decode("utf-8", "replace").strip()
