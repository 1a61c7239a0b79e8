"""Ray Serve: an HTTP proxy in front, replicas behind it; batches of requests."""

import logging
import threading
from typing import Any

import ray
from ray import serve
from translator import BATCH_REQUESTS, BATCH_WAIT_MS, PORT, WORKERS, Translator

ONGOING_MAX = 4 * BATCH_REQUESTS
"""Requests that a replica holds: enough that it is never idle, the rest waits in one line."""


@serve.deployment(
    num_replicas=WORKERS,
    max_ongoing_requests=ONGOING_MAX,
    ray_actor_options={"num_cpus": 0.5},
)
class Translate:
    """One engine."""

    def __init__(self) -> None:
        logging.getLogger("ray.serve").setLevel(logging.WARNING)
        self._translate = Translator()

    @serve.batch(max_batch_size=BATCH_REQUESTS, batch_wait_timeout_s=BATCH_WAIT_MS / 1000)
    async def _batch(self, requests: list[list[str]]) -> list[list[str]]:
        return self._translate(requests)

    async def __call__(self, request: Any) -> Any:
        """Answer one request."""
        texts = (await request.json())["texts"]
        if BATCH_REQUESTS > 1:
            return {"translations": await self._batch(texts)}
        return {"translations": self._translate([texts])[0]}


if __name__ == "__main__":
    ray.init(num_cpus=WORKERS, include_dashboard=False, log_to_driver=False, logging_level="error")
    serve.start(http_options={"host": "127.0.0.1", "port": PORT})
    serve.run(Translate.bind(), route_prefix="/inference")
    threading.Event().wait()
