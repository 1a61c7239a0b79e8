"""Jobs that go through several models, one after the other: a pivot translation is two.

Each step is an item of its own, merged and cached like any other, so two requests that meet in the
middle share the rest of the way. No I/O and no clock.
"""

from collections.abc import Callable, Sequence

from msgspec import Struct

from hanse.inference.cache import Key, ResultCache, hash_for
from hanse.inference.cost import CostModel
from hanse.inference.errors import ItemFailed, Outcome
from hanse.inference.job import Job, Limits, ModelSpec, Output


class Place(Struct, frozen=True, gc=False):
    """Where one item of a job begins: `step` models are behind it, thanks to the cache.

    `outcome` is None unless it has arrived already.
    """

    step: int
    key: Key
    outcome: Outcome | None


def find_places(
    job: Job, models: Sequence[ModelSpec], cache: ResultCache, limits: Limits
) -> list[Place]:
    """Follow each item of a job through `models` as far as their results are known."""
    if job.output is Output.STREAMED:
        # A key of its own: never merged, never found again, and never put into the cache.
        owned = f"{hash_for(models[0].info.hash, job.output)}.{job.request}"
        return [Place(0, (job.organisation_id.bytes, owned, text), None) for text in job.items]
    organisation = job.organisation_id.bytes
    hashes = [hash_for(model.info.hash, job.output) for model in models]
    return [_follow(organisation, text, hashes, cache, limits) for text in job.items]


def _follow(
    organisation: bytes,
    text: str,
    hashes: Sequence[str],
    cache: ResultCache,
    limits: Limits,
) -> Place:
    last = len(hashes) - 1
    step = 0
    while True:
        key = (organisation, hashes[step], text)
        result = cache.get(key)
        if result is None or step == last or not result:
            return Place(step, key, result)
        if isinstance(result, bytes):
            return Place(step, key, ItemFailed("The result of one model is no text for the next."))
        if (problem := over_long(result, limits)) is not None:
            return Place(step, key, problem)
        text = result
        step += 1


def over_long(result: str, limits: Limits) -> ItemFailed | None:
    """Return why a result cannot be given to the next model, if it cannot."""
    if len(result) <= limits.item_chars_max:
        return None
    return ItemFailed("What one model made of this is too long for the next one.")


def work_ahead_s(
    places: Sequence[Place], models: Sequence[ModelSpec], cost: Callable[[ModelSpec], CostModel]
) -> dict[Key, float]:
    """Return the predicted seconds of the later steps of each distinct item that must be computed.

    What the models between will say is not known; it is taken to be as long as the item.
    """
    ahead_s: dict[Key, float] = {}
    for place in places:
        later = models[place.step + 1 :]
        if later and place.outcome is None and place.key not in ahead_s:
            chars = len(place.key[2])
            ahead_s[place.key] = sum(cost(model).predict_item(chars) for model in later)
    return ahead_s
