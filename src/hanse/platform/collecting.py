"""The collector of cycles, in processes that live long and are asked to answer soon.

A full collection looks at every object there is, and nothing else happens meanwhile. The few
hundred thousand that modules, routes and models consist of stay for as long as the process, so they
are set aside once; what requests leave behind is reached by counting references alone, but for
accidents, for which it is enough to look seldom (docs/decisions/0097).
"""

import asyncio
import gc
from collections.abc import Sequence
from typing import Final

SETTLED_S: Final = (5.0, 60.0)
"""How long after its start a process has most of what it keeps: at first modules, then models."""
THRESHOLDS: Final = (10_000, 20, 20)
"""How many objects more there must be for a collection of the youngest, and how many collections of
a generation for one of the next (`gc.set_threshold`)."""


def collect_seldom(loop: asyncio.AbstractEventLoop, settled_s: Sequence[float] = SETTLED_S) -> None:
    """Let collections of this process be rare and short, from the moments when it has settled."""
    gc.set_threshold(*THRESHOLDS)
    for after_s in settled_s:
        loop.call_later(after_s, _set_aside)


def _set_aside() -> None:
    gc.collect()
    gc.freeze()
