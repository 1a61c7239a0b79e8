"""The client of inference: jobs in, results out."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any, Self, TypeVar
from uuid import UUID

import msgspec
from msgspec import Struct

from hanse.inference.addresses import Address, TlsFiles, UnixAddress
from hanse.inference.errors import (
    InferenceUnavailable,
    ItemFailed,
    Outcome,
    TextOutcome,
    to_problem,
)
from hanse.inference.job import ModelInfo, Output, ServiceClass
from hanse.inference.link import Link
from hanse.inference.messages import (
    Answer,
    AskStatus,
    Failure,
    Refused,
    Submit,
    unwrapped,
)
from hanse.inference.overview import Overview
from hanse.inference.registry import Locate, located
from hanse.platform.problems import Problem

T = TypeVar("T")

GRACE_S = 30.0
"""Time beyond its deadline after which a request is taken for lost."""


class Ended(Struct, frozen=True):
    """The last of a stream: why the model's answer ended."""

    reason: str


class InferenceClient:
    """Runs jobs by the scheduler at the other end of a link, or of the one of several that suits.

    Requests that are under way when a link is lost raise InferenceUnavailable; they may be sent
    again, since computing something twice harms nobody.
    """

    def __init__(self) -> None:
        self._links: dict[str, Link] = {}
        """By the name of the cell; a scheduler that is in none has an empty one."""

    @classmethod
    async def open(cls, where: Path | Address | Locate, tls: TlsFiles | None = None) -> Self:
        """Connect to the scheduler at a Unix socket, an address, or wherever it is at the time.

        If it is not there yet, this succeeds all the same, and the connection is made when it is.
        A TLS address needs `tls`.
        """
        if isinstance(where, Path):
            where = UnixAddress(where)
        client = cls()
        client._links[""] = await Link.open(where if callable(where) else located(where), tls)
        return client

    async def close(self) -> None:
        """End all connections; whatever waits raises InferenceUnavailable."""
        for link in self._links.values():
            await link.close()

    def _link_for(self, _model: str | None, _service_class: ServiceClass, /) -> Link:
        """Return the link that a job goes over. Raises InferenceUnavailable."""
        return self._links[""]

    async def models(self) -> list[ModelInfo]:
        """Return the models that can be asked for, as last told by the schedulers.

        Raises InferenceUnavailable as long as none was ever reached.
        """
        found: dict[str, ModelInfo] | None = None
        for link in self._links.values():
            if link.models is not None:
                found = {model.name: model for model in link.models} | (found or {})
        if found is None:
            raise InferenceUnavailable("Inference is not reachable yet. Try again.")
        return list(found.values())

    def ready_models(self) -> frozenset[str]:
        """Return the names of the models that a worker could run when schedulers last reported."""
        loads = [link.load for link in self._links.values()]
        return frozenset(name for load in loads if load is not None for name in load.models)

    async def run(
        self,
        *,
        organisation_id: UUID,
        model: str,
        items: Sequence[str],
        service_class: ServiceClass,
        deadline_s: float,
        then: Sequence[str] = (),
    ) -> list[str]:
        """Return the results of all items, in order; `deadline_s` counts from now.

        Results go through the models of `then`, one after the other, without coming back in
        between; an empty one goes no further, and is the answer.

        Cancelling the caller takes the work out of the queue.

        Raises InferenceUnavailable, Overloaded, OrganisationOverloaded, DeadlineExceeded,
        UnknownModel, ItemTooLong, InvalidItem, RequestTooLarge, and, if a single item could not be
        computed, its ItemFailed or ModelFailed.
        """
        outcomes = await self.run_each(
            organisation_id=organisation_id,
            model=model,
            items=items,
            service_class=service_class,
            deadline_s=deadline_s,
            then=then,
        )
        results: list[str] = []
        for outcome in outcomes:
            if isinstance(outcome, Problem):
                raise outcome
            results.append(outcome)
        return results

    async def run_each(
        self,
        *,
        organisation_id: UUID,
        model: str,
        items: Sequence[str],
        service_class: ServiceClass,
        deadline_s: float,
        then: Sequence[str] = (),
    ) -> list[TextOutcome]:
        """Like `run`, but return the error of a single item in its place (see there)."""
        outcomes = await self.compute(
            organisation_id=organisation_id,
            model=model,
            items=items,
            service_class=service_class,
            deadline_s=deadline_s,
            then=then,
        )
        return [
            ItemFailed("The result is no text.") if isinstance(one, bytes) else one
            for one in outcomes
        ]

    async def compute(
        self,
        *,
        organisation_id: UUID,
        model: str,
        items: Sequence[str],
        service_class: ServiceClass,
        deadline_s: float,
        output: Output = Output.TEXT,
        then: Sequence[str] = (),
    ) -> list[Outcome]:
        """Like `run_each`, for models whose results are text or bytes, and other outputs.

        An engine that does not give `output` fails the items.
        """
        if not items:
            return []
        link = self._link_for(model, service_class)
        answer = await link.submit(
            lambda request: Submit(
                request,
                organisation_id,
                model,
                tuple(items),
                service_class,
                deadline_s,
                output,
                tuple(then),
            ),
            timeout_s=max(0.0, deadline_s) + GRACE_S,
        )
        return _outcomes(answer)

    async def stream(
        self,
        *,
        organisation_id: UUID,
        model: str,
        item: str,
        service_class: ServiceClass,
        deadline_s: float,
    ) -> AsyncGenerator[str | Ended, None]:
        """Yield the pieces of the answer to one item as they come, and at last why it ended.

        Closing the generator ends the work, wherever it is. Raises what `run` raises, possibly
        after the first pieces.
        """
        link = self._link_for(model, service_class)
        pieces = link.submit_streamed(
            lambda request: Submit(
                request,
                organisation_id,
                model,
                (item,),
                service_class,
                deadline_s,
                Output.STREAMED,
            ),
            timeout_s=max(0.0, deadline_s) + GRACE_S,
        )
        async with aclosing(pieces):
            async for piece in pieces:
                if isinstance(piece, str):
                    yield piece
                    continue
                [outcome] = _outcomes(piece)
                if isinstance(outcome, Problem):
                    raise outcome
                yield Ended(str(outcome))

    async def status(self) -> dict[str, Any]:
        """Return how a fleet is, in plain values; of several, that which bulk work would go to.

        Raises InferenceUnavailable.
        """
        return await self._link_for(None, ServiceClass.BULK).status(AskStatus)

    async def statuses(self) -> dict[str, dict[str, Any] | None]:
        """Return how each fleet is, by cell; None for one that does not answer."""
        return await self._each(lambda link: link.status(AskStatus))

    async def overviews(self, organisation_id: UUID) -> dict[str, Overview | None]:
        """Return what an organisation may know of each fleet; None for one that does not answer."""

        async def ask(link: Link) -> Overview:
            told = await link.status(lambda request: AskStatus(request, organisation_id))
            try:
                return msgspec.convert(told, Overview)
            except msgspec.ValidationError:
                raise InferenceUnavailable("The scheduler is of an older version.") from None

        return await self._each(ask)

    async def _each(self, ask: Callable[[Link], Coroutine[Any, Any, T]]) -> dict[str, T | None]:
        async def one(link: Link) -> T | None:
            try:
                return await ask(link)
            except InferenceUnavailable:
                return None

        links = dict(self._links)
        answers = await asyncio.gather(*map(one, links.values()))
        return dict(zip(links, answers, strict=True))


def _outcomes(answer: Answer | Refused) -> list[Outcome]:
    if isinstance(answer, Refused):
        raise to_problem(answer.failure)
    return [
        to_problem(one) if isinstance(one, Failure) else unwrapped(one) for one in answer.outcomes
    ]
