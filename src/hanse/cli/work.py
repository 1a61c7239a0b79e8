"""Mail, and background work that was given up."""

import asyncio
from typing import TYPE_CHECKING, Any

import click

from hanse.cli.common import operate, organisation_option, settings

if TYPE_CHECKING:
    from hanse.platform.database import Tx


@click.group()
def mail() -> None:
    """Try the mail server."""


@mail.command("test")
@click.argument("address")
def mail_test(address: str) -> None:
    """Send a letter to ADDRESS, by the settings of this machine."""
    from hanse.platform.mail import MailRefused
    from hanse.platform.problems import Problem
    from hanse.server.post import send_test_letter

    try:
        asyncio.run(send_test_letter(settings(), address))
    except (ValueError, Problem, MailRefused) as error:
        raise click.ClickException(str(error)) from error
    click.echo("The mail server has taken the letter.", err=True)


@click.group()
def jobs() -> None:
    """See background work that was given up, and give it a new chance."""


@jobs.command("failed")
@organisation_option
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

    for line in operate(act, organisation):
        click.echo(line)


@jobs.command("retry")
@click.argument("job_id", type=int)
@organisation_option
def jobs_retry(job_id: int, organisation: str | None) -> None:
    """Let a job that was given up run again."""
    from hanse.platform.jobs import retry_dead

    async def act(tx: "Tx", _access: Any) -> None:
        await retry_dead(tx, job_id)

    operate(act, organisation)
