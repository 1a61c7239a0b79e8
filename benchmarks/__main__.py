"""`make bench`: run the benchmarks and write docs/benchmarks.md.

`python -m benchmarks NAME...` runs some of them and prints their sections instead.
`python -m benchmarks --update NAME...` runs some and puts their sections into the report in place
of those that are there; with `--kept` instead, sections made of results that were kept (`goodput`,
`promises`, `chat`).
"""

import importlib
import platform
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import psutil

NAMES = (
    "goodput",
    "promises",
    "overhead",
    "cached",
    "start",
    "engine",
    "cost",
    "scheduling",
    "glossary",
    "placeholders",
    "tags",
    "quality",
    "requests",
    "identity",
    "provisioning",
    "chat",
    "scroll",
    "programs",
    "matrix",
)
REPORT = Path(__file__).parents[1] / "docs" / "benchmarks.md"

_KEEPERS = {"goodput": "goodput_section", "promises": "promises", "chat": "chat"}
"""Modules that make a section of kept results."""

_HEAD = """# Benchmarks

Written by `make bench`; run it on your own machine before you believe a figure. Ratios compare two
things measured in the same run, and mean more than times: these come from a small shared machine.

- Machine: {machine}
- Python {python}, {system}
- Date: {date}

There is no comparison with LibreTranslate: it downloads its models when it runs, and these
benchmarks run without a network.
"""


def main(arguments: list[str]) -> None:
    """Run the named benchmarks, or all of them."""
    if arguments[:1] == ["--kept"]:
        _replace([_module(_KEEPERS[name]).section() for name in arguments[1:]])
        return
    if arguments[:1] == ["--update"]:
        _replace([_module(name).run() for name in arguments[1:]])
        return
    sections = []
    for name in arguments or NAMES:
        print(f"running {name} ...", file=sys.stderr)
        sections.append(_module(name).run())
    if arguments:
        print("\n".join(sections))
    else:
        REPORT.write_text(_head() + "\n" + "\n".join(sections), "utf-8")
        print(f"wrote {REPORT}", file=sys.stderr)


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"benchmarks.{name}")


def _replace(made: list[str]) -> None:
    """Put these sections into the report, new ones at its end."""
    head, *present = re.split(r"^(?=## )", REPORT.read_text("utf-8"), flags=re.MULTILINE)
    sections = {section.splitlines()[0]: f"{section.rstrip()}\n\n" for section in present}
    for section in made:
        title, body = section.split("\n", 1)
        sections[title] = f"{title}\n\n{_measured()}\n{body.strip()}\n\n"
    REPORT.write_text(head + "".join(sections.values()).rstrip() + "\n", "utf-8")
    print(f"wrote {REPORT}", file=sys.stderr)


def _measured() -> str:
    """Say when and on what, since the sections beside it may come from another machine."""
    flags = Path("/proc/cpuinfo").read_text("utf-8") if Path("/proc/cpuinfo").exists() else ""
    vectors = [each for each in ("avx512_vnni", "avx_vnni", "avx2") if each in flags]
    on = f", {_processor()} with {vectors[0]}" if vectors else ""
    return f"Measured on {datetime.now(UTC).date().isoformat()}{on}.\n"


def _head() -> str:
    memory = psutil.virtual_memory().total / 2**30
    return _HEAD.format(
        machine=f"{psutil.cpu_count()} cores of {_processor()}, {memory:.0f} GiB",
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
        date=datetime.now(UTC).date().isoformat(),
    )


def _processor() -> str:
    try:
        told = subprocess.run(["lscpu"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return platform.processor() or "an unknown processor"
    names = [line.partition(":")[2].strip() for line in told.splitlines() if "Model name" in line]
    return names[0] if names else "an unknown processor"


if __name__ == "__main__":
    main(sys.argv[1:])
