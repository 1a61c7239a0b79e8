"""Translates what people write to each other, while they write it."""

import asyncio
from collections.abc import Collection
from typing import Final
from uuid import UUID

from msgspec import Struct

from hanse.identity import Access
from hanse.inference import InferenceClient, ModelInfo
from hanse.language import routing, service
from hanse.language.detect import DetectionStatus, Detector
from hanse.language.glossaries.loading import TermsCache
from hanse.language.languages import find_code, root
from hanse.language.pipeline import billed_characters
from hanse.language.quality.checks import Issue
from hanse.language.quotas import Quotas
from hanse.language.routing import UnsupportedPair
from hanse.platform.database import Db, Tx

TAG: Final = "chat"
"""Under which the usage is kept."""


class LiveText(Struct, frozen=True):
    """A text in another language. `engine` names the models that made it, with their hashes.

    `untranslated` counts the sentences that stand in it as they came; `issues` are what is
    plainly wrong with it.
    """

    text: str
    engine: str
    untranslated: int
    issues: tuple[Issue, ...]
    record: service.Translation


class LiveTranslator:
    """One process's way to live translations, with all glossaries of the organisation."""

    def __init__(
        self, db: Db, inference: InferenceClient, characters_per_month_max: int = 0
    ) -> None:
        self._db = db
        self._inference = inference
        self._quotas = Quotas(db, characters_per_month_max)
        self._terms = TermsCache()
        self._detector: asyncio.Task[Detector] | None = None

    async def recognise(self, text: str, candidates: Collection[str]) -> str | None:
        """Return the root language of a text, most likely one of `candidates` (any codes).

        None where there is nothing to recognise: numbers, pictures, a single letter.
        """
        if self._detector is None:
            self._detector = asyncio.create_task(asyncio.to_thread(Detector))
        detector = await asyncio.shield(self._detector)
        roots = {root(code) for each in candidates if (code := find_code(each)) is not None}
        found = detector.detect(text, roots)
        if found.status is DetectionStatus.NO_LANGUAGE_DETECTED:
            return None
        return found.language

    async def can(self, source: str, target: str) -> bool:
        """Tell whether installed models translate between these languages (any codes)."""
        return _route(await self._inference.models(), source, target) is not None

    async def translate(
        self, organisation_id: UUID, text: str, source: str, target: str
    ) -> LiveText:
        """Translate a text as a `live` job. The caller keeps the record with `keep`.

        Raises QuotaExceeded, UnsupportedPair, and the errors of inference.
        """
        access = Access(organisation_id, frozenset())
        await self._quotas.require(access, billed_characters(text))
        to = find_code(target) or target
        async with self._db.tx(organisation_id) as tx:
            terms = await self._terms.load_all(tx, source, root(to))
        translation = await service.translate(
            self._inference,
            organisation_id=organisation_id,
            texts=[text],
            target=to,
            languages=[source],
            terms=terms,
            is_live=True,
            is_checked=True,
        )
        [done] = translation.texts
        hashes = {model.name: model.hash[:12] for model in await self._inference.models()}
        engine = "+".join(f"{name}@{hashes.get(name, '')}" for name in done.models)
        return LiveText(done.text, engine, done.untranslated, done.issues, translation)

    async def keep(self, tx: Tx, text: LiveText) -> None:
        """Count a translation towards the usage of the transaction's organisation."""
        access = Access(tx.organisation_id, frozenset())
        await service.record(tx, access, text.record, TAG)


def _route(models: Collection[ModelInfo], source: str, target: str) -> list[str] | None:
    codes = find_code(source), find_code(target)
    if codes[0] is None or codes[1] is None:
        return None
    try:
        return routing.route(models, codes[0], codes[1])
    except UnsupportedPair:
        return None
