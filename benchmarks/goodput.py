"""Goodput: the most sentences a second that a server answers in time, against other servers.

Requests come open-loop at random moments (Poisson): 70 % have one sentence, for which somebody
waits, and 30 % have 50. A rate holds when 99 % of the single ones are answered within 250 ms, 95 %
of the others within 10 s, and the queue does not grow. Rates rise along a fixed ladder until one
fails twice; the last that held is the goodput.

`python -m benchmarks.goodput TARGET...` measures some targets and keeps their results, for
`python -m benchmarks --kept goodput` to put into the report. `--quick` shortens each rate.
"""

import argparse
import itertools
import os
import random
import statistics
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import psutil

from benchmarks.load import Outcome, Plan, Shot, http_request, run_load
from benchmarks.peers.running import Unavailable, peer_serving
from benchmarks.raw_engine import sentences_per_second
from benchmarks.sentences import SENTENCES
from tests.serving import serving

INTERACTIVE_SHARE = 0.7
BULK_SENTENCES = 50
SENTENCES_A_REQUEST = INTERACTIVE_SHARE + (1 - INTERACTIVE_SHARE) * BULK_SENTENCES
INTERACTIVE_SLO_S = 0.25
BULK_SLO_S = 10.0
BACKLOG_MAX = 0.04
"""Part of the time of a run that its last answers may come later than usual after its end."""
WORKERS = 2

LADDER = (
    *(0.02, 0.03, 0.045, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75),
    *(0.8, 0.85, 0.9, 0.95, 1.0, 1.05, 1.15, 1.3, 1.5, 1.8, 2.2),
)
"""Rates offered, as parts of the ceiling: what the engine does alone in a closed loop."""
FIRST = {"hanse": 0.65, "firefox": 0.1, "fxtranslate": 0.045}
WINDOW_S = {"firefox": 10.0, "fxtranslate": 24.0}
BATCH = {"firefox": 16, "fxtranslate": 1}
CEILING_ROUNDS = 1

PEERS = ("mosec", "litserve", "bentoml", "ray")
TARGETS = tuple(
    f"{server}-{engine}" for engine in ("fxtranslate", "firefox") for server in ("hanse", *PEERS)
)
RESULTS = Path(__file__).parents[1] / "build" / "benchmarks" / "goodput.json"

ENDINGS = (".", "!", "?", ";")
"""The sentences come round again with another ending, and then numbered, so that no two in flight
are the same: those would be computed once."""


class Rate(msgspec.Struct):
    """What came of one offered rate (sentences a second); times in seconds."""

    offered: float
    held: bool
    attainment: float
    interactive_p50_s: float
    interactive_p99_s: float
    bulk_p95_s: float
    drain_s: float
    answered: float
    interactive: int
    cpu_ms: dict[str, float] = {}
    """CPU time of each kind of process, in ms a sentence."""


class Result(msgspec.Struct):
    """What was measured of one target, or why nothing was."""

    ceiling: float = 0.0
    goodput: float = 0.0
    rates: list[Rate] = []
    missing: str = ""


class Target(msgspec.Struct):
    """A server under load: how it is asked, and its processes."""

    port: int
    path: str
    headers: dict[str, str]
    field: str
    more: dict[str, str]
    process: int

    def request(self, texts: Sequence[str]) -> bytes:
        """The bytes that ask for these texts."""
        body = msgspec.json.encode({self.field: texts, **self.more})
        return http_request(self.path, self.headers, body)


def hanse_target(hanse: Any, key: str) -> Target:
    """Hanse's own API."""
    return Target(
        port=int(hanse.url.rpartition(":")[2]),
        path="/v2/translate",
        headers={"Authorization": f"DeepL-Auth-Key {key}"},
        field="text",
        more={"source_lang": "EN", "target_lang": "PT-BR"},
        process=hanse.process.pid,
    )


