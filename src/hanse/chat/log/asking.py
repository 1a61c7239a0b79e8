"""How a draft travels to the owner of its room, and the answer back. Over NATS, as MessagePack."""

from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

from hanse.chat.log.model import Appended, Draft
from hanse.platform.problems import Problem


class Ask(Struct, frozen=True):
    """A draft to append; its form has been checked."""

    organisation_id: UUID
    draft: Draft


class Refused(Struct, frozen=True, tag=True):
    """The draft was refused by this problem."""

    status: int
    code: str
    title: str
    detail: str
    retry_after_s: float | None = None
    facts: dict[str, Any] = {}


class Done(Struct, frozen=True, tag=True):
    """The draft stands in the log, on disk."""

    appended: Appended


class NotMine(Struct, frozen=True, tag=True):
    """This process does not own the room, or cannot append now: append it yourself."""


Answer = Refused | Done | NotMine

encode: Final = msgspec.msgpack.Encoder().encode
decode_ask: Final = msgspec.msgpack.Decoder(Ask).decode
_answers: Final[msgspec.msgpack.Decoder[Answer]] = msgspec.msgpack.Decoder(Answer)
decode_answer: Final = _answers.decode


class RefusedElsewhere(Problem):
    """A problem that another process found."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.detail, retry_after_s=refused.retry_after_s, **refused.facts)
        self.status = refused.status  # type: ignore[misc]
        self.code = refused.code  # type: ignore[misc]
        self.title = refused.title  # type: ignore[misc]


def refused(problem: Problem) -> Refused:
    """Return a problem as it travels."""
    return Refused(
        problem.status,
        problem.code,
        problem.title,
        problem.detail,
        problem.retry_after_s,
        problem.facts,
    )


def subject(shard: int) -> str:
    """Where the owner of a shard listens."""
    return f"chat.append.{shard}"


def answer_of(outcome: Any) -> Answer:
    """Return the answer to a draft with this outcome."""
    return refused(outcome) if isinstance(outcome, Problem) else Done(outcome)
