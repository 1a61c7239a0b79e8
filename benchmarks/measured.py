"""Promises with their figures, kept between runs so that some can be measured anew."""

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

REST_S = 1.0
"""Between two parts, so that the first is over when the second begins."""

P = TypeVar("P")


class Measured(msgspec.Struct):
    """One promise: what, its figure, its goal."""

    what: str
    figure: str
    goal: str


class Kept:
    """What was measured last of each part, in a file of `build/benchmarks`."""

    def __init__(self, name: str) -> None:
        self._path = Path(__file__).parents[1] / "build" / "benchmarks" / f"{name}.json"

    def table(self, parts: Iterable[str]) -> str:
        """Return the rows of all that is kept of these parts, in their order."""
        kept = self._load()
        found = (one for part in parts for one in kept.get(part, []))
        rows = [f"| {one.what} | {one.figure} | {one.goal} |" for one in found]
        return "\n".join(["| what | measured | goal |", "|---|---|---|", *rows])

    def measure(
        self, parts: Mapping[str, Callable[[P], list[Measured]]], names: Iterable[str], place: P
    ) -> None:
        """Measure the named parts at a place; keep and print each as soon as it is there."""
        for name in names:
            found = parts[name](place)
            for one in found:
                print(f"{one.what}: {one.figure} (goal {one.goal})", flush=True)
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_bytes(
                msgspec.json.format(msgspec.json.encode(self._load() | {name: found}))
            )
            time.sleep(REST_S)

    def _load(self) -> dict[str, list[Measured]]:
        if not self._path.exists():
            return {}
        return msgspec.json.decode(self._path.read_bytes(), type=dict[str, list[Measured]])
