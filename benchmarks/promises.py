"""What Hanse promises beside its goodput: small additions, fair shares, no collapse, no loss.

All over HTTP against one served Hanse with its own engine. `python -m benchmarks.promises NAME...`
measures some of them (added, load, flood, shares, once, overload, kill) and prints them.
"""

import asyncio
import json
import os
import random
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from benchmarks.goodput import (
    BULK_SENTENCES,
    INTERACTIVE_SLO_S,
    Target,
    ceiling,
    cpu_seconds,
    fire,
    hanse_target,
    mixed_shots,
    quantile,
    texts_in_turn,
)
from benchmarks.latency import measure_added
from benchmarks.load import Outcome, Shot
from benchmarks.measured import Kept, Measured
from benchmarks.raw_engine import MODEL
from hanse import identity
from hanse.inference import InferenceClient, ServiceClass
from hanse.language.running import BULK_DEADLINE_S
from hanse.platform.database import Db
from hanse.platform.embedded import embedded_url
from hanse.platform.ids import new_id
from tests.serving import Hanse, serving

ENGINE = "firefox"
SECONDS = 12.0
FILLING_S = 10.0
"""Time in which the queue fills up before an overload is measured."""
LONE_RATE = 12.0
"""Interactive requests a second of somebody who should notice nobody else."""
SHOWN_PART_MIN = 0.01
KEPT = Kept("promises")


class Setting(NamedTuple):
    """A served Hanse, what its engine does alone, and its organisations."""

    hanse: Hanse
    top: float
    organisations: list[Target]


def singles(target: Target, rate: float, seconds: float, kind: str, seed: int) -> list[Shot]:
    """Interactive requests alone, at random moments."""
    draw, texts = random.Random(seed), texts_in_turn(seed)
    shots, at_s = [], 0.0
    while (at_s := at_s + draw.expovariate(rate)) < seconds:
        shots.append(Shot(at_s, kind, 1, target.request([next(texts)])))
    return shots


def waits(outcomes: list[Outcome], kind: str, after_s: float = 0.0) -> list[float]:
    """Latencies of one kind; what was not answered counts as endless."""
    return [
        each.latency_s if each.status == 200 else float("inf")
        for each in outcomes
        if each.kind == kind and each.at_s >= after_s
    ]


def added(setting: Setting) -> list[Measured]:
    """What the whole path adds to the engine, one request after the other."""
    found = measure_added(setting.organisations[0], ENGINE)
    cpu = sum(ms for kind, ms in found.cpu_ms.items() if kind != "worker")
    return [
        Measured(
            "Added latency of the whole path, one request after the other",
            f"p50 {found.added_p50_ms:.1f} ms, p90 {found.added_p90_ms:.1f} ms over the engine's "
            f"{found.engine_p50_ms:.1f} ms; {cpu:.1f} ms of CPU time outside of the worker",
            "p50 <= 1.5 ms",
        )
    ]


def load(setting: Setting) -> list[Measured]:
    """Interactive p99 at 80 % of the ceiling against nearly none."""
    target = setting.organisations[0]
    alone = waits(
        fire(target, singles(target, LONE_RATE, 2 * SECONDS, "interactive", 1)), "interactive"
    )
    busy = waits(
        fire(target, mixed_shots(target, 0.8 * setting.top, 2 * SECONDS, 2)), "interactive"
    )
    one, two = quantile(alone, 0.99), quantile(busy, 0.99)
    return [
        Measured(
            "Interactive p99 at 80 % of the ceiling, to unloaded",
            f"{two * 1000:.0f} to {one * 1000:.0f} ms: **{two / one:.1f}** (p50 "
            f"{quantile(busy, 0.5) * 1000:.0f} to {quantile(alone, 0.5) * 1000:.0f} ms)",
            "<= 1.6",
        )
    ]


def flood(setting: Setting) -> list[Measured]:
    """The p99 of one organisation: alone, beside a busy one, and beside one that floods."""
    lone, loud = setting.organisations[:2]
    shots = singles(lone, LONE_RATE, SECONDS, "lone", 3)

    def beside(load: float) -> list[float]:
        others = mixed_shots(loud, load * setting.top, SECONDS, 4, "loud ") if load else []
        return waits(fire(lone, shots + others), "lone", 1.0)

    alone, busy, flooded = beside(0.0), beside(0.8), beside(2.0)
    one, two, three = (quantile(each, 0.99) for each in (alone, busy, flooded))
    return [
        Measured(
            "p99 of an organisation beside one that sends twice what can be done, to lone",
            f"{three * 1000:.0f} to {one * 1000:.0f} ms: **{three / one:.1f}** (p50 "
            f"{quantile(flooded, 0.5) * 1000:.0f} to {quantile(alone, 0.5) * 1000:.0f} ms)",
            "<= 1.1",
        ),
        Measured(
            "The same, to its p99 beside one that sends 80 % of what can be done",
            f"{three * 1000:.0f} to {two * 1000:.0f} ms: **{three / two:.1f}**",
            "<= 1.1",
        ),
    ]