@contextmanager
def target(name: str) -> Iterator[Target]:
    """A server by its name, running and warm. Raises Unavailable."""
    server, _, engine = name.partition("-")
    if server == "hanse":
        with serving(
            HANSE_CACHE_BYTES_MAX="0",
            HANSE_WORKERS=str(WORKERS),
            HANSE_TRANSLATION_ENGINE=engine,
            HANSE_LOG_LEVEL="warning",
        ) as hanse:
            yield hanse_target(hanse, hanse.make_key())
    else:
        with peer_serving(server, engine) as (port, path, process):
            yield Target(port, path, {}, "texts", {}, process)


def texts_in_turn(seed: int) -> Iterator[str]:
    """The sentences, shuffled, again and again with other endings."""
    draw = random.Random(seed)
    for turn in itertools.count():
        number = f" {turn}" if turn else ""
        for ending in ENDINGS:
            for sentence in draw.sample(SENTENCES, len(SENTENCES)):
                yield sentence.rstrip("".join(ENDINGS)) + number + ending


def mixed_shots(
    target: Target, rate: float, window_s: float, seed: int, kind: str = ""
) -> list[Shot]:
    """The requests of a window, at random moments, of both kinds."""
    draw = random.Random(seed)
    texts = texts_in_turn(seed)
    shots = []
    at_s = 0.0
    while (at_s := at_s + draw.expovariate(rate / SENTENCES_A_REQUEST)) < window_s:
        bulk = draw.random() >= INTERACTIVE_SHARE
        count = BULK_SENTENCES if bulk else 1
        request = target.request([next(texts) for _ in range(count)])
        shots.append(Shot(at_s, kind + ("bulk" if bulk else "interactive"), count, request))
    return shots


def fire(target: Target, shots: list[Shot]) -> list[Outcome]:
    """Send the requests, and wait for their answers."""
    return run_load(Plan("127.0.0.1", target.port, sorted(shots, key=lambda shot: shot.at_s)))


