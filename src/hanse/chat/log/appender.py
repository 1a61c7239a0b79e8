"""Appends for whoever serves people: through the owner of the room, or without one.

Every draft has a client key, so a second way may always be tried: what the first one did is found.
"""

import time
from contextlib import suppress
from typing import Final
from uuid import UUID

import msgspec

from hanse.chat import bell
from hanse.chat.here import who_is_here
from hanse.chat.log import asking, store
from hanse.chat.log.append import append_all
from hanse.chat.log.model import Appended, Draft, shard_of
from hanse.chat.log.rules import check_form
from hanse.platform.bus import Bus, BusUnavailable
from hanse.platform.database import Db
from hanse.platform.problems import Problem

OWNER_TIMEOUT_S: Final = 2.0
AVOIDED_S: Final = 3.0
"""An owner that did not answer in time is left alone for so long."""


class Appender:
    """The log as one process writes it. Without a bus it always appends by itself."""

    def __init__(self, db: Db, bus: Bus | None) -> None:
        self._db = db
        self._bus = bus
        self._avoided: dict[int, float] = {}

    async def append(self, organisation_id: UUID, draft: Draft) -> Appended:
        """Append a draft, or find that it was appended before; it is on disk on return.

        Raises InvalidEvent, NoSuchRoom, NotAllowedInRoom, RoomArchived, NoSuchMessage,
        MessageDeleted, RefusedByRules, HereUnknown, DatabaseUnavailable.
        """
        check_form(draft)
        if draft.body.to_here:
            draft = await self._with_those_here(organisation_id, draft)
        answer = await self._through_owner(organisation_id, draft)
        if isinstance(answer, asking.Done):
            return answer.appended
        if isinstance(answer, asking.Refused):
            raise asking.RefusedElsewhere(answer)
        return await self._alone(organisation_id, draft)

    async def _with_those_here(self, organisation_id: UUID, draft: Draft) -> Draft:
        # Before the room's head is held: nobody waits with it for an answer of the gateways.
        async with self._db.tx(organisation_id) as tx:
            people = await store.people_in(tx, draft.room_id)
        here = await who_is_here(self._bus, organisation_id, people)
        return msgspec.structs.replace(draft, here=here)

    async def _through_owner(self, organisation_id: UUID, draft: Draft) -> asking.Answer:
        shard = shard_of(draft.room_id)
        now = time.monotonic()
        if self._bus is None or self._avoided.get(shard, now) > now:
            return asking.NotMine()
        data = asking.encode(asking.Ask(organisation_id, draft))
        try:
            reply = await self._bus.request(asking.subject(shard), data, OWNER_TIMEOUT_S)
        except BusUnavailable:
            return asking.NotMine()
        except TimeoutError:
            self._avoided[shard] = now + AVOIDED_S
            return asking.NotMine()
        if reply is None:
            return asking.NotMine()
        return asking.decode_answer(reply)

    async def _alone(self, organisation_id: UUID, draft: Draft) -> Appended:
        async with self._db.tx(organisation_id) as tx:
            batch = await append_all(tx, [draft])
        with suppress(BusUnavailable):
            await bell.ring(self._bus, organisation_id, batch.events)
        outcome = batch.outcomes[0]
        if isinstance(outcome, Problem):
            raise outcome
        return outcome
