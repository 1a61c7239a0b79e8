"""Which engine runs a Firefox model: ours where it can, else Mozilla's."""

from collections.abc import Callable

from hanse.inference.engines import Engine, find_engine
from hanse.inference.engines.firefox import available
from hanse.inference.models import FirefoxFiles
from hanse.platform.process import SetupError

AUTO = "auto"
"""The engine `firefox` where its library was built and for models that it reads, and for the rest
`fxtranslate`, which reads every Firefox model on every platform."""


def engine_chooser(wanted: str) -> Callable[[FirefoxFiles], Engine]:
    """Return what names the engine of a model, by `auto`, `firefox` or `fxtranslate`.

    Raises SetupError when `firefox` is asked for and its library was not built.
    """
    firefox, fxtranslate = find_engine("firefox"), find_engine("fxtranslate")
    if wanted == "fxtranslate":
        return lambda _files: fxtranslate
    if not available():
        if wanted == "firefox":
            raise SetupError(
                "The engine 'firefox' was not compiled when Hanse was installed. Install a C "
                "compiler and install Hanse again, or set HANSE_TRANSLATION_ENGINE=auto."
            )
        return lambda _files: fxtranslate
    if wanted == "firefox":
        return lambda _files: firefox
    return lambda files: firefox if _is_read_by_firefox(files) else fxtranslate


def _is_read_by_firefox(files: FirefoxFiles) -> bool:
    return files.shortlist is not None and files.source_vocabulary == files.target_vocabulary
