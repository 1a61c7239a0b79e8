"""Takes the files of an export in, as if they were uploaded: measured, scanned, drawn."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import IO, BinaryIO, Final, cast
from uuid import UUID

from hanse.chat.files import kinds, store
from hanse.chat.files.drawing import ImageTooLarge
from hanse.chat.files.examining import EmptyFile, FileRules, FileTooLarge, examined, pieces_of
from hanse.chat.files.model import File, Stored
from hanse.chat.files.scanner import InfectedFile
from hanse.chat.porting.archive import Archive
from hanse.chat.porting.model import Attached, Entry
from hanse.platform.database import Tx
from hanse.platform.ids import new_id

_READ_BYTES: Final = 256 * 1024


class Attaching:
    """Takes files of one archive. `skipped` counts those that are not taken, by reason."""

    def __init__(self, archive: Archive, rules: FileRules) -> None:
        self.skipped: Counter[str] = Counter()
        self._archive = archive
        self._rules = rules

    async def attach(
        self, tx: Tx, room_id: UUID, ids: Mapping[str, UUID], entries: Sequence[Entry]
    ) -> dict[str, tuple[File, ...]]:
        """Keep the files of messages that are about to be appended; return them by message.

        Raises ScannerAway.
        """
        kept: dict[str, tuple[File, ...]] = {}
        for entry in entries:
            files = [await self._one(tx, room_id, ids[entry.sender], each) for each in entry.files]
            if files:
                kept[entry.key] = tuple(each for each in files if each is not None)
        return kept

    async def _one(self, tx: Tx, room_id: UUID, sender: UUID, attached: Attached) -> File | None:
        size = self._archive.size(attached.path)
        if size is None:
            self.skipped["files that the export does not hold"] += 1
            return None
        with tempfile.TemporaryFile() as file, self._archive.open(attached.path) as content:
            disk = cast(BinaryIO, file)
            try:
                name = kinds.clean_name(attached.name)
                found = await examined(new_id(), name, _read(content), disk, self._rules)
            except FileTooLarge:
                self.skipped["files that are larger than files may be here"] += 1
            except EmptyFile:
                self.skipped["files that are empty"] += 1
            except ImageTooLarge:
                self.skipped["images of more pixels than images may have here"] += 1
            except InfectedFile:
                self.skipped["files that the virus scanner refuses"] += 1
            else:
                stored = Stored(
                    file=found.file,
                    room_id=room_id,
                    uploader_id=sender,
                    number=None,
                    sha256=found.sha256,
                )
                await store.insert(tx, stored, found.thumbnail, pieces_of(disk))
                return found.file
        return None


async def _read(content: IO[bytes]) -> AsyncIterator[bytes]:
    while data := await asyncio.to_thread(content.read, _READ_BYTES):
        yield data