def shares(setting: Setting) -> list[Measured]:
    """Jain's index of four organisations with work waiting, one sending ten times as much."""
    shots: list[Shot] = []
    for number, target in enumerate(setting.organisations[:4]):
        rate = setting.top * (6.0 if number == 0 else 0.6)
        texts, gap_s = texts_in_turn(10 + number), BULK_SENTENCES / rate
        shots += [
            Shot(
                at * gap_s,
                str(number),
                BULK_SENTENCES,
                target.request([next(texts) for _ in range(50)]),
            )
            for at in range(int(SECONDS / gap_s))
        ]
    outcomes = fire(setting.organisations[0], shots)
    got = [
        sum(
            each.sentences
            for each in outcomes
            if each.kind == str(number)
            and each.status == 200
            and 2.0 < each.at_s + each.latency_s <= SECONDS
        )
        for number in range(4)
    ]
    index = sum(got) ** 2 / (4 * sum(each**2 for each in got))
    return [
        Measured(
            "Jain's index of four organisations with work waiting, one sending ten times as much",
            f"**{index:.3f}** (sentences: {', '.join(map(str, got))})",
            ">= 0.98",
        )
    ]


def once(setting: Setting) -> list[Measured]:
    """How many sentences the engine gets for a hundred identical ones at once; no cache helps."""
    text = f"The hundredth guest has the number {new_id().hex[:6]}."
    before = _run_items(setting.hanse)

    async def ask() -> None:
        client = await InferenceClient.open(setting.hanse.home / "run" / "inference.sock")
        how: dict[str, Any] = {
            "organisation_id": new_id(),
            "model": MODEL,
            "items": [text],
            "service_class": ServiceClass.INTERACTIVE,
            "deadline_s": 10.0,
        }
        await asyncio.gather(*(client.run(**how) for _ in range(100)))
        await client.close()

    asyncio.run(ask())
    calls = _run_items(setting.hanse) - before
    return [Measured("Sentences computed for 100 identical ones at once", f"**{calls}**", "1")]


def _run_items(hanse: Hanse) -> int:
    told = hanse.command("inference", "status", "--json")
    assert told.returncode == 0, told.stderr
    return int(json.loads(told.stdout)["counts"]["run_items"])


def overload(setting: Setting) -> list[Measured]:
    """Twice the ceiling, with the queue full of bulk work: who is admitted is served in time."""
    target, other = setting.organisations[:2]
    texts = texts_in_turn(16)
    full = [
        Shot(0.01 * number, "filling", 50, other.request([next(texts) for _ in range(50)]))
        for number in range(int(BULK_DEADLINE_S * setting.top / 50))
    ]
    later = mixed_shots(target, 2 * setting.top, 2 * SECONDS, 7)
    before, began_s = _cpu_seconds(target), time.monotonic()
    outcomes = fire(
        target, full + [msgspec.structs.replace(e, at_s=e.at_s + FILLING_S) for e in later]
    )
    after, took_s = _cpu_seconds(target), time.monotonic() - began_s
    cores = {kind: (seconds - before.get(kind, 0.0)) / took_s for kind, seconds in after.items()}
    admitted = [e for e in outcomes if e.kind == "interactive" and e.status == 200]
    in_time = sum(e.latency_s <= INTERACTIVE_SLO_S for e in admitted) / max(1, len(admitted))
    refused = [e.latency_s for e in outcomes if e.status in (429, 503) and e.kind != "filling"]
    asked = sum(e.kind == "interactive" for e in outcomes)
    late = sum(e.kind == "bulk" and e.status not in (200, 429, 503) for e in outcomes)
    rate = _answered(outcomes, FILLING_S, FILLING_S + 2 * SECONDS)
    told = (
        f"p50 {quantile(refused, 0.5) * 1000:.0f} ms, p99 {quantile(refused, 0.99) * 1000:.0f} ms"
        if refused
        else "none in this time"
    )
    return [
        Measured(
            "Interactive requests in time, of those admitted at twice the ceiling",
            f"**{in_time:.1%}** of {len(admitted)} (of {asked} sent)",
            ">= 99 %",
        ),
        Measured(
            "Sentences answered a second at twice the ceiling, to the ceiling",
            f"**{rate / setting.top:.2f}**; {late} bulk requests admitted and not answered in time",
            ">= 0.9",
        ),
        Measured("Time to a refusal", f"{len(refused)} refused, {told}", "< 20 ms"),
        Measured(
            "CPU time meanwhile, until the last answer, in parts of one core",
            ", ".join(
                f"{kind} {part:.0%}"
                for kind, part in sorted(cores.items(), key=lambda each: -each[1])
                if part >= SHOWN_PART_MIN
            ),
            "",
        ),
    ]


