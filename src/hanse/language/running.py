"""Sends sentences through inference, with the terms of a glossary, and brings the answers back."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from hanse.inference import InferenceClient, ItemFailed, Limits, ServiceClass, TextOutcome
from hanse.language.capitals import with_first_capital
from hanse.language.glossaries.enforcement import Enforced, candidates, enforce
from hanse.language.glossaries.terms import Terms
from hanse.language.pipeline import Route
from hanse.platform.http import handed_on
from hanse.platform.problems import Problem
from hanse.platform.telemetry import log

INTERACTIVE_SENTENCES_MAX: Final = 16
"""More than a person waits for at once is bulk work."""

INTERACTIVE_DEADLINE_S: Final = 10.0
BULK_DEADLINE_S: Final = 60.0
"""The official clients give up an attempt after 10 s and send it again; what was computed by then
is in the cache of the scheduler."""

SENTENCES_PER_CALL_MAX: Final = 2_000
ANSWER_CHARACTERS_MAX: Final = Limits().item_chars_max


class Runner:
    """Runs the sentences of one request; all its rounds share one deadline."""

    def __init__(
        self,
        inference: InferenceClient,
        organisation_id: UUID,
        terms: Terms,
        *,
        is_bulk: bool,
        is_live: bool = False,
    ) -> None:
        self._inference = inference
        self._organisation_id = organisation_id
        self._terms = terms
        urgent = ServiceClass.LIVE if is_live else ServiceClass.INTERACTIVE
        self._service_class = ServiceClass.BULK if is_bulk else urgent
        self._deadline = time.monotonic() + (BULK_DEADLINE_S if is_bulk else INTERACTIVE_DEADLINE_S)

    async def run(
        self, asked: Mapping[Route, Sequence[str]]
    ) -> Mapping[Route, Mapping[str, Enforced]]:
        """Return what becomes of each sentence; routes run side by side.

        An empty text is no translation. Raises the errors of inference.
        """
        if len(asked) == 1:
            [(route, sentences)] = asked.items()
            return {route: await self._with_terms(route, sentences)}
        try:
            async with asyncio.TaskGroup() as group:
                tasks = {
                    route: group.create_task(self._with_terms(route, sentences))
                    for route, sentences in asked.items()
                }
        except BaseExceptionGroup as failures:
            # One is enough to say that the request failed; the others were cancelled with it.
            raise failures.exceptions[0] from None
        return {route: task.result() for route, task in tasks.items()}

    async def _with_terms(self, route: Route, sentences: Sequence[str]) -> dict[str, Enforced]:
        wanted = [candidates(sentence, self._terms) for sentence in sentences]
        items = list(dict.fromkeys(item for each in wanted for item in each.items))
        answers = dict(zip(items, await self._through(route, items), strict=True))
        found = {}
        for each in wanted:
            enforced = enforce(each, [answers[item] for item in each.items])
            if each.whole is None:
                text = with_first_capital(each.sentence, enforced.text)
                enforced = Enforced(text, enforced.terms)
            found[each.sentence] = enforced
        return found

    async def _through(self, route: Route, sentences: Sequence[str]) -> list[str]:
        numbers = [number for number, text in enumerate(sentences) if text]
        results = list(sentences)
        handed_on()
        for first in range(0, len(numbers), SENTENCES_PER_CALL_MAX):
            part = numbers[first : first + SENTENCES_PER_CALL_MAX]
            outcomes = await self._inference.run_each(
                organisation_id=self._organisation_id,
                model=route[0],
                then=route[1:],
                items=[sentences[number] for number in part],
                service_class=self._service_class,
                deadline_s=max(self._deadline - time.monotonic(), 0.0),
            )
            for number, outcome in zip(part, outcomes, strict=True):
                results[number] = _answer(outcome)
        return results


def _answer(outcome: TextOutcome) -> str:
    """Return an engine's answer, empty where this one sentence cannot be computed at all.

    So one sentence that an engine cannot bear does not cost the others their translation. Raises
    what says that sending the request again will help.
    """
    if isinstance(outcome, ItemFailed):
        log.warning("sentence_failed", code=outcome.code)  # its detail might quote the text
        return ""
    if isinstance(outcome, Problem):
        raise outcome
    # A model that has lost the thread.
    return outcome if len(outcome) <= ANSWER_CHARACTERS_MAX else ""
