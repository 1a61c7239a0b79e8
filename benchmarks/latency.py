"""What the whole path adds to the bare engine, for one request after the other.

Each sentence is translated by the engine in this process and by Hanse over HTTP, in turn, so that
both meet the same machine. `python -m benchmarks.latency` prints the figures and the CPU time.
"""

import http.client
import statistics
import time
from typing import Any, NamedTuple

import msgspec

from benchmarks.goodput import Target, cpu_seconds, quantile, target
from benchmarks.raw_engine import load_model
from benchmarks.sentences import SENTENCES

REQUESTS = 400
WARM = 60


class Added(NamedTuple):
    """Milliseconds: the engine alone and the whole path, and CPU time of each kind of process."""

    engine_p50_ms: float
    path_p50_ms: float
    added_p50_ms: float
    added_p90_ms: float
    cpu_ms: dict[str, float]


def measure_added(running: Target, engine: str, requests: int = REQUESTS) -> Added:
    """Alternate between the engine and a Hanse with that engine."""
    model = load_model(engine)
    connection = http.client.HTTPConnection("127.0.0.1", running.port)
    sentences = [sentence for sentence in SENTENCES if len(sentence) < 300]
    alone: list[float] = []
    whole: list[float] = []
    added: list[float] = []
    before: dict[str, float] = {}
    for number in range(WARM + requests):
        if number == WARM:
            before = cpu_seconds(running.process)
        sentence = sentences[number % len(sentences)]
        body = msgspec.json.encode({running.field: [sentence], **running.more})
        one = _timed(lambda sentence=sentence: model.run([sentence]))
        two = _timed(lambda body=body: _ask(connection, running, body))
        if number >= WARM:
            alone.append(one)
            whole.append(two)
            added.append(two - one)
    after = cpu_seconds(running.process)
    connection.close()
    return Added(
        statistics.median(alone),
        statistics.median(whole),
        statistics.median(added),
        quantile(added, 0.9),
        {kind: (after[kind] - before.get(kind, 0.0)) / requests * 1000 for kind in after},
    )


def _timed(work: Any) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def _ask(connection: http.client.HTTPConnection, running: Target, body: bytes) -> None:
    headers = {**running.headers, "Content-Type": "application/json"}
    connection.request("POST", running.path, body, headers)
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    answer.read()


if __name__ == "__main__":
    with target("hanse-firefox") as hanse:
        print(measure_added(hanse, "firefox"))
