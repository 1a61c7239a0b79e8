"""The bare engine in a closed loop: the ceiling that everything above it is compared with.

`python -m benchmarks.raw_engine [PROCESSES]` prints sentences/s over the benchmark's sentences.
"""

import multiprocessing
import os
import sys
import time
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier
from pathlib import Path

from hanse.inference.engines import find_engine
from hanse.inference.models import Catalogue, model_directories

WARM_UP_SENTENCES = 20


def sentences_per_second(sentences: list[str], *, processes: int, model: str = "en-pt") -> float:
    """Translate every sentence once, with `processes` engines that take one after the other.

    The time counts from the moment when all engines are loaded and warm to the last result.
    """
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(processes + 1)
    end = context.Barrier(processes + 1)
    waiting: SimpleQueue[str | None] = context.SimpleQueue()
    workers = [
        context.Process(
            target=_translate, args=(waiting, start, end, model, sentences[:WARM_UP_SENTENCES])
        )
        for _ in range(processes)
    ]
    for worker in workers:
        worker.start()
    try:
        start.wait()
        started = time.perf_counter()
        for sentence in sentences:
            waiting.put(sentence)
        for _ in workers:
            waiting.put(None)
        end.wait()
        return len(sentences) / (time.perf_counter() - started)
    finally:
        for worker in workers:
            worker.join(5)
            worker.kill()


def _translate(
    waiting: "SimpleQueue[str | None]",
    start: Barrier,
    end: Barrier,
    name: str,
    warm_up: list[str],
) -> None:
    engine = find_engine("fxtranslate")
    catalogue = Catalogue(model_directories(Path("no-models-of-our-own")), engine.traits)
    spec = next(spec for spec in catalogue.read() if spec.info.name == name)
    model = engine.load(spec)
    model.run(warm_up)
    start.wait()
    while (sentence := waiting.get()) is not None:
        model.run([sentence])
    end.wait()


if __name__ == "__main__":
    from benchmarks.sentences import SENTENCES

    count = int(sys.argv[1]) if len(sys.argv) > 1 else os.cpu_count() or 1
    print(f"{sentences_per_second(SENTENCES, processes=count):.1f} sentences/s, {count} processes")
