"""Benchmarks that need no server."""

from pathlib import Path
from typing import Any

import click


@click.group()
def bench() -> None:
    """Find out how fast, and how fair, this is."""


@bench.command("simulate")
@click.option(
    "--study",
    type=click.Choice(["compare", "flood", "limits", "placement", "scale", "cells"]),
    default="compare",
    show_default=True,
    help="Policies under rising load; one organisation that floods; other constants of the "
    "scheduler; a hundred models on workers with little memory; up to 10,000 workers; or choosing "
    "among 100 cells.",
)
@click.option(
    "--engine",
    type=click.Choice(["fxtranslate", "c-engine", "onnx", "gpu", "generation"]),
    default="fxtranslate",
    show_default=True,
    help="What a batch costs.",
)
@click.option("--workers", type=click.IntRange(1, 10_000), default=2, show_default=True)
@click.option(
    "--pace",
    "paces",
    type=click.FloatRange(min=0.01),
    multiple=True,
    default=(1.0,),
    help="How many times as long a kind of worker takes; give it again for each kind.",
)
@click.option("--policy", "policies", multiple=True, help="One to compare; all when left out.")
@click.option(
    "--load",
    "loads",
    type=click.FloatRange(min=0.001),
    multiple=True,
    help="Offered work as a part of what the fleet can do at most; may be given again.",
)
@click.option("--pattern", type=click.Choice(["poisson", "bursts", "diurnal"]), default="poisson")
@click.option("--heavy", is_flag=True, help="Heavy tails: some sentences and requests are huge.")
@click.option("--organisations", type=click.IntRange(1, 1_000), default=8, show_default=True)
@click.option("--models", type=click.IntRange(1, 100), default=1, show_default=True)
@click.option(
    "--fitting",
    type=click.IntRange(1, 1_000),
    default=8,
    show_default=True,
    help="Models that fit into the memory of a worker.",
)
@click.option(
    "--load-time",
    type=click.FloatRange(min=0),
    help="Seconds to load a model; the engine's when left out.",
)
@click.option("--flood", type=click.FloatRange(min=1), default=10.0, show_default=True)
@click.option("--duration", type=click.FloatRange(min=1), default=30.0, help="Seconds that count.")
@click.option("--noise", type=click.FloatRange(min=0), default=0.1, show_default=True)
@click.option("--crashes", type=click.FloatRange(min=0), default=0.0, help="A worker-hour.")
@click.option("--hangs", type=click.FloatRange(min=0), default=0.0, help="A worker-hour.")
@click.option("--slow", type=click.FloatRange(0, 1), default=0.0, help="Part of slow workers.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--traffic", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--record", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--plots", type=click.Path(file_okay=False, path_type=Path), help="Folder for SVGs.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
def bench_simulate(**options: Any) -> None:
    """Try the scheduler against its rivals in virtual time, on this machine and nothing else.

    --traffic FILE replays requests from JSON lines, --record FILE writes those made up here.
    """
    from hanse.inference.simulate.command import from_options
    from hanse.inference.simulate.plots import NoPlots
    from hanse.inference.simulate.workload import BadRecording

    as_json = options.pop("as_json")
    try:
        found = from_options(**options)
    except (NoPlots, BadRecording, ValueError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(found.json() if as_json else found.text)
    for file in found.files:
        click.echo(f"Drew {file}", err=True)
