"""Inference: every neural computation of Hanse, as jobs for one scheduler and one fleet of workers.

`serve` runs the scheduler and its worker processes; everybody else holds an `InferenceClient` and
asks it to `run` items through a model, saying how urgent that is and by when. The scheduler decides
item by item; nothing about one organisation's items is ever visible to another. The names to import
from here are those in `face`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hanse.inference.face import *  # noqa: F403
else:

    def __getattr__(name: str) -> Any:
        # Worker processes import this package, one a core, and need nothing of its face: importing
        # that only when it is asked for keeps each of them some 20 MB smaller.
        if name.startswith("_"):
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.face"), name)
