"""Carries out what a program wants, in the transaction that moves its cursor.

What stands in the log after it commits was done once, whoever is killed when; what cannot be done
is a line of the program's log.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from hanse import identity
from hanse.chat.log.append import TOGETHER_MAX, append_all
from hanse.chat.log.cards import text_of
from hanse.chat.log.model import Body, Draft, Event, Kind
from hanse.chat.log.rules import MENTIONS_MAX, InvalidEvent, check_form
from hanse.chat.moderation import store as moderation_store
from hanse.chat.moderation.model import cleaned
from hanse.chat.programs import turn_store
from hanse.chat.programs.effects import (
    Card,
    Delete,
    Edit,
    Effect,
    Http,
    Moderate,
    Post,
    React,
    Timer,
    Translate,
)
from hanse.chat.programs.naming import ids_in, with_names
from hanse.chat.programs.reduction import Step
from hanse.platform.database import Tx
from hanse.platform.jobs import enqueue
from hanse.platform.problems import Problem

DEVICE: Final = "program"
ASK: Final = "chat.program_http"
TRANSLATE: Final = "chat.program_translate"
_RULES_CHARACTERS_MAX: Final = 1_000
"""Of rules, in a line of the log."""

Line = tuple[int, str, str, int | None, int | None]
"""Of a program's log: event, code, detail, line, column."""


class Ask(Struct, frozen=True):
    """The job that carries out the request of an effect, the one at `index` of event `number`."""

    program_id: UUID
    room_id: UUID
    number: int
    index: int
    effect: Http


class Wanted(Struct, frozen=True):
    """The job that translates for a program."""

    program_id: UUID
    room_id: UUID
    number: int
    index: int
    effect: Translate


class _Waiting(Struct, frozen=True):
    draft: Draft
    number: int
    index: int
    key: str | None


