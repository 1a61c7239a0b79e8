"""Takes away what messages said and brought: for ever, but for what is under a hold."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from hanse.chat.holds.store import keep_held
from hanse.chat.log.store import FORGET_MENTIONS_SQL
from hanse.platform.database import Tx

# A deleted message leaves nothing of its text behind, nor do its earlier versions, nor what was
# entered in its form; which program it was of stays.
_REDACT_SQL: Final = """
update chat.events e
set body = case when e.body ? 'program_id'
        then jsonb_build_object('program_id', e.body -> 'program_id') else '{}' end,
    topic = case when e.number = v.target then e.topic end,
    to_all = false, is_redacted = true
from unnest($1::uuid[], $2::bigint[]) as v (room_id, target)
where e.room_id = v.room_id
    and (e.number = v.target or (e.target = v.target and e.kind in ('edit', 'press')))
"""

_DELETE_FILES_SQL: Final = """
delete from chat.files f using unnest($1::uuid[], $2::bigint[]) as v (room_id, number)
where f.room_id = v.room_id and f.number = v.number and not f.is_held
"""

_FORGET_TRANSLATIONS_SQL: Final = """
delete from chat.translations t using unnest($1::uuid[], $2::bigint[]) as v (room_id, number)
where t.room_id = v.room_id and t.number = v.number
"""

_FORGET_WORDS_SQL: Final = """
delete from chat.findable f using unnest($1::uuid[], $2::bigint[]) as v (room_id, number)
where f.room_id = v.room_id and f.number = v.number
"""

_FORGET_SAVED_SQL: Final = """
delete from chat.saved s using unnest($1::uuid[], $2::bigint[]) as v (room_id, number)
where s.room_id = v.room_id and s.number = v.number
"""


async def redact(tx: Tx, messages: Sequence[tuple[UUID, int]]) -> None:
    """Take away what these messages, by room and number, said and brought.

    What is under a hold is kept aside.
    """
    args = [room_id for room_id, _ in messages], [number for _, number in messages]
    await keep_held(tx, *args)
    await tx.execute(_REDACT_SQL, *args)
    await tx.execute(_DELETE_FILES_SQL, *args)
    await tx.execute(_FORGET_TRANSLATIONS_SQL, *args)
    await tx.execute(_FORGET_WORDS_SQL, *args)
    await tx.execute(_FORGET_SAVED_SQL, *args)
    await tx.execute(FORGET_MENTIONS_SQL, *args)
