"""The command line: `hanse serve | translate | models | user | key | ...`."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from hanse.platform.database import Tx
    from hanse.server.settings import Settings


def settings() -> "Settings":
    """Read the settings, or end with what is wrong with them."""
    from hanse.server.settings import SettingsError, load

    try:
        return load(os.environ, Path.cwd())
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


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

    shell.quiet_logs()
    try:
        inputs: tuple[Any, ...] = files or (sys.stdin.buffer,)
        for file in inputs:
            asyncio.run(shell.translate(settings(), file.read(), source, target))
    except shell.ShellError as error:
        raise click.ClickException(str(error)) from error
    except BrokenPipeError:
        sys.exit(0)


@main.group()
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


@main.group()
def inference() -> None:
    """Look at the scheduler and its workers."""


@inference.command("status")
@click.option("--watch", type=click.FloatRange(min=0.1), help="Show it again every SECONDS.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
def inference_status(watch: float | None, as_json: bool) -> None:
    """Show queues, slack, workers with their models, and learned costs."""
    from hanse.server import shell

    shell.quiet_logs()
    try:
        asyncio.run(shell.inference_status(settings(), watch, as_json=as_json))
    except shell.ShellError as error:
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


@main.group()
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


@main.group()
def user() -> None:
    """Add people and let them in."""


@user.command("create")
@click.argument("email")
@click.option("--name", help="Full name; the address when left out.")
@click.option("--role", default="member", type=click.Choice(["owner", "admin", "member", "guest"]))
@click.option("--organisation", help="Name or id, when there are several.")
def user_create(email: str, name: str | None, role: str, organisation: str | None) -> None:
    """Add a person and print a sign-in link for them."""
    from hanse import identity
    from hanse.server.operator import sign_in_url

    async def act(tx: "Tx", access: identity.Access) -> str:
        person = await identity.create_person(
            tx, access, email=email, name=name or email, role=identity.Role(role)
        )
        return await identity.create_sign_in_link(tx, access, person.id)

    click.echo(sign_in_url(settings(), _operate(act, organisation)))


@user.command("link")
@click.argument("email")
@click.option("--organisation", help="Name or id, when there are several.")
def user_link(email: str, organisation: str | None) -> None:
    """Print a new one-time sign-in link for a person."""
    from hanse import identity
    from hanse.server.operator import sign_in_url

    async def act(tx: "Tx", access: identity.Access) -> str:
        person = await identity.get_person_by_email(tx, email)
        if person is None:
            raise click.ClickException(f"Nobody here has the address {email}.")
        return await identity.create_sign_in_link(tx, access, person.id)

    click.echo(sign_in_url(settings(), _operate(act, organisation)))


@main.group()
def key() -> None:
    """Make, list and revoke API keys."""


@key.command("create")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    help="One thing that it may do; give --scope again for each further one.",
)
@click.option("--organisation", help="Name or id, when there are several.")
def key_create(name: str, scopes: tuple[str, ...], organisation: str | None) -> None:
    """Make an API key and print it, and nothing else."""
    from hanse import identity

    async def act(tx: "Tx", access: identity.Access) -> str:
        _, secret = await identity.create_api_key(tx, access, name=name, scopes=scopes or None)
        return secret

    click.echo(_operate(act, organisation))


@key.command("list")
@click.option("--organisation", help="Name or id, when there are several.")
def key_list(organisation: str | None) -> None:
    """List API keys: id, name, state, last use, scopes."""
    from hanse import identity

    async def act(tx: "Tx", _access: identity.Access) -> list[str]:
        lines, after = [], None
        while page := await identity.list_api_keys(tx, after, 200):
            after = page[-1].id
            for each in page:
                state = "revoked" if each.revoked_at else "live"
                used = f"{each.last_used_at:%Y-%m-%d %H:%M}" if each.last_used_at else "never used"
                lines.append(f"{each.id}\t{each.name}\t{state}\t{used}\t{' '.join(each.scopes)}")
        return lines

    for line in _operate(act, organisation):
        click.echo(line)


@key.command("revoke")
@click.argument("key_id", type=click.UUID)
@click.option("--organisation", help="Name or id, when there are several.")
def key_revoke(key_id: Any, organisation: str | None) -> None:
    """Revoke an API key by its id."""
    from hanse import identity

    async def act(tx: "Tx", access: identity.Access) -> str:
        return (await identity.revoke_api_key(tx, access, key_id)).name

    click.echo(f"The key '{_operate(act, organisation)}' is revoked.", err=True)


@main.group()
def mail() -> None:
    """Try the mail server."""


@mail.command("test")
@click.argument("address")
def mail_test(address: str) -> None:
    """Send a letter to ADDRESS, by the settings of this machine."""
    from hanse.platform.mail import MailRefused
    from hanse.platform.problems import Problem
    from hanse.server.notices import send_test_letter

    try:
        asyncio.run(send_test_letter(settings(), address))
    except (ValueError, Problem, MailRefused) as error:
        raise click.ClickException(str(error)) from error
    click.echo("The mail server has taken the letter.", err=True)


@main.group()
def jobs() -> None:
    """See background work that was given up, and give it a new chance."""


@jobs.command("failed")
@click.option("--organisation", help="Name or id, when there are several.")
def jobs_failed(organisation: str | None) -> None:
    """List jobs and events that were given up, newest first, with their last error."""
    from hanse.platform.consumers import list_dead_letters
    from hanse.platform.jobs import list_dead

    async def act(tx: "Tx", _access: Any) -> list[str]:
        return [
            f"job\t{each.id}\t{each.name}\t{each.attempts} attempts\t{each.error}"
            for each in await list_dead(tx)
        ] + [
            f"event\t{each.event_id}\t{each.consumer}\t{each.deliveries} attempts\t{each.error}"
            for each in await list_dead_letters(tx)
        ]

    for line in _operate(act, organisation):
        click.echo(line)


@jobs.command("retry")
@click.argument("job_id", type=int)
@click.option("--organisation", help="Name or id, when there are several.")
def jobs_retry(job_id: int, organisation: str | None) -> None:
    """Let a job that was given up run again."""
    from hanse.platform.jobs import retry_dead

    async def act(tx: "Tx", _access: Any) -> None:
        await retry_dead(tx, job_id)

    _operate(act, organisation)


def _operate(act: Callable[..., Awaitable[Any]], organisation: str | None) -> Any:
    from hanse.platform.problems import Problem
    from hanse.server.operator import OperatorError, operate

    try:
        return asyncio.run(operate(settings(), act, organisation=organisation))
    except OperatorError as error:
        raise click.ClickException(str(error)) from error
    except Problem as problem:
        raise click.ClickException(problem.detail) from problem


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


if __name__ == "__main__":
    main()
