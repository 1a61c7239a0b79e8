"""The chat: fan-out, memory of sockets, sends from end to end, and messages translated on the way.

`python -m benchmarks.chat NAME...` measures some of them (memory, fanout, sends, peers, translated)
and prints them; `python -m benchmarks --kept chat` puts what was kept into the report.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from benchmarks.chat_load import Place
from benchmarks.chat_sends import peers, sends
from benchmarks.chat_sockets import fanout, memory
from benchmarks.chat_translated import translated
from benchmarks.measured import Kept, Measured
from benchmarks.promises import ENGINE
from tests.serving import free_port, serving

KEPT = Kept("chat")

PARTS: dict[str, Callable[[Place], list[Measured]]] = {
    each.__name__: each for each in (memory, fanout, sends, peers, translated)
}


@contextmanager
def placed() -> Iterator[Place]:
    """Serve a Hanse with default settings, without a limit on requests."""
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
    return f"""## Chat

One served Hanse with its default settings ({os.cpu_count()} cores, which the load generator \
shares) but for the limit on requests, which is off: everybody is who their API key says, each \
message of 300 characters is on disk (`fsync` and `synchronous_commit` on) before anybody hears of \
it, and events go through the outbox as ever. The load generator and the bare server are in C \
(`benchmarks/native`).

{KEPT.table(PARTS)}

Commands: `python -m benchmarks chat`; `python -m benchmarks.chat NAME...` for some of \
{", ".join(PARTS)}. Synapse is installed into `.venv-synapse` from `benchmarks/peers/synapse.txt`.
"""


def main(names: list[str]) -> None:
    """Measure the named parts, or all; keep and print them."""
    with placed() as place:
        KEPT.measure(PARTS, names or PARTS, place)


if __name__ == "__main__":
    main(sys.argv[1:])