def _cpu_seconds(target: Target) -> dict[str, float]:
    """CPU time so far of each kind of process, and of load generators that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {**cpu_seconds(target.process), "load generator": used.ru_utime + used.ru_stime}


def _answered(outcomes: list[Outcome], start_s: float, end_s: float) -> float:
    """Sentences a second of the requests that were answered between two moments."""
    answered = sum(
        each.sentences
        for each in outcomes
        if each.status == 200 and start_s < each.at_s + each.latency_s <= end_s
    )
    return answered / (end_s - start_s)


def kill(setting: Setting) -> list[Measured]:
    """A worker is killed under load: who notices, and for how long."""
    target = setting.organisations[0]
    moment_s = SECONDS / 2

    def strike() -> None:
        os.kill(setting.hanse.processes("hanse.inference.worker")[0].pid, signal.SIGKILL)

    shots = mixed_shots(target, 0.5 * setting.top, SECONDS, 8)
    shots += singles(target, LONE_RATE, SECONDS, "interactive", 9)
    # The load generator needs a moment to start.
    timer = threading.Timer(moment_s + 0.7, strike)
    timer.start()
    outcomes = fire(target, shots)
    timer.join()
    lost = sum(each.status != 200 for each in outcomes)
    before = waits([e for e in outcomes if 1.0 < e.at_s < moment_s - 0.5], "interactive")
    after = waits(outcomes, "interactive", moment_s + 2.0)
    return [
        Measured(
            "Requests lost when a worker is killed under load",
            f"**{lost}** of {len(outcomes)}; p99 {quantile(before, 0.99) * 1000:.0f} ms before, "
            f"{quantile(after, 0.99) * 1000:.0f} ms from 2 s after",
            "0",
        )
    ]


PROMISES: dict[str, Callable[[Setting], list[Measured]]] = {
    each.__name__: each for each in (added, once, load, flood, shares, overload, kill)
}


def run() -> str:
    """Measure all promises and return the section."""
    main([])
    return section()


def section() -> str:
    """The section made of what was kept."""
    return f"""## Under load

One Hanse with the engine `{ENGINE}` and two workers, over HTTP, cache off, on a machine that it \
shares with the load generator.

{KEPT.table(PROMISES)}

The ceiling is the engine's on both cores, of which the rest of the path needs its part: the first \
row has what a request of one sentence costs outside of the worker, \
[above](#goodput-against-other-servers) stands up to which part of the ceiling all is in time. At \
twice the ceiling the two cores are spent on answering everybody who waits for one sentence, and \
few requests of 50 are let in.

Command: `python -m benchmarks promises`; `python -m benchmarks.promises NAME...` for some of \
{", ".join(PROMISES)}.
"""


async def _make_keys(hanse: Hanse, count: int) -> list[str]:
    db = await Db.open(embedded_url(hanse.home, "hanse_app"))
    keys = []
    for _ in range(count):
        organisation_id = new_id()
        async with db.tx(organisation_id) as tx:
            await identity.create_organisation(tx, "Benchmark")
            access = identity.operator(organisation_id)
            _, secret = await identity.create_api_key(tx, access, name="load", scopes=None)
        keys.append(secret)
    await db.close()
    return keys


def main(names: list[str]) -> None:
    """Measure the named promises, or all; keep and print them."""
    top = max(ceiling(ENGINE) for _ in range(2))
    print(f"ceiling {top:.0f}/s", file=sys.stderr)
    with serving(
        HANSE_CACHE_BYTES_MAX="0",
        HANSE_WORKERS="2",
        HANSE_TRANSLATION_ENGINE=ENGINE,
        HANSE_LOG_LEVEL="warning",
        HANSE_RATE_LIMIT_PER_MINUTE="1000000",
    ) as hanse:
        keys = asyncio.run(_make_keys(hanse, 4))
        setting = Setting(hanse, top, [hanse_target(hanse, key) for key in keys])
        for target in setting.organisations:
            fire(target, mixed_shots(target, 0.3 * top, 1.5, seed=1))
        KEPT.measure(PROMISES, names or PROMISES, setting)


if __name__ == "__main__":
    main(sys.argv[1:])
