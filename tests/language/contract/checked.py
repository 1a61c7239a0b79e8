"""Every answer of a served application, held against the contract of the DeepL API.

`contract.json` has the operations of the contract with the schemas of their answers, without its
prose. Lists of languages are left out of it, as this server may have others.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs

CONTRACT = json.loads(Path(__file__).with_name("contract.json").read_bytes())
OPERATIONS: dict[str, dict[str, Any]] = CONTRACT["operations"]


def _patterns() -> Iterator[tuple[str, re.Pattern[str], str]]:
    for operation in OPERATIONS:
        method, path = operation.split(" ", 1)
        # Fixed paths come before those with a parameter.
        yield method, re.compile(re.sub(r"\{[^}]*\}", "[^/]+", path)), operation


PATTERNS = sorted(_patterns(), key=lambda each: each[2].count("{"))


def operation_of(method: str, path: str) -> str | None:
    """Return the operation that a request is for, as `METHOD /path/{parameter}`."""
    for of_method, pattern, operation in PATTERNS:
        if method == of_method and pattern.fullmatch(path):
            return operation
    return None


class Checked:
    """An ASGI application; `seen` are the operations that have succeeded through it.

    `violations` says where an answer was not what the contract says.
    """

    def __init__(self, app: Any) -> None:
        self._app = app
        self.seen: set[str] = set()
        self.violations: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        operation = operation_of(scope["method"], scope["path"])
        status = 0
        media_type = ""
        body = b""

        async def noting(message: Any) -> None:
            nonlocal status, media_type, body
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = {key.lower(): value for key, value in message["headers"]}
                media_type = headers.get(b"content-type", b"").partition(b";")[0].decode()
            elif message["type"] == "http.response.body":
                body += message.get("body", b"")
            await send(message)

        await self._app(scope, receive, noting)
        if operation is not None:
            self._check(operation, status, media_type, body)

    def _check(self, operation: str, status: int, media_type: str, body: bytes) -> None:
        responses = OPERATIONS[operation]["responses"]
        if status >= 400:
            error = json.loads(body)
            if not isinstance(error.get("message"), str):
                self.violations.append(f"{operation} {status}: an error without a message")
            return
        if str(status) not in responses:
            self.violations.append(f"{operation}: the contract has no status {status}")
            return
        self.seen.add(operation)
        schemas = responses[str(status)]
        if not schemas:
            if body:
                self.violations.append(f"{operation} {status}: a body where there is none")
        elif "application/json" in schemas:
            if media_type != "application/json":
                self.violations.append(f"{operation} {status}: {media_type} instead of JSON")
                return
            schema = {**schemas["application/json"], "components": CONTRACT["components"]}
            for error in jsonschema_rs.iter_errors(schema, json.loads(body)):
                self.violations.append(f"{operation} {status}: {error.message[:200]}")
        elif "text/tab-separated-values" in schemas and media_type != "text/tab-separated-values":
            self.violations.append(f"{operation} {status}: {media_type} instead of TSV")
