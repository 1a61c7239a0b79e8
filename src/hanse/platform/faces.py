"""Faces of packages that load what is asked for, and nothing else (PEP 562)."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy_face(
    package: str, modules: Mapping[str, str], *, rest: str | None = None
) -> Callable[[str], Any]:
    """Return a `__getattr__` for `package`: each name stands in the module that `modules` says.

    One that is called otherwise there is written `module:name`. All others stand in `rest`, if
    there is such a module. A process of one role then does without what other roles need.
    """

    def get(name: str) -> Any:
        place = modules.get(name, rest)
        if place is None or name.startswith("_"):
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module, _, called = place.partition(":")
        return getattr(import_module(f"{package}.{module}"), called or name)

    return get
