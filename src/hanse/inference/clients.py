"""The clients that are connected, and which of their requests is which of ours."""

from itertools import count

from hanse.inference.commands import Finish
from hanse.inference.connection import Connection
from hanse.inference.errors import RequestTooLarge, to_failure
from hanse.inference.frames import FrameError
from hanse.inference.job import Limits, ModelInfo
from hanse.inference.messages import (
    Answer,
    FromClient,
    Load,
    Models,
    Partial,
    Refused,
    wrapped,
)
from hanse.inference.metrics import Metrics
from hanse.platform.problems import Problem
from hanse.platform.telemetry import log

ClientConnection = Connection[FromClient]


class Clients:
    """Numbers requests, and brings answers to who asked."""

    def __init__(self, limits: Limits, metrics: Metrics) -> None:
        self._limits = limits
        self._metrics = metrics
        self._models: list[ModelInfo] = []
        # A client's own ids to requests, and back.
        self._requests: dict[ClientConnection, dict[int, int]] = {}
        self._origins: dict[int, tuple[ClientConnection, int]] = {}
        self._numbers = count(1)

    def __len__(self) -> int:
        return len(self._requests)

    def made(self, connection: ClientConnection) -> None:
        """A client is there: it is told the models."""
        self._requests[connection] = {}
        if len(self._requests) > self._limits.connections_max:
            log.warning("too many clients", connections_max=self._limits.connections_max)
            connection.cut("Too many clients.")
            return
        connection.send(Models(self._models))

    def lost(self, connection: ClientConnection) -> list[int]:
        """A client is gone; return its requests, which nobody waits for any more."""
        requests = list(self._requests.pop(connection).values())
        for request in requests:
            del self._origins[request]
        return requests

    def close(self) -> None:
        """Send what is left, and close all connections."""
        for connection in list(self._requests):
            connection.close()

    def set_models(self, models: list[ModelInfo]) -> None:
        """These are the models from now on."""
        self._models = models
        self.tell_all(Models(models))

    def tell_all(self, message: Models | Load) -> None:
        """Send something to everybody."""
        for connection in self._requests:
            connection.send(message)

    def opened(self, connection: ClientConnection, client_id: int) -> int | None:
        """A client asks for something; return our number for it, unless it used its id twice."""
        requests = self._requests[connection]
        if client_id in requests:
            connection.cut("A request id was used twice.")
            return None
        request = requests[client_id] = next(self._numbers)
        self._origins[request] = (connection, client_id)
        return request

    def cancelled(self, connection: ClientConnection, client_id: int) -> int | None:
        """A client wants an answer no more; return our number for it, if it was still open."""
        request = self._requests[connection].pop(client_id, None)
        if request is not None:
            del self._origins[request]
        return request

    def tell(self, request: int, text: str) -> None:
        """Bring the next piece of an answer."""
        origin = self._origins.get(request)
        if origin is not None:
            connection, client_id = origin
            connection.send(Partial(client_id, text))

    def answer(self, request: int, outcome: Finish | Problem) -> None:
        """Bring the answer, which ends the request."""
        origin = self._origins.pop(request, None)
        if origin is None:
            return
        connection, client_id = origin
        del self._requests[connection][client_id]
        if isinstance(outcome, Problem):
            self._metrics.refused(outcome.code)
            connection.send(Refused(client_id, to_failure(outcome)))
            return
        outcomes = [
            to_failure(one) if isinstance(one, Problem) else wrapped(one)
            for one in outcome.outcomes
        ]
        try:
            connection.send(Answer(client_id, outcomes))
        except FrameError:
            problem = RequestTooLarge("The results are too large to send. Ask for fewer items.")
            connection.send(Refused(client_id, to_failure(problem)))
