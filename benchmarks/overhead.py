"""What the stack costs: sentences in bulk through the API, against the bare engine.

The baseline is the raw engine in a closed loop, in as many processes as Hanse has workers, on the
same sentences, in the same run; the two alternate, and the medians are compared.
"""

import concurrent.futures
import os
import statistics
import time

import httpx

from benchmarks.raw_engine import sentences_per_second
from benchmarks.sentences import SENTENCES
from tests.serving import Hanse, serving

ENGINES = (("fxtranslate", 1), ("firefox", 16))
"""Engines, and how many sentences each takes at once when it runs alone."""
ROUNDS = 3
TEXTS_A_REQUEST = 50
CONCURRENT_REQUESTS = 4


def run() -> str:
    """Measure and return the section."""
    workers = os.cpu_count() or 1
    rows = "\n".join(_measure(engine, batch, workers) for engine, batch in ENGINES)
    return f"""## Overhead of the stack

{len(SENTENCES)} English sentences to Portuguese, {TEXTS_A_REQUEST} texts a request, \
{CONCURRENT_REQUESTS} requests at a time, cache off, {workers} workers; medians of {ROUNDS} \
alternating rounds, in sentences/s. The baseline is the engine alone in {workers} processes in a \
closed loop. With `fxtranslate` the goal is a ratio of 0.9. Our own engine is so fast that HTTP, \
segmentation and scheduling, which share the cores with it, become the larger part.

| engine | alone (rounds) | `POST /v2/translate` (rounds) | alone | API | ratio |
|---|---|---|---|---|---|
{rows}

Command: `python -m benchmarks overhead`
"""


def _measure(engine: str, batch: int, workers: int) -> str:
    raw, stack = [], []
    # Without the cache: its hits would flatter the second round.
    with serving(
        HANSE_CACHE_BYTES_MAX="0", HANSE_WORKERS=str(workers), HANSE_TRANSLATION_ENGINE=engine
    ) as hanse:
        key = hanse.make_key()
        _translate_all(hanse, key, SENTENCES)
        for _ in range(ROUNDS):
            raw.append(
                sentences_per_second(SENTENCES, processes=workers, engine=engine, batch=batch)
            )
            stack.append(_translate_all(hanse, key, SENTENCES))
    alone, served = statistics.median(raw), statistics.median(stack)
    return (
        f"| `{engine}` | {_rounds(raw)} | {_rounds(stack)} | {alone:.0f} | {served:.0f} "
        f"| **{served / alone:.2f}** |"
    )


def _rounds(values: list[float]) -> str:
    return ", ".join(f"{value:.1f}" for value in values)


def _translate_all(hanse: Hanse, key: str, sentences: list[str]) -> float:
    with httpx.Client(
        base_url=hanse.url, headers={"Authorization": f"DeepL-Auth-Key {key}"}, timeout=120
    ) as client:

        def translate(texts: list[str]) -> int:
            answer = client.post(
                "/v2/translate", json={"text": texts, "source_lang": "EN", "target_lang": "PT-BR"}
            )
            answer.raise_for_status()
            return len(answer.json()["translations"])

        requests = [
            sentences[at : at + TEXTS_A_REQUEST] for at in range(0, len(sentences), TEXTS_A_REQUEST)
        ]
        started = time.perf_counter()
        with concurrent.futures.ThreadPoolExecutor(CONCURRENT_REQUESTS) as pool:
            done = sum(pool.map(translate, requests))
        assert done == len(sentences)
        return done / (time.perf_counter() - started)
