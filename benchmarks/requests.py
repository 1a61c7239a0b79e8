"""Requests of the text API: many texts at once, the largest body, and memory over many requests."""

import os
import random
import re
import statistics
import time
from typing import Any

import httpx
import psutil

from benchmarks.sentences import SENTENCES
from tests.serving import Hanse, serving

ROUNDS = 3
LARGE = 10
MIXED = int(os.environ.get("HANSE_BENCH_REQUESTS", "10000"))
WARM = 1_000
"""Requests before the memory is looked at: caches and pools fill."""


def run() -> str:
    """Measure and return the section."""
    with serving(
        HANSE_WEB_PROCESSES="1",
        HANSE_RATE_LIMIT_PER_MINUTE="10000000",
        HANSE_CACHE_BYTES_MAX="0",
    ) as hanse:
        headers = {"Authorization": f"DeepL-Auth-Key {hanse.make_key()}"}
        with httpx.Client(base_url=hanse.url, headers=headers, timeout=60) as client:
            one_by_one, together, same = _batches(client)
            waits = sorted(_large(client) for _ in range(LARGE))
            before, after = _mixed(client, hanse)
    return f"""## Requests

One web process, two workers, result cache off; one connection.

- 50 sentences in one request: {50 / together:.0f} sentences/s; in 50 requests one after another: \
{50 / one_by_one:.0f} sentences/s. **{one_by_one / together:.1f} times** as many (medians of \
{ROUNDS}), {"with the same" if same else "with another"} output.
- A body of 128 KiB, {LARGE} times: median {statistics.median(waits):.2f} s, slowest \
**{waits[-1]:.2f} s**.
- Resident memory of the whole tree without PostgreSQL and NATS, after {WARM} and after {MIXED} \
requests of mixed kinds and sizes: {before:.0f} and {after:.0f} MB, **{after / before - 1:+.1%}**.

Command: `python -m benchmarks requests`
"""


def _translate(client: httpx.Client, texts: list[str], **more: Any) -> list[str]:
    body = {"text": texts, "source_lang": "EN", "target_lang": "PT-BR", **more}
    answer = client.post("/v2/translate", json=body)
    answer.raise_for_status()
    return [each["text"] for each in answer.json()["translations"]]


def _batches(client: httpx.Client) -> tuple[float, float, bool]:
    singles, batches = [], []
    same = True
    for number in range(ROUNDS):
        texts = SENTENCES[number * 50 : number * 50 + 50]
        began = time.perf_counter()
        apart = [_translate(client, [text])[0] for text in texts]
        singles.append(time.perf_counter() - began)
        began = time.perf_counter()
        same = _translate(client, texts) == apart and same
        batches.append(time.perf_counter() - began)
    return statistics.median(singles), statistics.median(batches), same


def _large(client: httpx.Client) -> float:
    text = ""
    while len(text) < 127 * 1024 - 200:
        text += random.choice(SENTENCES) + " "
    began = time.perf_counter()
    _translate(client, [text])
    return time.perf_counter() - began


def _mixed(client: httpx.Client, hanse: Hanse) -> tuple[float, float]:
    draw = random.Random(7)
    before = 0.0
    for number in range(MIXED):
        if number == min(WARM, MIXED // 2):
            before = _resident_mb(hanse)
        sentences = draw.sample(SENTENCES, draw.choice((1, 1, 1, 2, 5, 20)))
        match draw.randrange(4):
            case 0:
                _translate(client, [" ".join(sentences)])
            case 1:
                _translate(client, [f"<p>{text}</p>" for text in sentences], tag_handling="html")
            case 2:
                _translate(client, [re.sub(r"\b\w+\b", "{name}", sentences[0], count=1)])
            case _:
                _translate(client, sentences)
    return before, _resident_mb(hanse)


def _resident_mb(hanse: Hanse) -> float:
    root = psutil.Process(hanse.process.pid)
    tree = [root, *root.children(recursive=True)]
    ours = [each for each in tree if "python" in each.name() or "hanse" in each.name()]
    return sum(each.memory_info().rss for each in ours) / 2**20
