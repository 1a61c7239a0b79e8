"""A server of chat completions that is told how to answer, in a thread of this process."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[str], str]


class ChatServer:
    """`answer` makes the reply from the user's turn, `pieces` a streamed one.

    `asked` are the bodies it got.
    """

    def __init__(self) -> None:
        self.answer: Answer = lambda text: text
        self.pieces: Callable[[str], Iterator[str]] = lambda text: iter([text])
        self.status = 200
        self.asked: list[dict[str, Any]] = []
        self.keys: set[str | None] = set()
        self.url = ""

    def reply(self, body: dict[str, Any], key: str | None) -> bytes:
        self.asked.append(body)
        self.keys.add(key)
        text = self.answer(body["messages"][-1]["content"])
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return json.dumps({"object": "chat.completion", "choices": [choice]}).encode()

    def stream(self, body: dict[str, Any], key: str | None) -> Iterator[bytes]:
        """The events of a streamed reply. An error of `pieces` breaks it off."""
        self.asked.append(body)
        self.keys.add(key)
        for piece in self.pieces(body["messages"][-1]["content"]):
            yield _event({"delta": {"content": piece}, "finish_reason": None})
        yield _event({"delta": {}, "finish_reason": "stop"}) + b"data: [DONE]\n\n"


def _event(choice: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"


@contextmanager
def chat_server() -> Iterator[ChatServer]:
    """Serve on a port of its own until the end."""
    model = ChatServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/chat/completions"
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if body.get("stream"):
                self.do_stream(body)
                return
            data = model.reply(body, self.headers.get("authorization"))
            self.send_response(model.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_stream(self, body: dict[str, Any]) -> None:
            self.send_response(model.status)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            with suppress(OSError):
                for event in model.stream(body, self.headers.get("authorization")):
                    self.wfile.write(event)

        def log_message(self, *_arguments: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        model.url = f"http://127.0.0.1:{server.server_port}/v1"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield model
        finally:
            server.shutdown()
            thread.join()
