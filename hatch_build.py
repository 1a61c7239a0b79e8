"""Compiles the translation engine's C library into the package, where there is a C compiler.

Without one the wheel is pure Python and translation falls back to `fxtranslate`.
"""

import importlib.util
import sys
import sysconfig
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ENGINE = Path("src/hanse/inference/engines/firefox")


class EngineBuildHook(BuildHookInterface[Any]):
    """Runs for wheels and for editable installs; a missing or failing compiler is not an error."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Compile, and ship the library in a wheel for this platform only."""
        folder = Path(self.root) / ENGINE
        build = _load(folder / "build.py")
        try:
            library = build.compile_library(folder)
        except build.BuildError as error:
            self.app.display_warning(f"Without the compiled translation engine: {error}")
            return
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform}"  # plain C: any Python, this platform
        # Artifacts are shipped although version control ignores them.
        build_data["artifacts"].append(library.relative_to(self.root).as_posix())


def _load(path: Path) -> ModuleType:
    """The module at `path` by itself: the package cannot be imported before it is installed."""
    spec = importlib.util.spec_from_file_location("hanse_engine_build", path)
    if spec is None or spec.loader is None:
        raise ImportError(str(path))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
