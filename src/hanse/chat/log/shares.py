"""Which owner has which shard. Pure: every process comes to the same answer by itself.

Rendezvous hashing (Thaler and Ravishankar, 1998): when an owner comes or goes, only the shards that
it takes or leaves change hands.
"""

import hashlib
from collections.abc import Iterable
from uuid import UUID

from hanse.chat.log.model import SHARDS


def shards_of(owner: UUID, owners: Iterable[UUID]) -> frozenset[int]:
    """Return the shards of one of the owners that are alive."""
    everybody = {owner, *owners}
    return frozenset(
        shard
        for shard in range(SHARDS)
        if max(everybody, key=lambda each: _weight(each, shard)) == owner
    )


def _weight(owner: UUID, shard: int) -> bytes:
    return hashlib.sha256(owner.bytes + shard.to_bytes(2, "big")).digest()
