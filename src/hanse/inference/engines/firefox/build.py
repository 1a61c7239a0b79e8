"""Compiles the engine's C library: the same kernels once for each instruction set.

Compiling each set as its own unit with its own flags (rather than with function attributes)
works alike in gcc and clang; ``engine.c`` picks among them at run time by what the processor has.
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

NATIVE = Path(__file__).parent / "native"
COMPILERS = ("cc", "gcc", "clang")
COMPILE_TIMEOUT_S = 300.0

# Identical bits on every instruction set need every float operation rounded on its own.
EXACT = ("-ffp-contract=off", "-fno-fast-math")
FLAGS = ("-std=gnu11", "-O3", "-fPIC", "-fvisibility=hidden", "-Wall", "-Wno-psabi", *EXACT)

# Some compilers aim at the machine they run on unless told otherwise.
X86_BASE = ("-march=x86-64",)
X86_SETS: dict[str, tuple[str, ...]] = {
    "avx512vnni": ("-mavx512f", "-mavx512bw", "-mavx512vl", "-mavx512dq", "-mavx512vnni"),
    "avxvnni": ("-mavx2", "-mavxvnni"),
    "avx2": ("-mavx2",),
}
ARM_SETS: dict[str, tuple[str, ...]] = {"dotprod": ("-march=armv8.2-a+dotprod",)}


class BuildError(RuntimeError):
    """There is no C compiler, or it refused the portable kernels too."""


def library_name() -> str:
    """The file name of the shared library on this platform."""
    return "_engine.dylib" if sys.platform == "darwin" else "_engine.so"


def find_compiler() -> str | None:
    """The C compiler of ``$CC``, else the first of cc, gcc and clang that is installed."""
    wanted = os.environ.get("CC", "").split()
    return next((path for name in (*wanted[:1], *COMPILERS) if (path := shutil.which(name))), None)


def compile_library(
    folder: Path, *, compiler: str | None = None, extra: Sequence[str] = ()
) -> Path:
    """Compile into ``folder``, atomically replacing an older library, and return its path.

    An instruction set the compiler does not know is left out; ``extra`` flags (sanitizers,
    profiling) go to every unit and to the linker.

    Raises:
        BuildError: no compiler, or it failed; the message ends with what it said.
    """
    cc = compiler or find_compiler()
    if cc is None:
        raise BuildError("no C compiler (cc, gcc or clang)")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".build-") as temporary:
        objects = Path(temporary)
        built = [name for name in _sets() if _compile_kernels(cc, objects, name, extra)]
        have = [f"-DHANSE_HAS_{name}" for name in built]
        _compile(cc, "engine.c", objects / "engine.o", [*extra, *have])
        _compile(cc, "kernels.c", objects / "portable.o", extra)
        library = objects / library_name()
        units = sorted(map(str, objects.glob("*.o")))
        _run([cc, "-shared", *extra, *units, "-o", str(library), "-lm"])
        return library.replace(folder / library_name())


def _sets() -> dict[str, tuple[str, ...]]:
    machine = platform.machine().lower()
    if machine in ("x86_64", "amd64"):
        return X86_SETS
    return ARM_SETS if machine in ("aarch64", "arm64") else {}


def _compile_kernels(cc: str, objects: Path, name: str, extra: Sequence[str]) -> bool:
    names = (f"-DHANSE_KERNELS=hanse_kernels_{name}", f'-DHANSE_KERNELS_NAME="{name}"')
    unit = objects / f"{name}.o"
    try:
        _compile(cc, "kernels.c", unit, [*_sets()[name], *extra, *names])
    except BuildError:
        unit.unlink(missing_ok=True)
        return False
    return True


def _compile(cc: str, source: str, unit: Path, flags: Sequence[str]) -> None:
    base = X86_BASE if _sets() is X86_SETS else ()
    _run([cc, *FLAGS, *base, *flags, "-c", str(NATIVE / source), "-o", str(unit)])


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=COMPILE_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BuildError(f"{command[0]}: {error}") from error
    if done.returncode:
        raise BuildError(f"{' '.join(command)}\n{done.stderr[-4000:]}")


if __name__ == "__main__":
    print(compile_library(Path(__file__).parent))
