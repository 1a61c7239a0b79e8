"""The verbs about files. A file belongs to its room and, until it is sent, to its uploader alone.

Clients of Matrix name the room when they send: until then their files are in none.

An upload is written to the disk first and examined there; only what passed reaches the database,
all of it in one transaction, which nobody's slow line holds open.
"""

import tempfile
from collections.abc import AsyncIterator
from typing import BinaryIO, Final, cast
from uuid import UUID

from hanse.chat.files import kinds, store
from hanse.chat.files.examining import FileRules, examined, pieces_of, require_fits
from hanse.chat.files.model import File, Stored
from hanse.chat.log.rules import MEMBERS_WHO_WRITE, NoSuchFile, NotAllowedInRoom, RoomArchived
from hanse.chat.rooms.service import actor_of, see_room
from hanse.identity import Access, Permission
from hanse.platform.database import Db, Tx
from hanse.platform.ids import new_id
from hanse.platform.problems import Conflict, Unavailable

UNSENT_MAX: Final = 50
"""Files that somebody may have uploaded and not sent."""
UPLOADS_MAX: Final = 16
"""Uploads at the same time in one process."""


class TooManyFiles(Conflict):
    """Too many files were uploaded and not sent."""

    code = "too_many_files"
    title = "Too many files"


class TooManyUploads(Unavailable):
    """This process takes as many uploads as it can."""

    code = "too_many_uploads"
    title = "Too many uploads"


class Uploads:
    """Takes files in; one for each process."""

    def __init__(self, db: Db, rules: FileRules) -> None:
        self._db = db
        self.rules = rules
        self._running = 0

    async def take(
        self,
        access: Access,
        room_id: UUID | None,
        name: str,
        announced_bytes: int | None,
        content: AsyncIterator[bytes],
    ) -> File:
        """Keep a file for a message that the caller will send: of this room, or of any if None.

        Raises MissingScope, NoSuchRoom, NotAllowedInRoom, RoomArchived, TooManyFiles, FileTooLarge,
        EmptyFile, ImageTooLarge, InfectedFile, ScannerAway, TooManyUploads, UploadTooSlow.
        """
        # Before anything is read: a refusal costs nobody the upload.
        async with self._db.tx(access.organisation_id, access.person_id) as tx:
            await _require_may_upload(tx, access, room_id)
        require_fits(announced_bytes or 0, self.rules)
        if self._running >= UPLOADS_MAX:
            raise TooManyUploads("Many files are being uploaded. Try again.", retry_after_s=5.0)
        self._running += 1
        try:
            with tempfile.TemporaryFile() as file:
                return await self._examine(
                    access, room_id, kinds.clean_name(name), content, cast(BinaryIO, file)
                )
        finally:
            self._running -= 1

    async def _examine(
        self,
        access: Access,
        room_id: UUID | None,
        name: str,
        content: AsyncIterator[bytes],
        file: BinaryIO,
    ) -> File:
        found = await examined(new_id(), name, content, file, self.rules)
        stored = Stored(
            file=found.file,
            room_id=room_id,
            uploader_id=actor_of(access),
            number=None,
            sha256=found.sha256,
        )
        async with self._db.tx(access.organisation_id, access.person_id) as tx:
            await _require_may_upload(tx, access, room_id)
            await store.insert(tx, stored, found.thumbnail, pieces_of(file))
        return stored.file


async def _require_may_upload(tx: Tx, access: Access, room_id: UUID | None) -> None:
    access.require(Permission.CHAT_WRITE)
    if room_id is not None:
        await _require_may_bring_into(tx, access, room_id)
    if await store.count_unsent(tx, actor_of(access)) >= UNSENT_MAX:
        raise TooManyFiles(
            f"Up to {UNSENT_MAX} files wait for being sent. Send or delete some; what is not sent "
            "within a day is deleted."
        )


async def _require_may_bring_into(tx: Tx, access: Access, room_id: UUID) -> None:
    room = await see_room(tx, access, room_id)
    if room.role not in MEMBERS_WHO_WRITE:
        raise NotAllowedInRoom("Only who may write in this room may bring files into it.")
    if room.is_archived:
        raise RoomArchived("This room is archived: read it, or ask an owner to open it again.")


async def bring_into_room(tx: Tx, access: Access, room_id: UUID, id: UUID) -> None:
    """Put a file of the caller's that was not sent into the room of the message it comes with.

    Does nothing if there is no such file. Raises MissingScope, NoSuchRoom, NotAllowedInRoom,
    RoomArchived.
    """
    access.require(Permission.CHAT_WRITE)
    await _require_may_bring_into(tx, access, room_id)
    await store.move_unsent(tx, id, actor_of(access), room_id)


async def see_upload(tx: Tx, access: Access, id: UUID) -> Stored:
    """Return a file that the caller may see, in whatever room. Raises what `see_file` does."""
    access.require(Permission.CHAT_READ)
    stored = await store.find(tx, id)
    if stored is not None and stored.room_id is not None:
        return await see_file(tx, access, stored.room_id, id)
    if stored is None or stored.uploader_id != actor_of(access):
        raise NoSuchFile(f"There is no file {id}.")
    return stored


async def see_file(tx: Tx, access: Access, room_id: UUID, id: UUID) -> Stored:
    """Return a file that the caller may see. Raises MissingScope, NoSuchRoom, NoSuchFile."""
    await see_room(tx, access, room_id)
    stored = await store.get(tx, room_id, id)
    if stored is None or (stored.number is None and stored.uploader_id != actor_of(access)):
        raise NoSuchFile(f"There is no file {id} in this room.")
    return stored


async def see_thumbnail(tx: Tx, access: Access, room_id: UUID, id: UUID) -> tuple[Stored, bytes]:
    """Return a file with its thumbnail, in WebP. Raises what `see_file` does, or NoSuchFile."""
    stored = await see_file(tx, access, room_id, id)
    return stored, await thumbnail_of(tx, stored)


async def thumbnail_of(tx: Tx, stored: Stored) -> bytes:
    """Return the thumbnail of a file that the caller may see, in WebP. Raises NoSuchFile."""
    thumbnail = await store.read_thumbnail(tx, stored.file.id)
    if thumbnail is None:
        raise NoSuchFile("This file has no thumbnail.")
    return thumbnail


async def delete_unsent(tx: Tx, access: Access, room_id: UUID, id: UUID) -> None:
    """Delete a file of the caller's that was not sent. What was sent goes with its message.

    Raises MissingScope, NoSuchRoom, NoSuchFile.
    """
    access.require(Permission.CHAT_WRITE)
    await see_room(tx, access, room_id)
    if not await store.delete_unsent(tx, room_id, id, actor_of(access)):
        raise NoSuchFile("There is no such file of yours that was not sent.")


async def read_file(
    db: Db, access: Access, file_id: UUID, first: int, last: int
) -> AsyncIterator[bytes]:
    """Yield the content of a file from byte `first` to `last`.

    Each piece is a transaction of its own: a slow reader holds none. Ends early if the file is
    deleted meanwhile, which a client notices by the length it was told.
    """
    for place in range(first // store.PART_BYTES, last // store.PART_BYTES + 1):
        async with db.tx(access.organisation_id, access.person_id) as tx:
            data = await store.read_part(tx, file_id, place)
        if data is None:
            return
        start = place * store.PART_BYTES
        yield data[max(0, first - start) : last + 1 - start]
