"""A client of several cells: each request goes to the one that should start it soonest."""

import asyncio
from collections.abc import Sequence
from random import Random
from typing import Any, Self
from uuid import UUID

from hanse.inference.addresses import TlsFiles
from hanse.inference.cells import CellReport, choose_cell
from hanse.inference.client import InferenceClient
from hanse.inference.errors import InferenceUnavailable, Outcome
from hanse.inference.job import ModelInfo, Output, ServiceClass
from hanse.inference.registry import Registry, cell_located
from hanse.platform.bus import BusUnavailable
from hanse.platform.telemetry import log

DISCOVER_S = 5.0
"""Time between two looks for new cells."""
ALL = "*"
"""Instead of names: every cell that there is in NATS."""
CELLS_MAX = 1_000


class CellsClient(InferenceClient):
    """Clients of the cells `names`, or of all that there are, as if they were one.

    A request that a cell cannot take since it is away raises InferenceUnavailable, like any other:
    sent again it goes to a cell that is there.
    """

    def __init__(self, registry: Registry, names: Sequence[str], tls: TlsFiles | None) -> None:
        async def nowhere() -> None:
            return None

        super().__init__(nowhere, tls)
        self._registry = registry
        self._names = list(names)
        self._cells: dict[str, InferenceClient] = {}
        self._random = Random()

    @classmethod
    async def open_cells(
        cls, registry: Registry, names: Sequence[str], tls: TlsFiles | None
    ) -> Self:
        """Connect to the cells; those that are not there yet are joined when they are."""
        client = cls(registry, names, tls)
        await client._look()
        client._keeper = asyncio.create_task(client._keep_looking())
        return client

    async def close(self) -> None:
        """End all connections."""
        await super().close()
        for cell in self._cells.values():
            await cell.close()

    async def models(self) -> list[ModelInfo]:
        """Return the models of all cells. Raises InferenceUnavailable if none was ever reached."""
        found: dict[str, ModelInfo] | None = None
        for cell in self._cells.values():
            try:
                models = await cell.models()
            except InferenceUnavailable:
                continue
            found = {model.name: model for model in models} | (found or {})
        if found is None:
            raise InferenceUnavailable("Inference is not reachable yet. Try again.")
        return list(found.values())

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
        """See `InferenceClient.compute`."""
        return await self._choose(model, service_class).compute(
            organisation_id=organisation_id,
            model=model,
            items=items,
            service_class=service_class,
            deadline_s=deadline_s,
            output=output,
            then=then,
        )

    async def status(self) -> dict[str, Any]:
        """Return how the cell is that would be chosen now. Raises InferenceUnavailable."""
        return await self._choose(None, ServiceClass.BULK).status()

    def _choose(self, model: str | None, service_class: ServiceClass) -> InferenceClient:
        reports = [
            CellReport(
                cell=name,
                workers=cell.load.workers,
                backlog_s={ServiceClass(each): s for each, s in cell.load.backlog_s.items()},
                models=frozenset(cell.load.models if model else [ALL]),
                at=cell.load_at,
            )
            for name, cell in self._cells.items()
            if cell.load is not None
        ]
        chosen = choose_cell(
            reports,
            model=model or ALL,
            service_class=service_class,
            now=asyncio.get_running_loop().time(),
            random=self._random,
        )
        if chosen is not None:
            return self._cells[chosen]
        # Nobody says to have this model: whoever is there says what is wrong with it.
        if reports:
            return self._cells[reports[0].cell]
        raise InferenceUnavailable("No cell of inference is reachable. Send the request again.")

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(DISCOVER_S)
            await self._look()

    async def _look(self) -> None:
        names = self._names
        if ALL in names:
            try:
                names = await self._registry.cells()
            except BusUnavailable as error:
                log.debug("cells not looked up", error=error.detail)
                return
        new = [name for name in names if name not in self._cells][: CELLS_MAX - len(self._cells)]
        opened = await asyncio.gather(
            *(InferenceClient.open(cell_located(self._registry, name), self._tls) for name in new)
        )
        self._cells.update(zip(new, opened, strict=True))
