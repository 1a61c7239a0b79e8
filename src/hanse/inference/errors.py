"""What can go wrong with a job, as typed errors, and their form between processes."""

from hanse.inference.job import Result
from hanse.inference.messages import Failure
from hanse.platform.problems import (
    BadRequest,
    PayloadTooLarge,
    Problem,
    TooManyRequests,
    Unavailable,
)


class InferenceUnavailable(Unavailable):
    """The scheduler is away or stopping; the same request may be sent again."""

    code = "inference_unavailable"
    title = "Inference unavailable"


class Overloaded(Unavailable):
    """More work waits than can be done in time; `retry_after_s` is when it should be done."""

    code = "overloaded"
    title = "Overloaded"


class OrganisationOverloaded(TooManyRequests):
    """This organisation alone has filled its part of the queue."""

    code = "organisation_overloaded"
    title = "Too much work waits for this organisation"


class DeadlineExceeded(Unavailable):
    """The deadline passed before the work could be done."""

    code = "deadline_exceeded"
    title = "Deadline exceeded"


class UnknownModel(BadRequest):
    """No model has this name."""

    code = "unknown_model"
    title = "Unknown model"


class ItemTooLong(BadRequest):
    """One item has more characters than an engine may be given."""

    code = "item_too_long"
    title = "Item too long"


class InvalidItem(BadRequest):
    """One item is no valid Unicode text, or the deadline is no valid number."""

    code = "invalid_item"
    title = "Invalid item"


class RequestTooLarge(PayloadTooLarge):
    """A request has more items or characters than may wait together."""

    code = "inference_request_too_large"
    title = "Too many items in one request"


class ItemFailed(Problem):
    """The engine cannot compute this item: sending it again will not help."""

    status = 500
    code = "item_failed"
    title = "Item failed"


class ModelFailed(Problem):
    """A model cannot be loaded; its files may be damaged."""

    status = 500
    code = "model_failed"
    title = "Model failed"


class ModelTooLarge(Unavailable):
    """No worker has the memory for this model: only its operator can help."""

    code = "model_too_large"
    title = "Model too large"


Outcome = Result | Problem
"""What becomes of one item: its result, or the error of this item alone."""

TextOutcome = str | Problem
"""The same of a model whose results are text."""

_BY_CODE: dict[str, type[Problem]] = {
    kind.code: kind
    for kind in (
        InferenceUnavailable,
        Overloaded,
        OrganisationOverloaded,
        DeadlineExceeded,
        UnknownModel,
        ItemTooLong,
        InvalidItem,
        RequestTooLarge,
        ItemFailed,
        ModelFailed,
        ModelTooLarge,
    )
}


def to_failure(problem: Problem) -> Failure:
    """Return the form in which a problem travels."""
    return Failure(problem.code, problem.detail, problem.retry_after_s, problem.facts)


def to_problem(failure: Failure) -> Problem:
    """Return the problem that `failure` stands for."""
    kind = _BY_CODE.get(failure.code, Problem)
    return kind(failure.detail, retry_after_s=failure.retry_after_s, **failure.facts)