class Effecting:
    """What one turn of a program brings about. `events` are new in the log, `lines` in its own."""

    def __init__(self, tx: Tx, program_id: UUID, room_id: UUID) -> None:
        self.events: list[Event] = []
        self.lines: list[Line] = []
        self._tx = tx
        self._program_id = program_id
        self._room_id = room_id
        self._waiting: list[_Waiting] = []
        self._known: dict[str, int] = {}
        self._named: dict[str, int] = {}
        self._timers: dict[str, datetime | None] = {}
        self._members: frozenset[UUID] = frozenset()
        self._names: Mapping[UUID, str] = {}

    async def carry_out(self, steps: Sequence[Step]) -> None:
        """Carry out all effects of these steps, in their order."""
        keys = {
            effect.key
            for step in steps
            for effect in step.effects
            if isinstance(effect, Edit | Card)
        }
        await self._learn_names(steps)
        if keys:
            self._known = await turn_store.numbers_of(self._tx, self._program_id, sorted(keys))
        for step in steps:
            for index, effect in enumerate(step.effects):
                await self._one(step.number, index, effect)
        await self._flush()
        if self._named:
            await turn_store.put_keys(self._tx, self._program_id, self._named)
        if self._timers:
            dropped = await turn_store.set_timers(self._tx, self._program_id, self._timers)
            if dropped:
                why = (
                    f"{dropped} timers too many: {turn_store.TIMERS_MAX} at most; the last are off."
                )
                self.lines.append((steps[-1].number, "not_done", why, None, None))

    async def _learn_names(self, steps: Sequence[Step]) -> None:
        ids = {
            id
            for step in steps
            for effect in step.effects
            if isinstance(effect, Post | Edit | Card)
            for id in ids_in(effect.text)
        }
        if ids:
            known = await turn_store.people_of(self._tx, self._room_id, sorted(ids))
            self._members = frozenset(id for id, is_member in known.items() if is_member)
            self._names = await identity.names_of(self._tx, sorted(known))

    async def say(self, kind: Kind, client_key: str, body: Body) -> None:
        """Append an event in the name of the program that is about the program itself."""
        draft = self._draft(kind, client_key, body, is_system=True)
        batch = await append_all(self._tx, [draft])
        self.events += batch.events

    async def _one(self, number: int, index: int, effect: Effect) -> None:
        match effect:
            case Moderate():
                await self._moderate(number, effect)
            case Timer():
                self._timers[effect.key] = effect.at
            case Http():
                asked = Ask(self._program_id, self._room_id, number, index, effect)
                await enqueue(self._tx, ASK, asked)
            case Translate():
                wanted = Wanted(self._program_id, self._room_id, number, index, effect)
                await enqueue(self._tx, TRANSLATE, wanted)
            case _:
                await self._append(number, index, effect)

    async def _moderate(self, number: int, effect: Moderate) -> None:
        await self._flush()  # what it says before is not held against these rules
        rules = cleaned(effect.rules)
        changed = await moderation_store.put(self._tx, self._room_id, self._program_id, rules)
        if changed:
            said = msgspec.json.encode(rules).decode()[:_RULES_CHARACTERS_MAX]
            self.lines.append((number, "moderates", f"Rules of the room: {said}", None, None))

    async def _append(
        self, number: int, index: int, effect: Post | Edit | React | Card | Delete
    ) -> None:
        key = effect.key if isinstance(effect, Post | Edit | Card) else None
        if isinstance(effect, Edit | Card) and any(each.key == key for each in self._waiting):
            await self._flush()  # it gets its number then
        target = self._known.get(effect.key) if isinstance(effect, Edit | Card) else None
        if isinstance(effect, Edit) and target is None:
            self._not_done(number, index, f"There is no message of the key {effect.key!r}.")
            return
        draft = self._draft_of(f"{number}.{index}", effect, target)
        try:
            check_form(draft)
        except InvalidEvent as problem:
            self._not_done(number, index, problem.detail)
            return
        names = key if draft.kind is Kind.MESSAGE else None
        self._waiting.append(_Waiting(draft, number, index, names))
        if len(self._waiting) >= TOGETHER_MAX:
            await self._flush()

    def _draft_of(
        self, client_key: str, effect: Post | Edit | React | Card | Delete, target: int | None
    ) -> Draft:
        mine = self._program_id
        match effect:
            case Post():
                members = [id for id in ids_in(effect.text) if id in self._members]
                text = with_names(effect.text, self._names)
                body = Body(text=text, mentions=tuple(members[:MENTIONS_MAX]), program_id=mine)
                return self._draft(
                    Kind.MESSAGE, client_key, body, thread=effect.thread, topic=effect.topic
                )
            case Edit():
                body = Body(text=with_names(effect.text, self._names), program_id=mine)
                return self._draft(Kind.EDIT, client_key, body, target=target)
            case Card():
                text = with_names(effect.text, self._names)
                shown = msgspec.structs.replace(effect.shown, text=text)
                body = Body(text=text_of(shown), program_id=mine, card=shown, key=effect.key)
                kind = Kind.MESSAGE if target is None else Kind.EDIT
                return self._draft(kind, client_key, body, target=target)
            case React():
                body = Body(emoji=effect.emoji, on=effect.on, program_id=mine)
                return self._draft(Kind.REACTION, client_key, body, target=effect.target)
            case Delete():
                body = Body(program_id=mine)
                return self._draft(Kind.DELETE, client_key, body, target=effect.target)

    def _draft(
        self,
        kind: Kind,
        client_key: str,
        body: Body,
        *,
        target: int | None = None,
        thread: int | None = None,
        topic: str | None = None,
        is_system: bool = False,
    ) -> Draft:
        return Draft(
            room_id=self._room_id,
            sender_id=self._program_id,
            device=DEVICE,
            client_key=client_key,
            kind=kind,
            target=target,
            thread=thread,
            topic=topic,
            body=body,
            is_system=is_system,
            is_program=True,
        )

    async def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        batch = await append_all(self._tx, [each.draft for each in waiting])
        self.events += batch.events
        for each, outcome in zip(waiting, batch.outcomes, strict=True):
            if isinstance(outcome, Problem):
                self._not_done(each.number, each.index, outcome.detail)
            elif each.key is not None:
                self._known[each.key] = self._named[each.key] = outcome.number

    def _not_done(self, number: int, index: int, why: str) -> None:
        self.lines.append((number, "not_done", f"effects[{index}]: {why}", None, None))
