"""The command line: `hanse serve | translate | models | user | key | ...`."""

import asyncio
import sys
from typing import Any

import click

from hanse.cli import bench, chat, inference, people, programs, work
from hanse.cli.common import quiet_logs, settings


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="hanse")
def main() -> None:
    """Hanse: one house for organisations of many languages and places."""


@main.command()
@click.argument(
    "role",
    type=click.Choice(["all", "web", "gateway", "inference", "generation", "rpc", "jobs", "rooms"]),
    default="all",
)
@click.option("--fd", type=int, hidden=True, help="Listening socket handed over by the supervisor.")
@click.option("--worker", "part", flag_value="worker", help="inference: workers alone.")
@click.option("--scheduler", "part", flag_value="scheduler", help="inference: no workers.")
def serve(role: str, fd: int | None, part: str | None) -> None:
    """Start Hanse: everything on this machine, or one ROLE of a cluster."""
    from hanse.server import roles

    if part and role != "inference":
        raise click.UsageError(f"--{part} belongs to 'hanse serve inference'.")
    sys.exit(roles.run(role, settings(), fd=fd, part=part or ""))


@main.command()
@click.option("--to", "target", required=True, help="Target language, such as pt or en-GB.")
@click.option("--from", "source", help="Source language; detected when left out.")
@click.argument("files", nargs=-1, type=click.File("rb"))
def translate(target: str, source: str | None, files: tuple[Any, ...]) -> None:
    """Translate standard input or FILES to standard output, on this machine."""
    from hanse.server import shell

    quiet_logs()
    try:
        inputs: tuple[Any, ...] = files or (sys.stdin.buffer,)
        for file in inputs:
            asyncio.run(shell.translate(settings(), file.read(), source, target))
    except shell.ShellError as error:
        raise click.ClickException(str(error)) from error
    except BrokenPipeError:
        sys.exit(0)


@main.command()
def migrate() -> None:
    """Bring an external database (HANSE_DATABASE_OWNER_URL) to this version."""
    from hanse.platform.migrate import MigrationError
    from hanse.server.first_start import prepare_database

    url = settings().database_owner_url
    if not url:
        raise click.ClickException(
            "Set HANSE_DATABASE_OWNER_URL. The database that Hanse starts itself needs no migrate."
        )
    try:
        token = asyncio.run(prepare_database(settings(), url))
    except (MigrationError, OSError) as error:
        raise click.ClickException(str(error)) from error
    if token:
        from hanse.server.operator import sign_in_url

        click.echo(sign_in_url(settings(), token))


@main.command("settings")
def show_settings() -> None:
    """Print the table of all settings, as Markdown."""
    from hanse.server.settings import table

    click.echo(table(), nl=False)


@main.command("openapi")
def show_openapi() -> None:
    """Print the OpenAPI document, as a running server has it at /openapi.json."""
    import json

    from hanse.server.app import document

    # The framework gives the addresses of one handler in no fixed order.
    click.echo(json.dumps(document(settings()), indent=1, sort_keys=True))


@main.command("asyncapi")
def show_asyncapi() -> None:
    """Print the AsyncAPI document of the chat's sockets."""
    import json
    from importlib.metadata import version

    from hanse.chat import asyncapi_document

    click.echo(json.dumps(asyncapi_document(version("hanse")), indent=1, sort_keys=True))


for group in (
    inference.models,
    inference.inference,
    bench.bench,
    programs.program,
    chat.chat,
    people.user,
    people.key,
    work.mail,
    work.jobs,
):
    main.add_command(group)
