"""The chat: fan-out, memory of sockets, sends from end to end, and messages translated on the way.

`python -m benchmarks.chat NAME...` measures some of them (memory, fanout, sends, peers, translated)
and prints them; `python -m benchmarks --kept chat` puts what was kept into the report.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from benchmarks.chat_load import Place
from benchmarks.chat_sends import peers, sends
from benchmarks.chat_sockets import fanout, memory
from benchmarks.chat_translated import translated
from benchmarks.promises import ENGINE, Measured
from tests.serving import free_port, serving

RESULTS = Path(__file__).parents[1] / "build" / "benchmarks" / "chat.json"

PARTS: dict[str, Callable[[Place], list[Measured]]] = {
    each.__name__: each for each in (memory, fanout, sends, peers, translated)
}


@contextmanager
def _placed() -> Iterator[Place]:
    port = free_port()
    with serving(
        HANSE_GATEWAY_PORT=str(port),
        HANSE_RATE_LIMIT_PER_MINUTE="0",
        HANSE_TRANSLATION_ENGINE=ENGINE,
        HANSE_LOG_LEVEL="warning",
    ) as hanse:
        place = Place(hanse, port)
        asyncio.run(place.found())
        yield place


def run() -> str:
    """Measure all and return the section."""
    main([])
    return section()


def section() -> str:
    """The section made of what was kept."""
    kept = _load()
    rows = [
        f"| {one.what} | {one.figure} | {one.goal} |"
        for name in PARTS
        for one in kept.get(name, [])
    ]
    return f"""## Chat

One served Hanse with its default settings ({os.cpu_count()} cores, which the load generator \
shares) but for the limit on requests, which is off: everybody is who their API key says, each \
message of 300 characters is on disk (`fsync` and `synchronous_commit` on) before anybody hears of \
it, and events go through the outbox as ever. The load generator and the bare server are in C \
(`benchmarks/native`).

| what | measured | goal |
|---|---|---|
{chr(10).join(rows)}

Commands: `python -m benchmarks chat`; `python -m benchmarks.chat NAME...` for some of \
{", ".join(PARTS)}. Synapse is installed into `.venv-synapse` from `benchmarks/peers/synapse.txt`.
"""


def _load() -> dict[str, list[Measured]]:
    if not RESULTS.exists():
        return {}
    return msgspec.json.decode(RESULTS.read_bytes(), type=dict[str, list[Measured]])


def main(names: list[str]) -> None:
    """Measure the named parts, or all; keep and print them."""
    kept = _load()
    with _placed() as place:
        for name in names or PARTS:
            kept[name] = PARTS[name](place)
            for one in kept[name]:
                print(f"{one.what}: {one.figure} (goal {one.goal})", flush=True)
            RESULTS.parent.mkdir(parents=True, exist_ok=True)
            RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode(kept)))


if __name__ == "__main__":
    main(sys.argv[1:])
