"""How long a start takes, and what the tree weighs when it has nothing to do."""

import time
from pathlib import Path

import psutil

from tests.serving import Hanse, temporary_home

IDLE_S = 5.0


def run() -> str:
    """Measure and return the section."""
    with temporary_home() as home:
        first = _start(home)
        second = _start(home)
    rows = "\n".join(
        f"| {name} | {count} | {pss:.0f} | {rss:.0f} |" for name, count, pss, rss in second.memory
    )
    pss = sum(row[2] for row in second.memory)
    rss = sum(row[3] for row in second.memory)
    return f"""## Start and memory

On an installed environment. The first start makes the database and the schema. Goals: first \
translation within 8 s of a first start, second start under 5 s, idle tree at most 700 MB.

| | ready | first translation |
|---|---|---|
| first start, empty home | {first.ready_s:.1f} s | {first.translated_s:.1f} s |
| second start | {second.ready_s:.1f} s | {second.translated_s:.1f} s |

Memory of the whole tree {IDLE_S:.0f} s after translations in both directions, so with both models \
loaded in the workers. PSS counts a page shared by n processes as 1/n in each, so its sum is what \
the tree really takes; the sum of RSS counts shared pages again in each process.

| process | number | PSS, MB | RSS, MB |
|---|---|---|---|
{rows}
| **all** | | **{pss:.0f}** | {rss:.0f} |

Command: `python -m benchmarks start`
"""


class _Start:
    ready_s: float
    translated_s: float
    memory: list[tuple[str, int, float, float]]


def _start(home: Path) -> _Start:
    result = _Start()
    hanse = Hanse(home, {})
    try:
        result.ready_s = hanse.wait_ready()
        # Making a key starts a Python of its own; that is no part of the server's start.
        before = time.monotonic()
        key = hanse.make_key()
        making = time.monotonic() - before
        with hanse.client(key) as client:
            _translate(client, "Good morning, dear neighbours.", "PT-BR")
            result.translated_s = time.monotonic() - hanse.started - making
            for _ in range(8):  # until each worker has had both models
                _translate(client, "Good evening, dear neighbours. " * 20, "PT-BR")
                _translate(client, "Bom dia, caros vizinhos. " * 20, "EN-GB")
        time.sleep(IDLE_S)
        result.memory = _memory(hanse)
    finally:
        hanse.stop()
    return result


def _translate(client, text: str, target: str) -> None:  # type: ignore[no-untyped-def]
    answer = client.post("/v2/translate", json={"text": [text], "target_lang": target})
    answer.raise_for_status()


def _memory(hanse: Hanse) -> list[tuple[str, int, float, float]]:
    totals: dict[str, list[float]] = {}
    for process in [psutil.Process(hanse.process.pid), *hanse.processes()]:
        name = _role(" ".join(process.cmdline()) or process.name())
        memory = process.memory_full_info()
        row = totals.setdefault(name, [0, 0.0, 0.0])
        row[0] += 1
        row[1] += memory.pss / 1e6
        row[2] += memory.rss / 1e6
    return [(name, int(row[0]), row[1], row[2]) for name, row in totals.items()]


def _role(command: str) -> str:
    for word, name in (
        ("serve web", "web"),
        ("serve jobs", "jobs"),
        ("serve inference", "inference scheduler"),
        ("inference.worker", "inference worker"),
        ("nats-server", "NATS"),
        ("postgres", "PostgreSQL"),
        ("serve rooms", "rooms"),
        ("serve gateway", "gateway"),
        ("serve", "supervisor"),
    ):
        if word in command:
            return name
    return command[:40]
