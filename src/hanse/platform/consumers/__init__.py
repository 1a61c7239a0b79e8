"""Consumers: each event is applied exactly once, although it may be delivered more often.

A consumer's effect and the note that it was applied are one transaction, so a process killed
between the two has done neither or both. Events of one organisation that came together share a
transaction; if it fails, none of them was applied, and each is taken alone. A failing event is
delivered again with growing pauses and in the end laid aside as a dead letter, so that it cannot
block those after it; a handler must therefore not rely on the order of events once one has failed.
"""

from hanse.platform.consumers.model import Consumer, DeadLetter, Handler, one_by_one
from hanse.platform.consumers.running import run_consumers
from hanse.platform.consumers.store import CONSUMED_KEEP, list_dead_letters, purge_consumed
from hanse.platform.consumers.work import retry_dead_letter

__all__ = [
    "CONSUMED_KEEP",
    "Consumer",
    "DeadLetter",
    "Handler",
    "list_dead_letters",
    "one_by_one",
    "purge_consumed",
    "retry_dead_letter",
    "run_consumers",
]
