"""Mosec: a front in Rust, worker processes behind it; batches of requests."""

import sys
from typing import Any

from mosec import Server, Worker
from translator import BATCH_REQUESTS, BATCH_WAIT_MS, PORT, WORKERS, Translator


class Translate(Worker):
    """One engine."""

    def __init__(self) -> None:
        super().__init__()
        self._translate = Translator()

    def forward(self, data: Any) -> Any:
        """Answer one request, or a batch of them."""
        requests = data if BATCH_REQUESTS > 1 else [data]
        done = self._translate([each["texts"] for each in requests])
        answers = [{"translations": texts} for texts in done]
        return answers if BATCH_REQUESTS > 1 else answers[0]


if __name__ == "__main__":
    sys.argv[1:] = [f"--port={PORT}", "--address=127.0.0.1", "--timeout=60000", "--capacity=10000"]
    server = Server()
    server.append_worker(
        Translate, num=WORKERS, max_batch_size=BATCH_REQUESTS, max_wait_time=BATCH_WAIT_MS
    )
    server.run()
