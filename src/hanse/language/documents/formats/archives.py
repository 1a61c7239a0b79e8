"""Files that are ZIP archives of parts: read within limits, and written with some parts changed."""

import io
import zipfile
from collections.abc import Mapping
from typing import Final

from hanse.language.documents.formats import InvalidFile

PARTS_MAX: Final = 10_000
PART_BYTES_MAX: Final = 64 * 1024 * 1024
UNPACKED_BYTES_MAX: Final = 256 * 1024 * 1024
_OLE: Final = b"\xd0\xcf\x11\xe0"


def open_archive(data: bytes) -> zipfile.ZipFile:
    """Open an archive. Raises InvalidFile if it is none, is encrypted, or unpacks to too much."""
    if data.startswith(_OLE):
        raise InvalidFile("The file is encrypted, or of an old format. Save it anew without.")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise InvalidFile("Invalid file: it is damaged, or not what its name says.") from error
    parts = archive.infolist()
    if len(parts) > PARTS_MAX or sum(part.file_size for part in parts) > UNPACKED_BYTES_MAX:
        raise InvalidFile("Invalid file: it unpacks to more than is allowed.")
    if any(part.flag_bits & 1 for part in parts):
        raise InvalidFile("The file is encrypted. Save it without a password.")
    return archive


def read_part(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return one part. Raises InvalidFile if it is damaged or longer than it says."""
    if archive.getinfo(name).file_size > PART_BYTES_MAX:
        raise InvalidFile("Invalid file: one of its parts is too large.")
    try:
        with archive.open(name) as part:
            data = part.read(PART_BYTES_MAX + 1)
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, ValueError) as error:
        raise InvalidFile("Invalid file: it is damaged.") from error
    except Exception as error:  # the decompressors have errors of their own
        raise InvalidFile("Invalid file: it is damaged.") from error
    if len(data) > PART_BYTES_MAX:
        raise InvalidFile("Invalid file: one of its parts is too large.")
    return data


def rewrite(data: bytes, changed: Mapping[str, bytes]) -> bytes:
    """Return the archive with some parts changed; all others keep their bytes and their order."""
    out = io.BytesIO()
    with open_archive(data) as archive, zipfile.ZipFile(out, "w") as written:
        for part in archive.infolist():
            content = changed.get(part.filename)
            if content is None:
                content = read_part(archive, part.filename)
            written.writestr(part, content, compress_type=part.compress_type)
    return out.getvalue()
