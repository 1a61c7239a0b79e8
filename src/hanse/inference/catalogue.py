"""The models of this machine, looked at again and again."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from hanse.inference.choice import AUTO, engine_chooser
from hanse.inference.engines import checker, e5, own_model
from hanse.inference.engines.firefox import available
from hanse.inference.job import ModelSpec
from hanse.inference.models import Catalogue, model_directories
from hanse.inference.onnx_models import OnnxCatalogue, merged
from hanse.platform.telemetry import log


def own_models(*, pseudo: bool, engines: Sequence[str]) -> list[ModelSpec]:
    """Return the models of engines that need no files; `engines` win over those of the same name.

    Raises UnknownEngine.
    """
    own = [own_model(name) for name in [*engines, *(["pseudo"] if pseudo else [])]]
    return own + checker.models()


def catalogue_of(models_directory: Path, translation_engine: str) -> Catalogue:
    """Return the catalogue of a directory and of what is bundled. Raises SetupError."""
    choose = engine_chooser(translation_engine)
    if translation_engine == AUTO and not available():
        log.warning("the fast engine was not compiled", instead="firefox-onnx")
    return Catalogue(model_directories(models_directory), choose)


class ModelWatch:
    """Tells which models there are, and says in the log what is skipped and why."""

    def __init__(
        self,
        catalogue: Catalogue,
        onnx: OnnxCatalogue,
        own: list[ModelSpec],
        tell: Callable[[list[ModelSpec]], None],
    ) -> None:
        self._catalogue = catalogue
        self._onnx = onnx
        self._own = own
        self._tell = tell
        self._known: list[ModelSpec] | None = None
        self._skipped: dict[Path, str] = {}

    async def look(self) -> None:
        """Look once."""
        models = merged(
            self._own,
            await asyncio.to_thread(self._catalogue.read),
            await asyncio.to_thread(self._onnx.read),
            e5.models(),
        )
        skipped = self._catalogue.skipped | self._onnx.skipped
        for folder, reason in skipped.items():
            if self._skipped.get(folder) != reason:
                log.warning("model skipped", folder=str(folder), reason=reason)
        self._skipped = skipped
        if models != self._known:
            self._known = models
            log.info("models", names={model.info.name: model.info.engine for model in models})
            self._tell(models)

    async def run(self, every_s: float) -> None:
        """Look again and again."""
        while True:
            await asyncio.sleep(every_s)
            await self.look()
