"""What the routes that translate share in one process, made once.

It hangs on the application's state instead of being a dependency of each route: the framework
resolves the dependencies of a request in tasks of their own, which for these few constants would
cost more than all else that it does.
"""

import asyncio
from typing import Final

from hanse.inference import InferenceClient
from hanse.language.answering import Answering, TranslateResponse
from hanse.language.detect import Detector
from hanse.language.quotas import Quotas
from hanse.language.repeats.attempts import Attempts
from hanse.language.repeats.joining import Repeats
from hanse.language.revising.service import formal_languages
from hanse.platform.database import Db

STATE: Final = "translations"
"""The name in the application's state."""


class Translations:
    """Answers requests to translate, each once; `quotas` are those of all callers.

    `characters_per_month_max` is for each organisation, 0 without a limit; `generation` leads to
    the language model that revises translations, if there is one.
    """

    def __init__(
        self,
        db: Db,
        inference: InferenceClient,
        characters_per_month_max: int = 0,
        generation: InferenceClient | None = None,
    ) -> None:
        self.quotas = Quotas(db, characters_per_month_max)
        self.attempts = Attempts(db)
        self.repeats = Repeats(self.attempts, TranslateResponse)
        self._db = db
        self._inference = inference
        self._generation = generation
        self.formal_languages = formal_languages(generation)
        self._detector: asyncio.Task[Detector] | None = None
        self._answering: Answering | None = None

    async def detector(self) -> Detector:
        """Return the detector of this process, loaded by the first who asks."""
        if self._detector is None:
            self._detector = asyncio.create_task(asyncio.to_thread(Detector))
        return await asyncio.shield(self._detector)

    async def answering(self) -> Answering:
        """Return what translates and keeps count."""
        if self._answering is None:
            detector = await self.detector()
            self._answering = self._answering or Answering(
                self._db, self._inference, detector, self.quotas, self._generation
            )
        return self._answering
