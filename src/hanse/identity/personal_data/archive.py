"""Writing the archive: a zip with a JSON file for each kind of data, and the person's files."""

import asyncio
import tempfile
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

import msgspec

from hanse.identity.personal_data.model import ARCHIVE_BYTES_MAX
from hanse.platform.database import Tx
from hanse.platform.personal_data import Holding

MEMORY_BYTES_MAX = 8 * 1024 * 1024
"""Larger archives are written to the disk, for as long as they are being made."""

_NAME_CHARACTERS_MAX = 150


class ArchiveTooLarge(Exception):
    """There is more about the person than ARCHIVE_BYTES_MAX."""


async def write_archive(tx: Tx, person_id: UUID, holdings: Sequence[Holding]) -> bytes:
    """Return everything that the holdings have about a person. Raises ArchiveTooLarge."""
    with tempfile.SpooledTemporaryFile(MEMORY_BYTES_MAX) as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for holding in holdings:
                if holding.select is not None:
                    await _write_rows(tx, archive, holding.name, holding.select, person_id)
                if holding.select_files is not None:
                    await _write_files(tx, archive, holding.name, holding.select_files, person_id)
                if file.tell() > ARCHIVE_BYTES_MAX:
                    raise ArchiveTooLarge
            _write_contents(archive, tx.organisation_id, person_id)
        if file.tell() > ARCHIVE_BYTES_MAX:
            raise ArchiveTooLarge
        file.seek(0)
        return file.read()


async def _write_rows(
    tx: Tx, archive: zipfile.ZipFile, name: str, sql: str, person_id: UUID
) -> None:
    """Write the rows of a query as a JSON array, as they come in."""
    with archive.open(f"{name}.json", "w", force_zip64=True) as out:
        before = b"[\n"
        async for row in tx.stream(sql, tx.organisation_id, person_id):
            out.write(before + msgspec.json.encode(dict(row)))
            before = b",\n"
        out.write(b"\n]\n" if before != b"[\n" else b"[]\n")


async def _write_files(
    tx: Tx, archive: zipfile.ZipFile, name: str, sql: str, person_id: UUID
) -> None:
    async for row in tx.stream(sql, tx.organisation_id, person_id, rows_at_once=1):
        path = f"{name}/{_safe(row['name'])}"
        await asyncio.to_thread(archive.writestr, path, row["content"])


def _write_contents(archive: zipfile.ZipFile, organisation_id: UUID, person_id: UUID) -> None:
    contents: dict[str, Any] = {
        "person_id": person_id,
        "organisation_id": organisation_id,
        "made_at": datetime.now(UTC),
        "files": archive.namelist(),
    }
    archive.writestr("contents.json", msgspec.json.format(msgspec.json.encode(contents)))


def _safe(name: str) -> str:
    """A path that stays within the folder of its kind, whatever somebody called their file."""
    parts = [
        "".join(each if each.isprintable() and each not in '\\:*?"<>|' else "_" for each in part)
        for part in PurePosixPath(name.replace("\\", "_")).parts
        if part not in ("/", "..", ".")
    ]
    return "/".join(part[-_NAME_CHARACTERS_MAX:] for part in parts) or "file"
