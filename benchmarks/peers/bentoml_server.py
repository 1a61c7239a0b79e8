"""BentoML: one process a worker; batches adapt to a goal of latency."""

import bentoml
from translator import BATCH_REQUESTS, WORKERS, Translator

BATCHES = BATCH_REQUESTS > 1
ITEMS_MAX = 128
"""BentoML counts what a request carries: one of 50 must fit beside some others."""
LATENCY_MAX_MS = 30_000
"""What would take longer is answered 503; a bulk request may wait for that long."""


@bentoml.service(workers=WORKERS, traffic={"timeout": 60, "max_concurrency": 10_000})
class Translate:
    """One engine a worker."""

    def __init__(self) -> None:
        self._translate = Translator()

    @bentoml.api(
        route="/inference",
        batchable=BATCHES,
        max_batch_size=ITEMS_MAX,
        max_latency_ms=LATENCY_MAX_MS,
    )
    def translate(self, texts: list[str]) -> list[str]:
        """Answer the texts of a request, or of a batch of them."""
        return self._translate([texts])[0]
