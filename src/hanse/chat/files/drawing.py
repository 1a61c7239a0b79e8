"""Asks the preview program about a file."""

import asyncio
import sys
from contextlib import suppress
from typing import Final, Protocol

import msgspec

from hanse.chat.files.kinds import IMAGES, PDF
from hanse.chat.files.preview import PIXELS_MAX, Look
from hanse.platform.problems import BadRequest

TIMEOUT_S: Final = 20.0
TOGETHER_MAX: Final = 2
"""Programs that run at the same time for one process; others wait."""

_together = asyncio.Semaphore(TOGETHER_MAX)


class ImageTooLarge(BadRequest):
    """An image with so many pixels that to show it would be an attack on whoever looks."""

    code = "image_too_large"
    title = "Image too large"


class Descriptor(Protocol):
    """A file that the system knows."""

    def fileno(self) -> int:
        """Its number."""


async def drawn(file: Descriptor, media_type: str) -> tuple[Look, bytes] | None:
    """Return the size and the thumbnail of an image or PDF; None if it cannot be drawn.

    `file` stands at its beginning. What is not of this media type cannot be drawn as it either.
    Raises ImageTooLarge.
    """
    async with _together:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "hanse.chat.files.preview",
            "pdf" if media_type == PDF else "image",
            stdin=file.fileno(),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(TIMEOUT_S):
                out, _ = await process.communicate()
        except TimeoutError:
            return None
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
    first, _, thumbnail = out.partition(b"\n")
    try:
        look = msgspec.json.decode(first, type=Look)
    except msgspec.DecodeError:  # it was killed by one of its limits
        return None
    if look.is_too_large:
        raise ImageTooLarge(
            f"The image has {look.width} x {look.height} pixels; {PIXELS_MAX:,} in all are allowed."
        )
    kind = PDF if look.format == "PDF" else IMAGES.get(look.format)
    return (look, thumbnail) if kind == media_type and thumbnail else None
