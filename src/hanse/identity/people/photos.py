"""Photos: whatever comes in, a small square WebP without metadata is what is kept."""

import io

from PIL import Image, ImageOps, UnidentifiedImageError

from hanse.platform.problems import BadRequest

UPLOAD_BYTES_MAX = 2 * 1024 * 1024
SIDE_PIXELS = 256
PIXELS_MAX = 40_000_000
MEDIA_TYPE = "image/webp"
_FORMATS = ("JPEG", "PNG", "WEBP")


class InvalidPhoto(BadRequest):
    """This is no picture, of a kind that is not read here, or too many pixels."""

    code = "invalid_photo"
    title = "Invalid photo"


def prepare_photo(data: bytes) -> bytes:
    """Return a picture (JPEG, PNG or WebP) as a WebP of SIDE_PIXELS square, upright and cropped.

    Decoding and encoding again drops places, times and whatever else cameras and people put into
    files. CPU-bound: some tens of milliseconds. Raises InvalidPhoto.
    """
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            if image.width * image.height > PIXELS_MAX:
                raise InvalidPhoto(f"The picture has over {PIXELS_MAX // 1_000_000} megapixels.")
            image.draft("RGB", (SIDE_PIXELS * 2, SIDE_PIXELS * 2))
            upright = ImageOps.exif_transpose(image).convert("RGB")
            small = ImageOps.fit(upright, (SIDE_PIXELS, SIDE_PIXELS))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, MemoryError) as error:
        raise InvalidPhoto("Send a whole JPEG, PNG or WebP picture.") from error
    except Image.DecompressionBombError as error:
        raise InvalidPhoto("The picture has too many pixels.") from error
    out = io.BytesIO()
    small.save(out, "WEBP", quality=82)
    return out.getvalue()
