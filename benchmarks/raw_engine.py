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

from hanse.inference.choice import engine_chooser
from hanse.inference.engines import LoadedModel, find_engine
from hanse.inference.models import Catalogue, model_directories

MODEL = "en-pt"
WARM_UP_SENTENCES = 20
STEP_TIMEOUT_S = 300.0
"""A process that died must not keep the others waiting for ever."""


def sentences_per_second(
    sentences: list[str], *, processes: int, engine: str = "fxtranslate", batch: int = 1
) -> float:
    """Translate every sentence once, with `processes` engines that take `batch` after `batch`.

    The time counts from the moment when all engines are loaded and warm to the last result.
    """
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(processes + 1, timeout=STEP_TIMEOUT_S)
    end = context.Barrier(processes + 1, timeout=STEP_TIMEOUT_S)
    waiting: SimpleQueue[list[str] | None] = context.SimpleQueue()
    workers = [
        context.Process(
            target=_translate, args=(waiting, start, end, engine, sentences[:WARM_UP_SENTENCES])
        )
        for _ in range(processes)
    ]
    for worker in workers:
        worker.start()
    try:
        start.wait()
        started = time.perf_counter()
        for at in range(0, len(sentences), batch):
            waiting.put(sentences[at : at + batch])
        for _ in workers:
            waiting.put(None)
        end.wait()
        return len(sentences) / (time.perf_counter() - started)
    finally:
        for worker in workers:
            worker.join(5)
            worker.kill()


def load_model(engine_name: str) -> LoadedModel:
    """Load the benchmark's model into this process."""
    choose = engine_chooser(engine_name)
    catalogue = Catalogue(model_directories(Path("no-models-of-our-own")), choose)
    spec = next(spec for spec in catalogue.read() if spec.info.name == MODEL)
    return find_engine(engine_name).load(spec)


def _translate(
    waiting: "SimpleQueue[list[str] | None]",
    start: Barrier,
    end: Barrier,
    engine_name: str,
    warm_up: list[str],
) -> None:
    model = load_model(engine_name)
    model.run(warm_up)
    start.wait()
    while (texts := waiting.get()) is not None:
        model.run(texts)
    end.wait()


if __name__ == "__main__":
    from benchmarks.sentences import SENTENCES

    count = int(sys.argv[1]) if len(sys.argv) > 1 else os.cpu_count() or 1
    print(f"{sentences_per_second(SENTENCES, processes=count):.1f} sentences/s, {count} processes")
