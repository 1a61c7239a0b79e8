"""What this machine is, and what its workers may take of it."""

import platform
import re
from pathlib import Path

from hanse.platform.machine import memory_bytes

MODELS_SHARE = 0.5
"""Part of a machine's memory that models may take, over all workers: the rest is for what workers
compute, for caches, and for whatever else runs there."""


def machine_kind() -> str:
    """Return a name that machines of the same processor share."""
    try:
        text = Path("/proc/cpuinfo").read_text(errors="replace")
    except OSError:
        text = ""
    match = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return (match[1].strip() if match else platform.machine()) or "cpu"


def models_bytes(workers: int, worker_bytes: int = 0) -> int:
    """Return what the models of each of so many workers may take: `worker_bytes`, or a fair part.

    The fair part is an equal one of half the machine.
    """
    return worker_bytes or int(memory_bytes() * MODELS_SHARE / max(1, workers))
