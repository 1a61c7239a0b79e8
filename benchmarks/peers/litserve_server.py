"""LitServe: FastAPI in front, worker processes behind it; batches of requests."""

from typing import Any

import litserve
from starlette.requests import Request
from translator import BATCH_REQUESTS, BATCH_WAIT_MS, PORT, WORKERS, Translator


class Translate(litserve.LitAPI):
    """One engine."""

    def setup(self, device: str) -> None:
        """Load it."""
        self._translate = Translator()

    def decode_request(self, request: Request) -> Any:
        """Return the texts of a request."""
        return request["texts"]  # by now it is what its JSON says

    def batch(self, inputs: Any) -> Any:
        """Leave a batch as it is: requests with their texts."""
        return inputs

    def predict(self, x: Any) -> Any:
        """Answer one request, or a batch of them."""
        return self._translate(x) if BATCH_REQUESTS > 1 else self._translate([x])[0]

    def unbatch(self, output: Any) -> Any:
        """Leave the answers as they are."""
        return output

    def encode_response(self, output: Any) -> Any:
        """Return the answer of one request."""
        return {"translations": output}


if __name__ == "__main__":
    how = {"max_batch_size": BATCH_REQUESTS}
    if BATCH_REQUESTS > 1:
        how["batch_timeout"] = BATCH_WAIT_MS / 1000
    server = litserve.LitServer(
        Translate(**how), accelerator="cpu", workers_per_device=WORKERS, timeout=False
    )
    server.run(host="127.0.0.1", port=PORT, generate_client_file=False, log_level="warning")
