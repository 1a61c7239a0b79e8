"""Looks at a file as it comes in: how large it is, what it is, whether it is infected."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import BinaryIO, Final
from uuid import UUID

from msgspec import Struct

from hanse.chat.files import kinds, store
from hanse.chat.files.drawing import drawn
from hanse.chat.files.model import File
from hanse.chat.files.scanner import scan
from hanse.platform.problems import BadRequest, PayloadTooLarge

UPLOAD_TIMEOUT_S: Final = 1800.0


class EmptyFile(BadRequest):
    """There is nothing in the file."""

    code = "empty_file"
    title = "Empty file"


class UploadTooSlow(BadRequest):
    """The upload did not end in time."""

    code = "upload_too_slow"
    title = "Upload too slow"


class FileTooLarge(PayloadTooLarge):
    """The file is larger than files may be here."""

    code = "file_too_large"
    title = "File too large"


class FileRules(Struct, frozen=True):
    """What the operator has set: the largest file, and the virus scanner's address, if any."""

    bytes_max: int
    scanner: str


class Examined(Struct, frozen=True):
    """A file, and what is kept beside its content."""

    file: File
    sha256: bytes
    thumbnail: bytes | None


async def examined(
    id: UUID, name: str, content: AsyncIterator[bytes], file: BinaryIO, rules: FileRules
) -> Examined:
    """Write `content` into `file`, which stands at its beginning then, and say what it is.

    Raises FileTooLarge, EmptyFile, ImageTooLarge, InfectedFile, ScannerAway, UploadTooSlow.
    """
    received = await _received(content, file, rules)
    if not received.total:
        raise EmptyFile("The file is empty.")
    if rules.scanner:
        await scan(rules.scanner, file)
    media_type = kinds.recognised(received.head, name, is_text=received.is_text)
    thumbnail = None
    width = height = None
    if kinds.is_drawn(media_type):
        file.seek(0)
        found = await drawn(file, media_type)
        if found is None:
            media_type = kinds.TEXT if received.is_text else kinds.UNKNOWN
        else:
            look, thumbnail = found
            width, height = look.width, look.height
    file.seek(0)
    known = File(
        id=id,
        name=name,
        media_type=media_type,
        bytes=received.total,
        width=width,
        height=height,
    )
    return Examined(known, received.sha256, thumbnail)


def require_fits(total: int, rules: FileRules, headers: dict[str, str] | None = None) -> None:
    """Raise FileTooLarge, with these headers, if a file of so many bytes is not taken here."""
    most = rules.bytes_max
    if total > most:
        raise FileTooLarge(
            f"Files of up to {most} bytes are taken here." if most else "No files are taken.",
            headers=headers,
        )


class _Received(Struct, frozen=True):
    total: int
    head: bytes
    is_text: bool
    sha256: bytes


async def _received(content: AsyncIterator[bytes], file: BinaryIO, rules: FileRules) -> _Received:
    total, head, digest, text = 0, b"", hashlib.sha256(), kinds.TextCheck()

    def take(data: bytes) -> None:
        digest.update(data)
        text.feed(data)
        file.write(data)

    try:
        async with asyncio.timeout(UPLOAD_TIMEOUT_S):
            async for data in content:
                total += len(data)
                # Without a length that was told, what comes may never end.
                require_fits(total, rules, {"Connection": "close"})
                head += data[: kinds.HEAD_BYTES - len(head)]
                if data:
                    await asyncio.to_thread(take, data)
    except TimeoutError as error:
        raise UploadTooSlow(f"An upload ends within {UPLOAD_TIMEOUT_S:.0f} s.") from error
    text.feed(b"", is_last=True)
    await asyncio.to_thread(file.flush)
    return _Received(total, head, text.is_text, digest.digest())


async def pieces_of(file: BinaryIO) -> AsyncIterator[bytes]:
    """Yield the rest of a file as it is stored."""
    while piece := await asyncio.to_thread(file.read, store.PART_BYTES):
        yield piece
