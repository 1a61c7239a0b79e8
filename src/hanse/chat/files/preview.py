"""A program of its own that looks at one image or PDF: its size, and a thumbnail of it.

Files of strangers are decoded here and nowhere else: in a process that has bounded memory and time
and writes no files. Reads the file from standard input, writes a line of JSON and then the
thumbnail to standard output; or a line that says what is wrong.
"""

import io
import resource
import sys
from typing import Any, BinaryIO

import msgspec
from msgspec import Struct

THUMBNAIL_PIXELS = 640
"""The longer side of a thumbnail, at most."""
PIXELS_MAX = 64_000_000
MEMORY_BYTES_MAX = 2 * 1024**3
CPU_S_MAX = 10
QUALITY = 78


class Look(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the program found: the format (as Pillow names it, or PDF) and the size as shown.

    `is_too_large` says that there are more than PIXELS_MAX pixels; without a format it can not be
    drawn.
    """

    format: str = ""
    width: int = 0
    height: int = 0
    is_too_large: bool = False


def main() -> None:
    """Look at standard input."""
    for kind, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES_MAX),
        (resource.RLIMIT_CPU, CPU_S_MAX),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))
    file = sys.stdin.buffer
    try:
        look, thumbnail = _page(file) if sys.argv[1:] == ["pdf"] else _image(file)
    except Exception:  # whatever is wrong with it: it cannot be drawn
        look, thumbnail = Look(), b""
    sys.stdout.buffer.write(msgspec.json.encode(look) + b"\n" + thumbnail)


def _image(file: BinaryIO) -> tuple[Look, bytes]:
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = None  # what is too large is told apart from what is broken
    image: Any = Image.open(file, formats=("PNG", "JPEG", "GIF", "WEBP", "AVIF"))
    kind, (width, height) = str(image.format), image.size
    if width * height > PIXELS_MAX:
        return Look(format=kind, width=width, height=height, is_too_large=True), b""
    if image.getexif().get(0x0112, 1) >= 5:  # it lies on its side
        width, height = height, width
    image.draft("RGB", (THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
    image = ImageOps.exif_transpose(image)
    return Look(format=kind, width=width, height=height), _small(image)


def _page(file: BinaryIO) -> tuple[Look, bytes]:
    import pypdfium2  # type: ignore[import-untyped]

    document = pypdfium2.PdfDocument(file.read())
    page = document[0]
    width, height = page.get_size()
    if not (0 < width < 20_000 and 0 < height < 20_000):
        return Look(), b""
    image = page.render(scale=THUMBNAIL_PIXELS / max(width, height)).to_pil()
    return Look(format="PDF", width=round(width) or 1, height=round(height) or 1), _small(image)


def _small(image: Any) -> bytes:
    image.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
    has_alpha = "A" in image.getbands() or "transparency" in image.info
    out = io.BytesIO()
    # A new image without the old one's metadata: where it was taken is nobody's business here.
    image.convert("RGBA" if has_alpha else "RGB").save(
        out, "WEBP", quality=QUALITY, exif=b"", icc_profile=b"", xmp=b""
    )
    return out.getvalue()


if __name__ == "__main__":
    main()
