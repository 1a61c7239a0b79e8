"""Which models in ONNX there are on disk: folders with a file `model.onnx`, named as the folder.

With `embedding.json` and `tokenizer.json` beside it, it makes vectors of texts; with `model.json`,
it reads and gives tensors.
"""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from hanse.inference.engines import embedding, onnx
from hanse.inference.job import ModelInfo, ModelSpec
from hanse.inference.models import ONNX_FILE, DamagedModel, hash_of, size_of, state_of

_KINDS = (embedding, onnx)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class OnnxCatalogue:
    """The models in one directory, each with a hash of its files.

    Hashes are kept as long as the files keep their size and time, so looking again is cheap.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._hashes: dict[tuple[tuple[str, int, int], ...], str] = {}
        self.skipped: dict[Path, str] = {}

    def read(self) -> list[ModelSpec]:
        """Return the models as they are now; why folders were skipped is in `skipped`.

        Reads whole files the first time: not for an event loop.
        """
        self.skipped = {}
        specs: list[ModelSpec] = []
        hashes: dict[tuple[tuple[str, int, int], ...], str] = {}
        for folder in self._folders():
            try:
                files = _files(folder)
                state = tuple(state_of(file) for file in files)
                known = self._hashes.get(state) or hash_of(files)
            except (OSError, ValueError) as error:
                self.skipped[folder] = str(error)
                continue
            hashes[state] = known
            specs.append(_spec(folder, known, size_of(state)))
        self._hashes = hashes
        return specs

    def _folders(self) -> list[Path]:
        try:
            folders = sorted(self._directory.iterdir())
        except OSError:
            return []
        return [
            folder
            for folder in folders
            if not folder.name.startswith(".") and (folder / ONNX_FILE).is_file()
        ]


def _files(folder: Path) -> list[Path]:
    if not _NAME.fullmatch(folder.name):
        raise DamagedModel("Its name has other than letters, digits, dots, dashes, underscores.")
    described = [each for each in _KINDS if (folder / each.OPTIONS_FILE).is_file()]
    if len(described) != 1:
        names = " or ".join(each.OPTIONS_FILE for each in _KINDS)
        raise DamagedModel(f"There must be either {names} beside {ONNX_FILE}.")
    described[0].read_options(folder)
    # Large models keep their weights in files beside the graph.
    return sorted(file for file in folder.iterdir() if file.is_file())


def _spec(folder: Path, files_hash: str, size: int) -> ModelSpec:
    kind = next(each for each in _KINDS if (folder / each.OPTIONS_FILE).is_file())
    engine = kind.engine
    whole = f"{engine.name}-{engine.version}-{files_hash}"
    info = ModelInfo(
        name=folder.name,
        task=kind.TASK,
        source=None,
        target=None,
        engine=engine.name,
        hash=hashlib.sha256(whole.encode()).hexdigest(),
    )
    return ModelSpec(info=info, traits=engine.traits, directory=str(folder), bytes=size)


def merged(*groups: Iterable[ModelSpec]) -> list[ModelSpec]:
    """Return all models; of several with one name, the first."""
    named: dict[str, ModelSpec] = {}
    for group in groups:
        for model in group:
            named.setdefault(model.info.name, model)
    return list(named.values())
