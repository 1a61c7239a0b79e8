"""`make bench`: run the benchmarks and write docs/benchmarks.md.

`python -m benchmarks NAME...` runs some of them and prints their sections instead.
"""

import importlib
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import psutil

NAMES = (
    "overhead",
    "cached",
    "start",
    "engine",
    "cost",
    "glossary",
    "placeholders",
    "tags",
    "requests",
    "identity",
)
REPORT = Path(__file__).parents[1] / "docs" / "benchmarks.md"

_HEAD = """# Benchmarks

Written by `make bench`; run it on your own machine before you believe a figure. Ratios compare two
things measured in the same run, and mean more than times: these come from a small shared machine.

- Machine: {machine}
- Python {python}, {system}
- Date: {date}
"""


def main(arguments: list[str]) -> None:
    """Run the named benchmarks, or all of them."""
    sections = []
    for name in arguments or NAMES:
        print(f"running {name} ...", file=sys.stderr)
        sections.append(importlib.import_module(f"benchmarks.{name}").run())
    if arguments:
        print("\n".join(sections))
    else:
        REPORT.write_text(_head() + "\n" + "\n".join(sections), "utf-8")
        print(f"wrote {REPORT}", file=sys.stderr)


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
