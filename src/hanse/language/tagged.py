"""Translates texts with tags: the runs between block tags are texts with marks."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from hanse.inference import InferenceClient
from hanse.language import service
from hanse.language.detect import Detector
from hanse.language.glossaries.terms import Terms
from hanse.language.segment import SplitMode
from hanse.language.service import Recalling, Revise, TranslatedText, Translation
from hanse.language.signals import without_spans
from hanse.language.tags import TaggedText, TagOptions, parse, write


async def translate_tagged(
    inference: InferenceClient,
    detector: Detector,
    *,
    organisation_id: UUID,
    texts: Sequence[str],
    options: TagOptions,
    target: str,
    source: str | None,
    mode: SplitMode,
    terms: Terms | None,
    memory: Recalling | None = None,
    revise: Revise | None = None,
    is_checked: bool = False,
) -> Translation:
    """Translate texts with tags, all in one round; tags are not billed.

    Raises TagsBroken, and what `service.translate` raises.
    """
    parsed = [parse(text, options) for text in texts]
    plain = ["\n".join(run.marked.text for run in each.runs) for each in parsed]
    languages = service.recognised(detector, await inference.models(), plain, source)
    done = await service.translate(
        inference,
        detector,
        organisation_id=organisation_id,
        texts=[run.marked for each in parsed for run in each.runs],
        target=target,
        mode=mode,
        terms=terms,
        memory=memory,
        revise=revise,
        is_checked=is_checked,
        languages=[
            language for each, language in zip(parsed, languages, strict=True) for _ in each.runs
        ],
    )
    answers = iter(done.texts)
    joined = tuple(
        _joined(each, language, [next(answers) for _ in each.runs], options)
        for each, language in zip(parsed, languages, strict=True)
    )
    return msgspec.structs.replace(done, texts=joined)


def _joined(
    tagged: TaggedText, language: str | None, runs: Sequence[TranslatedText], options: TagOptions
) -> TranslatedText:
    together: dict[str, Any] = {"models": (), "untranslated": 0, "terms": (), "issues": ()}
    together |= {"revisions": 0, "unheeded": ()}
    for run in runs:
        together["models"] = together["models"] or run.models
        together["untranslated"] += run.untranslated
        together["terms"] += run.terms
        together["revisions"] += run.revisions
        together["unheeded"] = tuple(dict.fromkeys(together["unheeded"] + run.unheeded))
        together["issues"] += tuple(map(without_spans, run.issues))
    return TranslatedText(
        text=write(tagged, [(run.text, run.marks) for run in runs], options),
        source_language=language,
        billed_characters=sum(run.characters for run in tagged.runs),
        **together,
    )
