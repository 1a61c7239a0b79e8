"""Lets clients that are pages of other sites call Matrix's routes (CORS), and those alone.

That is safe there: only the Authorization header counts, which no browser sends by itself.
"""

from typing import Any, Final

from hanse.chat.matrix.errors import is_matrix

_HEADERS: Final = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"GET, POST, PUT, DELETE, OPTIONS"),
    (b"access-control-allow-headers", b"X-Requested-With, Content-Type, Authorization"),
]


class AnyOrigin:
    """An ASGI application whose routes of Matrix answer pages of any origin."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer what a browser asks beforehand; else add the headers to the answer."""
        if scope["type"] != "http" or not is_matrix(scope["path"]):
            await self._app(scope, receive, send)
            return
        if scope["method"] == "OPTIONS":
            await send({"type": "http.response.start", "status": 204, "headers": _HEADERS})
            await send({"type": "http.response.body"})
            return

        async def allowing(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *_HEADERS]
            await send(message)

        await self._app(scope, receive, allowing)
