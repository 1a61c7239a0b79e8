"""A file of a room."""

from uuid import UUID

from msgspec import Struct


class File(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file as its room knows it.

    `media_type` follows from its content. `width` and `height`, in pixels as it is shown, are those
    of an image, or of a PDF's first page; a file that has them has a thumbnail.
    """

    id: UUID
    name: str
    media_type: str
    bytes: int
    width: int | None = None
    height: int | None = None


class Stored(Struct, frozen=True, kw_only=True):
    """A file with its place: `number` is the message that it came with, None before it is sent.

    `room_id` is None as long as its uploader has not said into which room it goes.
    """

    file: File
    room_id: UUID | None
    uploader_id: UUID
    number: int | None
    sha256: bytes
