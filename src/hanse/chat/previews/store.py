"""All SQL of previews of links. What is kept is found by the hash of the address alone."""

import hashlib
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from hanse.chat.previews.model import Page
from hanse.platform.database import Tx

KEEP_DAYS: Final = 7
NEGATIVE_KEEP_DAYS: Final = 1

_KEPT_SQL: Final = """
select url_hash, title, description, site_name from chat.link_pages
where organisation_id = $1 and url_hash = any($2) and expires_at > now()
"""

_KEEP_SQL: Final = """
insert into chat.link_pages
    (organisation_id, url_hash, title, description, site_name, expires_at)
values ($1, $2, $3, $4, $5, now() + $6 * interval '1 day')
on conflict (organisation_id, url_hash) do update set title = excluded.title,
    description = excluded.description, site_name = excluded.site_name,
    expires_at = excluded.expires_at
"""

# Two messages with one link wait for each other; the second finds what the first has fetched.
_HOLD_SQL: Final = "select pg_advisory_xact_lock(key) from unnest($1::bigint[]) as key"


async def hold(tx: Tx, hashes: Sequence[bytes]) -> None:
    """Be the only one to fetch these until the transaction ends."""
    # Of this organisation alone: how long one waits must not tell about another's links.
    digests = (hashlib.sha256(tx.organisation_id.bytes + each).digest() for each in hashes)
    keys = sorted(int.from_bytes(each[:8], "big", signed=True) for each in digests)
    await tx.fetch(_HOLD_SQL, keys)


async def kept(tx: Tx, hashes: Sequence[bytes]) -> dict[bytes, Page | None]:
    """The pages that are kept; None for those of which it is known that there is nothing."""
    rows = await tx.fetch(_KEPT_SQL, tx.organisation_id, list(hashes))
    return {
        row["url_hash"]: None
        if row["title"] is None
        else Page(title=row["title"], description=row["description"], site_name=row["site_name"])
        for row in rows
    }


async def keep(tx: Tx, url_hash: bytes, page: Page | None) -> None:
    """Keep a page, or that there is none."""
    await tx.execute(
        _KEEP_SQL,
        tx.organisation_id,
        url_hash,
        page.title if page else None,
        page.description if page else "",
        page.site_name if page else "",
        KEEP_DAYS if page else NEGATIVE_KEEP_DAYS,
    )


async def is_wanted(tx: Tx, room_id: UUID) -> bool:
    """Whether the links of a room are previewed."""
    sql = "select has_link_previews from chat.rooms where id = $1"
    return bool(await tx.fetchval(sql, room_id))


async def purge(tx: Tx, rows_max: int) -> int:
    """Delete what has expired; return how much. Needs a system transaction."""
    sql = """
    delete from chat.link_pages where (organisation_id, url_hash) in (
        select organisation_id, url_hash from chat.link_pages where expires_at < now() limit $1
    )
    """
    return int((await tx.execute(sql, rows_max)).split()[-1])
