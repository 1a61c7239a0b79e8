"""Names of operations in the OpenAPI document."""

from collections.abc import Callable
from typing import Any

from litestar.handlers import HTTPRouteHandler
from litestar.types import Method


def by_method(name: str) -> Callable[[HTTPRouteHandler, Method, list[Any]], str]:
    """Return what names the operations of a route that answers several methods."""
    return lambda _handler, method, _path: f"{method.lower()}{name}"
