"""A client of several cells: each request goes to the one that should start it soonest."""

import asyncio
from collections.abc import Sequence
from random import Random
from typing import Self

from hanse.inference.addresses import TlsFiles
from hanse.inference.cells import CellReport, choose_cell
from hanse.inference.client import InferenceClient
from hanse.inference.errors import InferenceUnavailable
from hanse.inference.job import ServiceClass
from hanse.inference.link import Link
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
        super().__init__()
        self._registry = registry
        self._names = list(names)
        self._tls = tls
        self._random = Random()
        self._keeper: asyncio.Task[None] | None = None

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
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait({self._keeper})
        await super().close()

    def _link_for(self, model: str | None, service_class: ServiceClass, /) -> Link:
        reports = [
            CellReport(
                cell=name,
                workers=link.load.workers,
                backlog_s={ServiceClass(each): s for each, s in link.load.backlog_s.items()},
                models=frozenset(link.load.models if model else [ALL]),
                at=link.load_at,
            )
            for name, link in self._links.items()
            if link.load is not None
        ]
        chosen = choose_cell(
            reports,
            model=model or ALL,
            service_class=service_class,
            now=asyncio.get_running_loop().time(),
            random=self._random,
        )
        if chosen is not None:
            return self._links[chosen]
        # Nobody says to have this model: whoever is there says what is wrong with it.
        if reports:
            return self._links[reports[0].cell]
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
        new = [name for name in names if name not in self._links][: CELLS_MAX - len(self._links)]
        opened = await asyncio.gather(
            *(Link.open(cell_located(self._registry, name), self._tls) for name in new)
        )
        self._links.update(zip(new, opened, strict=True))
