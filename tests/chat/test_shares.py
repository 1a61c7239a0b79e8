"""Shards are shared out among owners so that each has exactly one."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from hanse.chat.log.model import SHARDS
from hanse.chat.log.shares import shards_of

OWNERS = st.sets(st.uuids(), min_size=1, max_size=6)


@given(OWNERS)
def test_every_shard_has_one_owner(owners: set[UUID]) -> None:
    shares = [shards_of(owner, owners) for owner in owners]
    assert sorted(shard for share in shares for shard in share) == list(range(SHARDS))


@given(OWNERS, st.uuids())
def test_a_new_owner_takes_shards_and_moves_none_between_others(
    owners: set[UUID], new: UUID
) -> None:
    for owner in owners - {new}:
        assert shards_of(owner, owners | {new}) <= shards_of(owner, owners)
