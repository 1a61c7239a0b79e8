"""The job that evaluates translations."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from hanse.inference import (
    InferenceClient,
    Limits,
    ModelInfo,
    Output,
    Scored,
    ServiceClass,
    decode_scored,
    rated_item,
)
from hanse.language import routing
from hanse.language import service as language
from hanse.language.languages import root
from hanse.language.quality import likelihood, store
from hanse.language.quality.checks import Issue, inconsistencies, issues
from hanse.language.quality.likelihood import Pair
from hanse.language.quality.meaning import mistranslation
from hanse.language.quality.store import EvaluationRow
from hanse.language.routing import UnsupportedPair
from hanse.platform.database import Tx
from hanse.platform.jobs import Jobs

EVALUATE: Final = "language.evaluate_quality"
LIFETIME: Final = timedelta(hours=24)
TIMEOUT_S: Final = 300.0
ATTEMPTS_MAX: Final = 100
RETRY_LAST_S: Final = 30.0
PURGED_ROWS_MAX: Final = 1000
ITEM_CHARACTERS_MAX: Final = Limits().item_chars_max
RATED_PER_CALL_MAX: Final = 1000
RATED_DEADLINE_S: Final = 60.0


class Evaluate(msgspec.Struct, frozen=True):
    """The payload of the job."""

    evaluation_id: UUID


def register_quality(jobs: Jobs, inference: InferenceClient) -> None:
    """Add the jobs of quality evaluation: evaluating, and deleting what has expired."""

    async def evaluate(tx: Tx, job: Evaluate) -> None:
        row = await store.get(tx, job.evaluation_id, for_update=True)
        if row is None or row.report is not None or row.error is not None:
            return
        report = await _report(inference, tx.organisation_id, row)
        await store.finish(tx, row.id, report, None, datetime.now(UTC) + LIFETIME)

    jobs.task(
        EVALUATE,
        Evaluate,
        attempts_max=ATTEMPTS_MAX,
        timeout_s=TIMEOUT_S,
        retry_max_s=RETRY_LAST_S,
    )(evaluate)

    async def purge(tx: Tx) -> None:
        await store.purge(tx, PURGED_ROWS_MAX)

    jobs.periodic("language.purge_quality", "*/10 * * * *")(purge)


async def _report(
    inference: InferenceClient, organisation_id: UUID | None, row: EvaluationRow
) -> list[list[Issue]]:
    assert organisation_id is not None
    source, target = row.source_language, row.target_language
    report = [issues(each.source, each.target, root(source), root(target)) for each in row.segments]
    pairs = [(each.source, each.target) for each in row.segments]
    for number, issue in inconsistencies(pairs).items():
        report[number].append(issue)
    # What is empty or a copy needs no second opinion.
    asked = [number for number, found in enumerate(report) if not found or not _is_whole(found)]
    models = await inference.models()
    if asked and _is_served(models, source, target) and _is_served(models, target, source):
        ours = await _translated(
            inference, organisation_id, [pairs[number][0] for number in asked], source, target
        )
        back = await _translated(
            inference, organisation_id, [pairs[number][1] for number in asked], target, source
        )
        for number, our, their in zip(asked, ours, back, strict=True):
            if (wrong := mistranslation(*pairs[number], our, their)) is not None:
                report[number].append(wrong)
    plain = [number for number in asked if not any(map(_is_wrong, report[number]))]
    if (model := _direct(models, source, target)) is not None:
        asked_pairs = {
            number: likelihood.pairs(*pairs[number], root(source), root(target)) for number in plain
        }
        scores = await _rated(inference, organisation_id, model, asked_pairs.values())
        for number, each in asked_pairs.items():
            rated = [(pair, scores[pair]) for pair in each if pair in scores]
            if (unlikely := likelihood.unlikely(rated)) is not None:
                report[number].append(unlikely)
    return report


def _is_wrong(issue: Issue) -> bool:
    return issue.sub_type == "Mistranslation"


def _is_whole(found: Sequence[Issue]) -> bool:
    return any(issue.sub_type in ("Omission", "Untranslated text") for issue in found)


def _is_served(models: Sequence[ModelInfo], source: str, target: str) -> bool:
    try:
        return not routing.is_pseudo(routing.route(models, source, target))
    except UnsupportedPair:
        return False


def _direct(models: Sequence[ModelInfo], source: str, target: str) -> str | None:
    """Return the one model that translates between these languages, if there is one."""
    try:
        names = routing.route(models, source, target)
    except UnsupportedPair:
        return None
    return names[0] if len(names) == 1 and not routing.is_pseudo(names) else None


async def _rated(
    inference: InferenceClient,
    organisation_id: UUID,
    model: str,
    groups: Iterable[Sequence[Pair]],
) -> dict[Pair, Scored]:
    """Return what the model thinks of each pair that it can score."""
    items = {pair: rated_item(pair.source, pair.target) for group in groups for pair in group}
    # A sentence that is too long for the engine is left out, rather than all of them refused.
    items = {pair: item for pair, item in items.items() if len(item) <= ITEM_CHARACTERS_MAX}
    asked = list(items)
    scores: dict[Pair, Scored] = {}
    for first in range(0, len(asked), RATED_PER_CALL_MAX):
        some = asked[first : first + RATED_PER_CALL_MAX]
        outcomes = await inference.compute(
            organisation_id=organisation_id,
            model=model,
            items=[items[pair] for pair in some],
            service_class=ServiceClass.BULK,
            deadline_s=RATED_DEADLINE_S,
            output=Output.RATED,
        )
        # An engine without probabilities fails every item, which is no failure of the report.
        scores |= {
            pair: decode_scored(outcome)
            for pair, outcome in zip(some, outcomes, strict=True)
            if isinstance(outcome, bytes)
        }
    return scores


async def _translated(
    inference: InferenceClient,
    organisation_id: UUID,
    texts: Sequence[str],
    source: str,
    target: str,
) -> list[str]:
    translation = await language.translate(
        inference,
        organisation_id=organisation_id,
        texts=texts,
        target=target,
        source=source,
        languages=[source for _ in texts],
        is_bulk=True,
    )
    return [text.text for text in translation.texts]
