"""Who of some people is here now: the gateways alone know, so one of them is asked, over NATS."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

from hanse.platform.bus import Bus, BusUnavailable
from hanse.platform.problems import Unavailable
from hanse.platform.telemetry import log

SUBJECT: Final = "chat.here"
ANSWER_S: Final = 2.0
ASKED_MAX: Final = 5_000
"""People in one question; of more it is asked several times."""


class WhoIsHere(Struct, frozen=True):
    """Which of these people of an organisation are here?"""

    organisation_id: UUID
    people: Sequence[UUID]


class HereUnknown(Unavailable):
    """No gateway says who is here."""

    code = "here_unknown"
    title = "Nobody knows who is here"


_encode: Final = msgspec.msgpack.Encoder().encode
_questions: Final = msgspec.msgpack.Decoder(WhoIsHere)
_answers: Final = msgspec.msgpack.Decoder(tuple[UUID, ...])


async def who_is_here(
    bus: Bus | None, organisation_id: UUID, people: Sequence[UUID]
) -> tuple[UUID, ...]:
    """Return which of these people have the chat open. Raises HereUnknown."""
    found: list[UUID] = []
    # Of nobody it is asked, too: what is not known is told of any room alike.
    for first in range(0, max(len(people), 1), ASKED_MAX):
        question = WhoIsHere(organisation_id, people[first : first + ASKED_MAX])
        found += await _ask(bus, question)
    return tuple(found)


async def _ask(bus: Bus | None, question: WhoIsHere) -> tuple[UUID, ...]:
    data = None
    if bus is not None:
        try:
            data = await bus.request(SUBJECT, _encode(question), ANSWER_S)
        except (BusUnavailable, TimeoutError):
            data = None
    if data is None:
        raise HereUnknown(
            "Who is here cannot be found out at the moment. Send it again, or speak to everybody."
        )
    return _answers.decode(data)


def answering(
    bus: Bus, present: Callable[[UUID, Iterable[UUID]], list[UUID]]
) -> Callable[[Any], Awaitable[None]]:
    """Return what answers questions with what `present` says of an organisation's people."""

    async def answer(message: Any) -> None:
        try:
            asked = _questions.decode(message.data)
        except msgspec.DecodeError:
            log.warning("chat_question_unreadable")
            return
        here = present(asked.organisation_id, asked.people)
        with suppress(BusUnavailable):  # whoever asked is told that nobody knows
            await bus.publish(message.reply, _encode(here))

    return answer
