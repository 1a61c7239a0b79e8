"""Correcting and rephrasing texts as inference jobs."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import msgspec

from hanse.identity import Access
from hanse.inference import (
    InferenceClient,
    InferenceUnavailable,
    ItemFailed,
    ModelFailed,
    ModelInfo,
    ServiceClass,
)
from hanse.language import service
from hanse.language.detect import DetectionStatus, Detector
from hanse.language.languages import name, root, v2
from hanse.language.pipeline import billed_characters
from hanse.language.store import TranslationRow
from hanse.language.wire import InvalidParameter
from hanse.language.writing import parts
from hanse.language.writing.prompts import Task, prompt
from hanse.platform.database import Tx
from hanse.platform.ids import new_id
from hanse.platform.problems import Problem
from hanse.platform.telemetry import log

DEADLINE_S: Final = 60.0
GENERATED: Final = (
    "de", "en", "en-GB", "en-US", "es", "fr", "it", "ja", "ko", "pt", "pt-BR", "pt-PT", "zh",
    "zh-Hans",
)  # fmt: skip
"""Languages of the contract, which a language model is asked to write."""


class NoLanguageModel(Problem):
    """This server has no language model to write with."""

    status = 501
    code = "no_language_model"
    title = "Not implemented"


class WritingRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A checked request; `target` is a canonical code or None, then each text has its own."""

    task: Task
    texts: tuple[str, ...]
    target: str | None
    style: str | None = None
    tone: str | None = None


class Improved(msgspec.Struct, frozen=True):
    """One text improved. `kept` counts the parts for which no usable answer came."""

    text: str
    language: str
    target: str
    billed_characters: int
    kept: int


class Writing:
    """The engines that write: the checker among the others, and perhaps a language model."""

    def __init__(self, inference: InferenceClient, generation: InferenceClient | None) -> None:
        self._inference = inference
        self._generation = generation

    async def languages(self, task: Task) -> tuple[str, ...]:
        """Return the languages that this server corrects, or rephrases, in the contract's order."""
        if self._generation is not None:
            return GENERATED
        if task == "rephrase":
            return ()
        checked = _checkers(await self._inference.models())
        return tuple(code for code in GENERATED if code in checked)

    async def improve(
        self, detector: Detector, organisation_id: UUID, asked: WritingRequest
    ) -> list[Improved]:
        """Return the texts, corrected or rephrased.

        Raises NoLanguageModel, InvalidParameter for a language that is not served, and the errors
        of inference.
        """
        served = await self.languages(asked.task)
        if not served:
            raise NoLanguageModel(
                "This server has no language model to rephrase with. An administrator names one by "
                "HANSE_GENERATION_URL."
            )
        if asked.target is not None and asked.target not in served:
            raise _unsupported(asked.target, served)
        targets = [
            _target(detector, number, text, asked.target, served)
            for number, text in enumerate(asked.texts)
        ]
        deadline = time.monotonic() + DEADLINE_S
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self._improve(organisation_id, asked, text, target, deadline))
                for text, target in zip(asked.texts, targets, strict=True)
            ]
        return [task.result() for task in tasks]

    async def _improve(
        self, organisation_id: UUID, asked: WritingRequest, text: str, target: str, deadline: float
    ) -> Improved:
        places = list(parts.parts(text))
        sources = [text[start:end] for start, end in places]
        judge = parts.corrected if asked.task == "correct" else parts.rephrased
        if self._generation is not None:
            client, model = self._generation, "generation"
            prompts = [
                prompt(asked.task, each, target, asked.style, asked.tone) for each in sources
            ]
            items = [msgspec.json.encode(each).decode() for each in prompts]
        else:
            client, items = self._inference, sources
            model = _checkers(await client.models())[target]
        outcomes = await client.run_each(
            organisation_id=organisation_id,
            model=model,
            items=items,
            service_class=ServiceClass.INTERACTIVE,
            deadline_s=max(deadline - time.monotonic(), 0.0),
        )
        answers: list[str] = []
        kept = 0
        for source, outcome in zip(sources, outcomes, strict=True):
            if isinstance(outcome, ItemFailed | ModelFailed):
                log.warning("writing_failed", reason=outcome.detail)
                if self._generation is not None:
                    raise InferenceUnavailable(outcome.detail)
            elif isinstance(outcome, Problem):
                raise outcome
            good = judge(source, outcome) if isinstance(outcome, str) else None
            kept += good is None
            answers.append(source if good is None else good)
        return Improved(
            text=parts.put_together(text, places, answers),
            language=root(target),
            target=target,
            billed_characters=billed_characters(text),
            kept=kept,
        )


def _checkers(models: Sequence[ModelInfo]) -> dict[str, str]:
    return {
        model.source: model.name for model in models if model.task == "correct" and model.source
    }


def _unsupported(code: str, served: Sequence[str]) -> InvalidParameter:
    return InvalidParameter(
        f"Value for 'target_lang' not supported. This server writes {', '.join(map(v2, served))}, "
        f"not {v2(code)}."
    )


def _target(
    detector: Detector, number: int, text: str, target: str | None, served: Sequence[str]
) -> str:
    roots = {root(code) for code in served}
    found = detector.detect(text, roots)
    language = found.language
    if target is None:
        if language is None:
            return "en" if "en" in served else served[0]
        if language not in served:
            raise _unsupported(language, served)
        return language
    is_certain = found.status in (DetectionStatus.SUCCESS, DetectionStatus.UNSUPPORTED_LANGUAGE)
    if is_certain and language is not None and language != root(target):
        raise InvalidParameter(
            f"Text {number} was recognised as {name(language)}, and 'target_lang' is {v2(target)}: "
            "texts are improved in their own language. Translate it first, or leave 'target_lang' "
            "out."
        )
    return target


async def record(
    tx: Tx,
    access: Access,
    improved: Sequence[Improved],
    duration_s: float,
    reporting_tag: str | None,
) -> None:
    """Keep the record of a request, without its texts; it counts towards the usage."""
    targets = sorted({each.target for each in improved})
    row = TranslationRow(
        id=new_id(),
        organisation_id=access.organisation_id,
        api_key_id=access.api_key_id,
        person_id=access.person_id,
        source_languages=sorted({each.language for each in improved}),
        target_language=targets[0],
        texts=len(improved),
        characters=sum(each.billed_characters for each in improved),
        sentences=0,
        models=[],
        duration_ms=round(duration_s * 1000),
        reporting_tag=reporting_tag,
        created_at=datetime.now(UTC),
        kind="write",
    )
    await service.keep(tx, row)
