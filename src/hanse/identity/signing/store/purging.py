"""Throwing away what has ended."""

from hanse.platform.database import Tx


async def purge_oldest(
    tx: Tx, table: str, key: str, order: str, limit: int, condition: str = "true"
) -> int:
    """Delete up to `limit` rows of a table for which `condition` holds; return how many."""
    tag = await tx.execute(
        f"""
        delete from {table} where {key} in (
            select {key} from {table} where {condition} order by {order} limit $1
        )
        """,
        limit,
    )
    return int(tag.split()[-1])
