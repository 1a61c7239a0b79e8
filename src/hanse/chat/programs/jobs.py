"""Carries out what of a program's effects goes beyond its room; the answer is an event there."""

from typing import Final
from uuid import UUID

from prometheus_client import Counter

from hanse.chat import bell
from hanse.chat.log.append import append_all
from hanse.chat.log.model import Body, Draft, Kind
from hanse.chat.log.rules import TEXT_CHARACTERS_MAX
from hanse.chat.programs import store
from hanse.chat.programs.effecting import ASK, DEVICE, TRANSLATE, Ask, Wanted
from hanse.chat.programs.effects import Rights, require_rights
from hanse.chat.programs.sandbox import ProgramFault
from hanse.language import LiveText, LiveTranslator
from hanse.platform.bus import Bus
from hanse.platform.database import Db, Tx
from hanse.platform.jobs import Jobs
from hanse.platform.outbound import ForbiddenAddress, OutboundClient, OutboundFailure
from hanse.platform.problems import Problem

TIMEOUT_S: Final = 10.0
ANSWER_BYTES_MAX: Final = 4 * TEXT_CHARACTERS_MAX

_asked = Counter("hanse_chat_program_requests_total", "Requests of programs.", ["outcome"])


class Errands:
    """What programs have done for them. `outbound` knows which addresses may be reached."""

    def __init__(self, db: Db, bus: Bus, outbound: OutboundClient, live: LiveTranslator) -> None:
        self._db = db
        self._bus = bus
        self._outbound = outbound
        self._live = live

    async def ask(self, tx: Tx, job: Ask) -> None:
        """Carry out a request. If it is begun again, it has the same Idempotency-Key."""
        program = await store.get_program(tx, job.program_id)
        if program is None:
            return
        hosts = frozenset(await store.get_hosts(tx) if "http" in program.allowed else ())
        try:
            require_rights([job.effect], Rights(hosts=hosts))
        except ProgramFault:
            # The address may be a secret, and everybody in the room reads the answer.
            status, text, outcome = 0, "This request is not allowed here.", "not_allowed"
        else:
            status, text, outcome = await self._request(job)
        _asked.labels(outcome).inc()
        body = Body(program_id=job.program_id, key=job.effect.key, status=status, text=text)
        await self._append(tx.organisation_id, job, Kind.HTTP, body)

    async def _request(self, job: Ask) -> tuple[int, str, str]:
        effect = job.effect
        headers = {
            "User-Agent": "Hanse (program of a room)",
            "Idempotency-Key": f"{job.program_id}-{job.number}-{job.index}",
            **effect.headers,
        }
        try:
            answer = await self._outbound.request(
                effect.method,
                effect.url,
                headers=headers,
                body=effect.body.encode() if effect.body else None,
                timeout_s=TIMEOUT_S,
                answer_bytes_max=ANSWER_BYTES_MAX,
            )
        except (ForbiddenAddress, OutboundFailure) as error:
            return 0, str(error), "no_answer"
        text = answer.body.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
        if not answer.is_whole or len(text) > TEXT_CHARACTERS_MAX:
            return 0, f"The answer has more than {TEXT_CHARACTERS_MAX} characters.", "too_large"
        return answer.status, text, "answered"

    async def ask_given_up(self, tx: Tx, job: Ask) -> None:
        """Tell the program that its request could not be carried out."""
        if await store.get_program(tx, job.program_id) is None:
            return
        _asked.labels("given_up").inc()
        text = "The request could not be carried out."
        body = Body(program_id=job.program_id, key=job.effect.key, status=0, text=text)
        await self._append(tx.organisation_id, job, Kind.HTTP, body)

    async def translate_given_up(self, tx: Tx, job: Wanted) -> None:
        """Tell the program that its text was not translated."""
        if await store.get_program(tx, job.program_id) is None:
            return
        body = Body(program_id=job.program_id, key=job.effect.key, text="", language=None)
        await self._append(tx.organisation_id, job, Kind.TRANSLATION, body)

    async def translate(self, tx: Tx, job: Wanted) -> None:
        """Translate a text."""
        if await store.get_program(tx, job.program_id) is None:
            return
        made = await self._translated(tx.organisation_id, job)
        body = Body(
            program_id=job.program_id,
            key=job.effect.key,
            text=made.text[:TEXT_CHARACTERS_MAX] if made else "",
            language=job.effect.to if made else None,
        )
        await self._append(tx.organisation_id, job, Kind.TRANSLATION, body, made)

    async def _translated(self, organisation_id: UUID, job: Wanted) -> LiveText | None:
        effect = job.effect
        source = await self._live.recognise(effect.text, [])
        if source is None or not await self._live.can(source, effect.to):
            return None
        try:
            return await self._live.translate(organisation_id, effect.text, source, effect.to)
        except Problem as problem:
            if problem.status >= 500:
                raise
            return None

    async def _append(
        self,
        organisation_id: UUID,
        job: Ask | Wanted,
        kind: Kind,
        body: Body,
        made: LiveText | None = None,
    ) -> None:
        draft = Draft(
            room_id=job.room_id,
            sender_id=job.program_id,
            device=DEVICE,
            client_key=f"{kind} {job.number}.{job.index}",
            kind=kind,
            body=body,
            is_system=True,
            is_program=True,
        )
        # In a transaction of its own, so that it can be told of; the client key keeps it single.
        async with self._db.tx(organisation_id) as tx:
            batch = await append_all(tx, [draft])
            if made is not None and batch.events:  # a repeat was counted before
                await self._live.keep(tx, made)
        await bell.ring(self._bus, organisation_id, batch.events)


def register_programs(jobs: Jobs, errands: Errands) -> None:
    """Add the jobs that programs need."""
    jobs.task(ASK, Ask, attempts_max=3, timeout_s=60.0, given_up=errands.ask_given_up)(errands.ask)
    jobs.task(
        TRANSLATE, Wanted, attempts_max=5, timeout_s=60.0, given_up=errands.translate_given_up
    )(errands.translate)