def quantile(values: Sequence[float], part: float) -> float:
    """The smallest value that this part of all does not exceed; NaN of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else float("nan")


_KINDS = (
    *("postgres", "nats", "worker", "inference"),
    *("serve web", "serve jobs", "serve gateway", "serve rooms"),
)


def cpu_seconds(process: int) -> dict[str, float]:
    """User and system time so far of a tree of processes, by kind."""
    times: dict[str, float] = {}
    root = psutil.Process(process)
    for each in [root, *root.children(recursive=True)]:
        try:
            line, took = " ".join(each.cmdline()), each.cpu_times()
        except psutil.Error:
            continue
        kind = next(
            (word for word in _KINDS if word in line),
            "other",
        ).removeprefix("serve ")
        times[kind] = times.get(kind, 0.0) + took.user + took.system
    return times


def measure_rate(target: Target, rate: float, window_s: float, seed: int) -> Rate:
    """Offer one rate for a window."""
    shots = mixed_shots(target, rate, window_s, seed)
    before = cpu_seconds(target.process)
    outcomes = fire(target, shots)
    after = cpu_seconds(target.process)
    sentences = sum(outcome.sentences for outcome in outcomes)
    cpu_ms = {kind: (after[kind] - before.get(kind, 0.0)) / sentences * 1000 for kind in after}
    return judge(outcomes, rate, window_s, cpu_ms)


def judge(outcomes: list[Outcome], rate: float, window_s: float, cpu_ms: dict[str, float]) -> Rate:
    """Say whether a rate held. What was refused or never answered counts as late."""

    def waits(kind: str) -> list[float]:
        return [
            outcome.latency_s if outcome.status == 200 else float("inf")
            for outcome in outcomes
            if outcome.kind == kind
        ]

    single, bulk = waits("interactive"), waits("bulk")
    end_s = max(outcome.at_s + outcome.latency_s for outcome in outcomes)
    drain_s = max(0.0, end_s - window_s)
    in_time = sum(wait <= INTERACTIVE_SLO_S for wait in single) / max(1, len(single))
    p99_s, p95_s = quantile(single, 0.99), quantile(bulk, 0.95)
    usual_s = quantile([wait for wait in bulk if wait < float("inf")] or [0.0], 0.5)
    kept_up = drain_s <= BACKLOG_MAX * window_s + usual_s
    answered = sum(outcome.sentences for outcome in outcomes if outcome.status == 200)
    return Rate(
        offered=rate,
        held=in_time >= 0.99 and (not bulk or p95_s <= BULK_SLO_S) and kept_up,
        attainment=in_time,
        interactive_p50_s=quantile(single, 0.5),
        interactive_p99_s=p99_s,
        bulk_p95_s=p95_s,
        drain_s=drain_s,
        answered=answered / max(window_s, end_s),
        interactive=len(single),
        cpu_ms=cpu_ms,
    )


def ceiling(engine: str) -> float:
    """Sentences a second of the engine alone, in a closed loop in two processes."""
    return statistics.median(
        sentences_per_second(
            SENTENCES * (4 if engine == "firefox" else 1),
            processes=WORKERS,
            engine=engine,
            batch=BATCH[engine],
        )
        for _ in range(CEILING_ROUNDS)
    )


def measure(name: str, *, quick: bool, first: float | None = None) -> Result:
    """Search the goodput of one target."""
    server, _, engine = name.partition("-")
    top = ceiling(engine)
    window_s = WINDOW_S[engine] / (4 if quick else 1)
    result = Result(top)
    start = first or FIRST["hanse" if server == "hanse" else engine]
    try:
        with target(name) as running:
            fire(running, mixed_shots(running, 0.3 * top, 2.0, seed=1))
            _climb(running, result, top, window_s, [part for part in LADDER if part >= start])
        # Somebody else's work in the one moment or the other makes a ceiling too low.
        result.ceiling = max(top, ceiling(engine))
    except Unavailable as error:
        result.missing = str(error)
    return result


def _climb(
    running: Target, result: Result, top: float, window_s: float, parts: list[float]
) -> None:
    for number, part in enumerate(parts):
        for attempt in range(2):
            rate = measure_rate(running, part * top, window_s, seed=100 * number + attempt)
            result.rates.append(rate)
            print(f"  {part:5.3f} {_line(rate)}", file=sys.stderr)
            if rate.held:
                break
        else:
            return
        result.goodput = rate.offered


def _line(rate: Rate) -> str:
    cpu = ", ".join(f"{kind} {ms:.3f}" for kind, ms in rate.cpu_ms.items() if ms >= 0.005)
    return (
        f"{rate.offered:7.1f}/s {'held  ' if rate.held else 'FAILED'} attained "
        f"{rate.attainment:.3f} p50 {rate.interactive_p50_s * 1000:.1f} p99 "
        f"{rate.interactive_p99_s * 1000:.0f} ms (n={rate.interactive}) bulk p95 "
        f"{rate.bulk_p95_s:.2f} s drain {rate.drain_s:.2f} s; CPU ms a sentence: {cpu}"
    )


def load_results() -> dict[str, Result]:
    """What was measured so far."""
    if not RESULTS.exists():
        return {}
    return msgspec.json.decode(RESULTS.read_bytes(), type=dict[str, Result])


def keep(name: str, result: Result) -> None:
    """Keep a result beside those of other targets."""
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode(load_results() | {name: result})))


def run() -> str:
    """Measure all targets and return the section."""
    from benchmarks.goodput_section import section

    for name in TARGETS:
        keep(name, measure(name, quick=False))
    return section()


def main(arguments: list[str]) -> None:
    """Measure the named targets and keep the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.goodput", description=__doc__)
    parser.add_argument("targets", nargs="+", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--quick", action="store_true", help="a quarter of the time for each rate")
    parser.add_argument("--first", type=float, help="begin at this part of the ceiling")
    options = parser.parse_args(arguments)
    if unknown := set(options.targets) - set(TARGETS):
        parser.error(f"unknown: {', '.join(unknown)}")
    for name in options.targets:
        print(name, file=sys.stderr)
        result = measure(name, quick=options.quick, first=options.first)
        keep(name, result)
        told = result.missing or f"{result.goodput:.0f}/s, {result.goodput / result.ceiling:.2f}"
        print(f"{name}: ceiling {result.ceiling:.0f}/s, goodput {told}")


if __name__ == "__main__":
    os.environ.pop("OPENBLAS_CORETYPE", None)
    main(sys.argv[1:])
