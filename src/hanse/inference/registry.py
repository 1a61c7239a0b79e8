"""The cells in NATS: one entry of a key-value bucket each, with its active scheduler's address."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable

import msgspec
import nats.errors
import nats.js.errors
from nats.js.api import KeyValueConfig
from nats.js.kv import KeyValue

from hanse.inference.addresses import Address, AddressError, parse_address
from hanse.inference.election import RENEW_S, REQUEST_S, CellEntry, Lease
from hanse.platform.bus import Bus, BusUnavailable
from hanse.platform.telemetry import log

BUCKET = "hanse_cells"

_AWAY = (nats.errors.Error, OSError, TimeoutError, BusUnavailable)


class Registry:
    """Reads and writes the entries of cells. What cannot be done for now raises BusUnavailable."""

    def __init__(self, bus: Bus, *, replicas: int = 1) -> None:
        self._bus = bus
        self._replicas = replicas
        self._bucket: KeyValue | None = None

    async def read(self, cell: str) -> tuple[CellEntry | None, int]:
        """Return a cell's entry and its revision; None and 0 if there is none."""
        try:
            async with asyncio.timeout(REQUEST_S):
                found = await (await self._store()).get(cell)
        except nats.js.errors.KeyNotFoundError:
            return None, 0
        except _AWAY as error:
            raise self._away(error) from error
        revision = found.revision or 0
        try:
            return msgspec.json.decode(found.value or b"", type=CellEntry), revision
        except msgspec.DecodeError:
            return None, revision

    async def write(self, cell: str, entry: CellEntry, last: int) -> int | None:
        """Replace the entry of revision `last`; return the new revision, None if it is another."""
        try:
            async with asyncio.timeout(REQUEST_S):
                bucket = await self._store()
                return await bucket.update(cell, msgspec.json.encode(entry), last=last)
        except nats.js.errors.KeyWrongLastSequenceError:
            return None
        except _AWAY as error:
            raise self._away(error) from error

    async def cells(self) -> list[str]:
        """Return the names of all cells that ever had a scheduler."""
        try:
            async with asyncio.timeout(REQUEST_S):
                return sorted(await (await self._store()).keys())
        except nats.js.errors.NoKeysError:
            return []
        except _AWAY as error:
            raise self._away(error) from error

    async def address(self, cell: str) -> Address | None:
        """Return where the active scheduler of a cell is, if one is known."""
        entry, _ = await self.read(cell)
        if entry is None or entry.released:
            return None
        try:
            return parse_address(entry.address)
        except AddressError:
            return None

    async def _store(self) -> KeyValue:
        jetstream = self._bus.jetstream
        if self._bucket is None:
            config = KeyValueConfig(bucket=BUCKET, history=1, replicas=self._replicas)
            try:
                self._bucket = await jetstream.key_value(BUCKET)
            except nats.js.errors.BucketNotFoundError:
                self._bucket = await jetstream.create_key_value(config)
        return self._bucket

    def _away(self, error: BaseException) -> BusUnavailable:
        # A new connection, or a server that lost its store: find the bucket again.
        self._bucket = None
        return BusUnavailable(f"The cells cannot be read or written: {type(error).__name__}.")


Locate = Callable[[], Awaitable[Address | None]]
"""Returns where to connect at the moment, None if that is not known."""


def located(address: Address) -> Locate:
    """Return a place that never changes."""

    async def locate() -> Address | None:
        return address

    return locate


def cell_located(registry: Registry, cell: str) -> Locate:
    """Return the place of a cell's active scheduler; the last one known while NATS is away."""
    last: Address | None = None

    async def locate() -> Address | None:
        nonlocal last
        try:
            last = await registry.address(cell)
        except BusUnavailable:
            log.debug("cell not looked up", cell=cell)
        return last

    return locate


class Candidate:
    """A scheduler that stands for election in a cell, again and again until it is stopped."""

    def __init__(self, registry: Registry, cell: str, address: Address) -> None:
        self._registry = registry
        self._cell = cell
        self._address = str(address)
        self._holder = uuid.uuid4().hex
        self._lease = Lease(self._holder)
        self._loop = asyncio.get_running_loop()

    async def elected(self) -> None:
        """Return once it is the active one."""
        while not self._lease.is_active(self._loop.time()):
            await self._try()
            if not self._lease.is_active(self._loop.time()):
                await asyncio.sleep(RENEW_S)
        log.info("active", cell=self._cell, address=self._address)

    async def hold(self) -> None:
        """Renew the lease; return, at the latest when it ends, if that does not succeed."""
        while self._lease.is_active(self._loop.time()):
            await asyncio.sleep(min(RENEW_S, self._lease.until - self._loop.time()))
            try:
                async with asyncio.timeout_at(self._lease.until):
                    await self._try()
            except TimeoutError:
                break
        log.error("no longer active", cell=self._cell)

    async def release(self) -> None:
        """Let another take over at once, if it is the active one."""
        if self._lease.is_active(self._loop.time()):
            await self._try(released=True)
            self._lease.until = float("-inf")

    async def _try(self, *, released: bool = False) -> None:
        """Look unless the entry is ours to write, then write it if it may be written."""
        try:
            if not self._lease.is_active(self._loop.time()) or self._uncertain():
                entry, revision = await self._registry.read(self._cell)
                self._lease.saw(entry, revision, self._loop.time())
            asked_at = self._loop.time()
            last = self._lease.claimable(asked_at)
            if last is None:
                return
            entry = CellEntry(self._holder, self._address, released)
            revision_or_none = await self._registry.write(self._cell, entry, last)
            if revision_or_none is None:
                self._lease.overtaken()
            else:
                self._lease.won(revision_or_none, asked_at)
        except BusUnavailable as error:
            log.warning("election", cell=self._cell, error=error.detail)

    def _uncertain(self) -> bool:
        return self._lease.claimable(self._loop.time()) is None
