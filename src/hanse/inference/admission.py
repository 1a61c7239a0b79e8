"""Whether a job is taken: refused at once if it breaks a limit or cannot be done in time.

A job is taken or refused as a whole. No I/O and no clock.
"""

from collections.abc import Mapping

from msgspec import Struct

from hanse.inference.errors import (
    DeadlineExceeded,
    InvalidItem,
    ItemTooLong,
    OrganisationOverloaded,
    Overloaded,
    RequestTooLarge,
    UnknownModel,
)
from hanse.inference.job import Job, Limits, ModelSpec, Output, ServiceClass
from hanse.inference.queues import FairQueue
from hanse.platform.problems import Problem

RETRY_AFTER_MIN_S = 0.1
RETRY_AFTER_MAX_S = 60.0


class Fresh(Struct, frozen=True):
    """What a job adds to the queue: items that are neither cached nor under way already."""

    items: int
    chars: int
    seconds: float
    longest_s: float


def invalid(job: Job, models: Mapping[str, ModelSpec], limits: Limits) -> Problem | None:
    """Return why this job could never be taken, or None."""
    for name in (job.model, *job.then):
        if name not in models:
            return UnknownModel(
                f"There is no model '{name}'. Ask for the list of models.", model=name
            )
    if job.then and job.output is not Output.TEXT:
        return InvalidItem("Only plain text goes through several models.")
    steps = 1 + len(job.then)
    if steps > limits.steps_max:
        return RequestTooLarge(
            f"{steps} models in one request; at most {limits.steps_max} are taken.",
            steps=steps,
            steps_max=limits.steps_max,
        )
    if len(job.items) > limits.items_max:
        return RequestTooLarge(
            f"{len(job.items)} items in one request; at most {limits.items_max} are taken.",
            items=len(job.items),
            items_max=limits.items_max,
        )
    chars = sum(map(len, job.items))
    if chars > limits.request_chars_max:
        return RequestTooLarge(
            f"{chars} characters in one request; at most {limits.request_chars_max} are taken.",
            chars=chars,
            chars_max=limits.request_chars_max,
        )
    item_chars_max = models[job.model].traits.item_chars_max or limits.item_chars_max
    for index, text in enumerate(job.items):
        if len(text) > item_chars_max:
            return ItemTooLong(
                f"Item {index} has {len(text)} characters; at most {item_chars_max} are"
                " taken. Split it into parts.",
                index=index,
                chars=len(text),
                chars_max=item_chars_max,
            )
    # Written so that NaN fails it too.
    if not job.deadline_s <= limits.deadline_max_s:
        return InvalidItem(f"The deadline must be at most {limits.deadline_max_s:g} s.")
    if job.deadline_s <= 0:
        return DeadlineExceeded("The deadline passed before the request came in.")
    return None


class Admission:
    """Knows the queues and says whether there is room and time for more."""

    def __init__(self, limits: Limits, queues: Mapping[ServiceClass, FairQueue]) -> None:
        self._limits = limits
        self._queues = queues
        self._share = {
            ServiceClass.INTERACTIVE: 1.0,
            ServiceClass.LIVE: limits.live_queue_share,
            ServiceClass.BULK: limits.bulk_queue_share,
        }

    def refusal(self, job: Job, fresh: Fresh, *, workers: int, requests: int) -> Problem | None:
        """Return why this job cannot be taken now, or None.

        `workers` are those alive, `requests` those that wait for an answer already.
        """
        finish_s = self._finish_s(job, fresh, workers)
        if requests >= self._limits.requests_max:
            return _overloaded("Too many requests wait.", finish_s / 2)
        if fresh.items == 0:
            return None
        items_max = self._limits.queue_items_max * self._share[job.service_class]
        chars_max = self._limits.queue_chars_max * self._share[job.service_class]
        if fresh.items > items_max or fresh.chars > chars_max:
            return RequestTooLarge(
                "The request is larger than the whole queue. Send it in parts.",
                items=fresh.items,
                items_max=int(items_max),
            )
        items = sum(queue.items for queue in self._queues.values())
        chars = sum(queue.chars for queue in self._queues.values())
        if items + fresh.items > items_max or chars + fresh.chars > chars_max:
            return _overloaded("The queue is full.", finish_s / 2)
        own = sum(queue.items_of(job.organisation_id.bytes) for queue in self._queues.values())
        if own and own + fresh.items > items_max * self._limits.organisation_queue_share:
            return OrganisationOverloaded(
                "Too much work of this organisation waits already.",
                retry_after_s=_retry_after_s(finish_s / 2),
            )
        usable_s = job.deadline_s
        if job.service_class is ServiceClass.BULK:
            usable_s *= self._limits.bulk_deadline_share
        if finish_s > usable_s:
            return _overloaded("The deadline cannot be met.", finish_s - usable_s)
        return None

    def _finish_s(self, job: Job, fresh: Fresh, workers: int) -> float:
        ahead_s = 0.0
        for service_class, queue in self._queues.items():
            if service_class is job.service_class:
                ahead_s += queue.ahead_s(job.organisation_id.bytes, fresh.seconds)
                break
            ahead_s += queue.seconds
        # An item occupies one worker: more of them do not make the longest one shorter.
        return max(ahead_s / max(1, workers), fresh.longest_s)


def _retry_after_s(seconds: float) -> float:
    return round(min(max(seconds, RETRY_AFTER_MIN_S), RETRY_AFTER_MAX_S), 1)


def _overloaded(what: str, retry_after_s: float) -> Overloaded:
    return Overloaded(f"{what} Try again later.", retry_after_s=_retry_after_s(retry_after_s))
