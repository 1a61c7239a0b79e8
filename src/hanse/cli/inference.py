"""Models, the scheduler and its workers."""

import asyncio
import sys
from pathlib import Path

import click

from hanse.cli.common import quiet_logs, settings


@click.group()
def models() -> None:
    """List and add translation models."""


@models.command("list")
def models_list() -> None:
    """List the models that are installed: pair, engine, hash of the files."""
    from hanse import inference

    found = settings()
    for model in inference.installed_models(found.models_path, found.translation_engine):
        click.echo(f"{model.name}\t{model.engine}\t{model.hash[:12]}")


@models.command("add")
@click.argument("pairs", nargs=-1, required=True, metavar="PAIR...")
def models_add(pairs: tuple[str, ...]) -> None:
    """Fetch models from Mozilla, such as en-de. A running server finds them by itself."""
    from hanse import inference
    from hanse.platform.problems import Problem

    def progress(arrived: int) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r{arrived / 1e6:.1f} MB", nl=False, err=True)

    for pair in pairs:
        try:
            names = inference.add_model(pair, settings().models_path, progress=progress)
        except (Problem, ValueError) as error:
            raise click.ClickException(str(error)) from error
        click.echo(f"Installed: {', '.join(names)}", err=True)


@click.group()
def inference() -> None:
    """Look at the scheduler and its workers."""


@inference.command("status")
@click.option("--watch", type=click.FloatRange(min=0.1), help="Show it again every SECONDS.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
def inference_status(watch: float | None, as_json: bool) -> None:
    """Show queues, slack, workers with their models, and learned costs."""
    from hanse.server import scheduler_status

    quiet_logs()
    try:
        asyncio.run(scheduler_status.show(settings(), watch, as_json=as_json))
    except scheduler_status.NoScheduler as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        sys.exit(0)


@inference.command("certificates")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--days", default=365, type=click.IntRange(1, 3650), help="How long they are valid.")
@click.option("--new-authority", is_flag=True, help="Replace the authority as well.")
def inference_certificates(folder: Path, days: int, new_authority: bool) -> None:
    """Make certificates for inference on several machines, or renew those in FOLDER."""
    from hanse.server.certificates import renew

    for path in renew(folder, days=days, new_authority=new_authority):
        click.echo(str(path))
