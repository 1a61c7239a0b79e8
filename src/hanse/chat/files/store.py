"""All SQL of files."""

from collections.abc import AsyncIterable, Sequence
from typing import Any, Final
from uuid import UUID

from hanse.chat.files.model import File, Stored
from hanse.platform.database import Tx

PART_BYTES: Final = 256 * 1024
_PARTS_TOGETHER: Final = 16

_FILE: Final = "id, name, media_type, bytes, width, height"
_STORED: Final = f"{_FILE}, room_id, uploader_id, number, sha256"

_INSERT_SQL: Final = """
insert into chat.files (id, organisation_id, room_id, uploader_id, name, media_type, bytes, sha256,
    width, height, thumbnail)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""

_INSERT_PART_SQL: Final = """
insert into chat.file_parts (organisation_id, file_id, place, data) values ($1, $2, $3, $4)
"""

_UNSENT_SQL: Final = f"""
select {_STORED} from chat.files where id = any($1) and number is null order by id for update
"""

_SEND_SQL: Final = """
update chat.files f set number = v.number
from unnest($1::uuid[], $2::bigint[]) as v (id, number) where f.id = v.id
"""

_PURGE_SQL: Final = """
delete from chat.files where id in (
    select id from chat.files
    where number is null and created_at < now() - interval '1 day' limit $1
)
"""


def _stored(row: Any) -> Stored:
    values = dict(row.items())
    file = File(**{name: values.pop(name) for name in File.__struct_fields__})
    return Stored(file=file, **values)


async def insert(
    tx: Tx, stored: Stored, thumbnail: bytes | None, content: AsyncIterable[bytes]
) -> None:
    """Keep a file; its `content` comes in pieces of PART_BYTES, the last one shorter."""
    file = stored.file
    await tx.execute(
        _INSERT_SQL,
        file.id,
        tx.organisation_id,
        stored.room_id,
        stored.uploader_id,
        file.name,
        file.media_type,
        file.bytes,
        stored.sha256,
        file.width,
        file.height,
        thumbnail,
    )
    rows: list[tuple[UUID, UUID, int, bytes]] = []
    place = 0
    async for piece in content:
        rows.append((tx.organisation_id, file.id, place, piece))
        place += 1
        if len(rows) == _PARTS_TOGETHER:
            await tx.execute_many(_INSERT_PART_SQL, rows)
            rows.clear()
    await tx.execute_many(_INSERT_PART_SQL, rows)


async def get(tx: Tx, room_id: UUID, id: UUID) -> Stored | None:
    """One file of a room."""
    row = await tx.fetchrow(
        f"select {_STORED} from chat.files where room_id = $1 and id = $2 and not is_held",
        room_id,
        id,
    )
    return None if row is None else _stored(row)


async def find(tx: Tx, id: UUID) -> Stored | None:
    """One file of the organisation, in whatever room."""
    row = await tx.fetchrow(f"select {_STORED} from chat.files where id = $1 and not is_held", id)
    return None if row is None else _stored(row)


async def count_unsent(tx: Tx, uploader_id: UUID) -> int:
    """How many files of somebody came with no message yet."""
    sql = """
    select count(*) from chat.files
    where organisation_id = $1 and uploader_id = $2 and number is null
    """
    return int(await tx.fetchval(sql, tx.organisation_id, uploader_id))


async def unsent(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, Stored]:
    """Those of these files that came with no message yet; nobody else sends them meanwhile."""
    rows = await tx.fetch(_UNSENT_SQL, list(ids))
    return {row["id"]: _stored(row) for row in rows}


async def move_unsent(tx: Tx, id: UUID, uploader_id: UUID, room_id: UUID) -> None:
    """Put somebody's file that came with no message yet into a room."""
    sql = """
    update chat.files set room_id = $3 where id = $1 and uploader_id = $2 and number is null
    """
    await tx.execute(sql, id, uploader_id, room_id)


async def send(tx: Tx, numbers: dict[UUID, int]) -> None:
    """Say with which message each file came."""
    await tx.execute(_SEND_SQL, list(numbers), list(numbers.values()))


async def delete_unsent(tx: Tx, room_id: UUID, id: UUID, uploader_id: UUID) -> bool:
    """Delete somebody's file that came with no message; tell whether there was one."""
    sql = """
    delete from chat.files
    where room_id = $1 and id = $2 and uploader_id = $3 and number is null returning true
    """
    return bool(await tx.fetchval(sql, room_id, id, uploader_id))


async def read_thumbnail(tx: Tx, id: UUID) -> bytes | None:
    """The thumbnail of a file, if it has one."""
    found: bytes | None = await tx.fetchval("select thumbnail from chat.files where id = $1", id)
    return found


async def read_part(tx: Tx, id: UUID, place: int) -> bytes | None:
    """One piece of a file's content; None if the file was deleted."""
    sql = "select data from chat.file_parts where file_id = $1 and place = $2"
    found: bytes | None = await tx.fetchval(sql, id, place)
    return found


async def purge(tx: Tx, rows_max: int) -> int:
    """Delete files that were not sent within a day; return how many. Needs a system transaction."""
    return int((await tx.execute(_PURGE_SQL, rows_max)).split()[-1])
