"""Which engine runs a Firefox model: ours where it can, else Mozilla's."""

from collections.abc import Callable

from hanse.inference.engines import Engine, find_engine
from hanse.inference.engines.firefox import available
from hanse.inference.models import CTranslate2Files, FirefoxFiles, ModelFiles
from hanse.platform.process import SetupError

AUTO = "auto"
"""The engine `firefox` where its library was built, else `firefox-onnx`; models that they do not
read go to `fxtranslate`, which reads every Firefox model on every platform."""


def engine_chooser(
    wanted: str, *, is_compiled: Callable[[], bool] = available
) -> Callable[[ModelFiles], Engine]:
    """Return what names the engine of a model, by `auto` or the name of an engine.

    Raises SetupError when `firefox` is asked for and its library was not built.
    """
    fxtranslate, converted = find_engine("fxtranslate"), find_engine("ctranslate2")
    if wanted != AUTO:
        if wanted == "firefox" and not is_compiled():
            raise SetupError(
                "The engine 'firefox' was not compiled when Hanse was installed. Install a C "
                "compiler and install Hanse again, or set HANSE_TRANSLATION_ENGINE=auto."
            )
        chosen = find_engine(wanted)
        return lambda files: converted if isinstance(files, CTranslate2Files) else chosen
    ours = find_engine("firefox" if is_compiled() else "firefox-onnx")

    def choose(files: ModelFiles) -> Engine:
        if isinstance(files, CTranslate2Files):
            return converted
        return ours if _is_read_by_ours(files) else fxtranslate

    return choose


def _is_read_by_ours(files: FirefoxFiles) -> bool:
    return files.shortlist is not None and files.source_vocabulary == files.target_vocabulary
