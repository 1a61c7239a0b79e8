"""Chat history: in from elsewhere, out, and into the index."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from hanse.cli.common import operate_long, organisation_option, settings

_EXISTING = click.Path(exists=True, path_type=Path)


@click.group()
def chat() -> None:
    """Bring chat history in and out."""


@chat.command("import")
@click.argument("path", metavar="FILE", type=_EXISTING)
@click.option(
    "--format",
    "format",
    type=click.Choice(["slack", "mattermost", "zulip", "hanse"]),
    help="What the file is an export of; found out when left out.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be made, and make nothing.")
@organisation_option
def chat_import(path: Path, format: str | None, dry_run: bool, organisation: str | None) -> None:
    """Bring in FILE, an export of Slack, Mattermost, Zulip or Hanse.

    Whoever has the same e-mail address here is the sender of what they wrote; the others are names.
    If it is interrupted, run the same command again: it goes on, and nothing comes twice.
    """
    from hanse import chat as system

    show = _shown(lambda at: f"{at.done} of {at.total} events, in {at.room}")

    async def act(db: Any, access: Any) -> Any:
        return await system.import_chat(
            db,
            access,
            path,
            settings().file_rules,
            format=format,
            is_dry_run=dry_run,
            tell=show,
        )

    try:
        report = operate_long(act, organisation)
    except KeyboardInterrupt:
        raise click.ClickException(
            "Interrupted. What was brought in stays; the same command goes on from there."
        ) from None
    _end_line()
    for line in _lines(report, is_dry_run=dry_run):
        click.echo(line)


@chat.command("export")
@click.argument("path", metavar="OUT.zip", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--room", type=click.UUID, help="Id of one room; all rooms when left out.")
@click.option("--force", is_flag=True, help="Replace OUT.zip if it is there.")
@organisation_option
def chat_export(path: Path, room: Any, force: bool, organisation: str | None) -> None:
    """Write rooms with their messages and files into OUT.zip, direct rooms among them.

    The audit log notes it. The file has pages to read, and lines of JSON that 'hanse chat import'
    takes.
    """
    from hanse import chat as system

    if path.exists() and not force:
        raise click.ClickException(f"{path} is there already. Give --force to replace it.")
    show = _shown(lambda at: f"{at.rooms} rooms, {at.events} events")

    async def act(db: Any, access: Any) -> Any:
        return await system.export_chat(db, access, path, room_id=room, tell=show)

    try:
        done = operate_long(act, organisation)
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}.") from error
    _end_line()
    click.echo(f"{path}: {done.rooms} rooms, {done.events} events, {done.files} files.", err=True)


@chat.command("index")
@organisation_option
def chat_index(organisation: str | None) -> None:
    """Let search find messages that it does not know, such as those older than search itself.

    The running Hanse does the work, after what is new. If this is interrupted, run it again.
    """
    from hanse import chat as system

    show = _shown(lambda at: f"{at.rooms} rooms looked at, {at.messages} messages to index")

    async def act(db: Any, access: Any) -> int:
        messages = 0
        async for at in system.index_missing(db, access):
            show(at)
            messages = at.messages
        return messages

    messages = operate_long(act, organisation)
    _end_line()
    click.echo(f"{messages} messages are going to be indexed.", err=True)


def _shown(text: Callable[[Any], str]) -> Callable[[Any], None]:
    """Show progress on one line of a terminal, and nowhere else."""
    if not sys.stderr.isatty():
        return lambda _: None
    return lambda at: click.echo(f"\r\x1b[K{text(at)}", err=True, nl=False)


def _end_line() -> None:
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", err=True, nl=False)


def _lines(report: Any, *, is_dry_run: bool) -> list[str]:
    totals = report.totals()
    lines = [
        f"{each.fate}\t{each.name}\t{each.counts['message']} messages" for each in report.rooms
    ]
    lines += [
        "",
        f"People here, by their e-mail addresses: {len(report.matched)}",
        f"People {'who would become' if is_dry_run else 'who became'} names: {report.departed}",
        f"Messages: {totals['message']}, {totals['thread']} of them replies in threads",
        f"Edits: {totals['edit']}, reactions: {totals['reaction']}, pins: {totals['pin']}",
        f"Files: {totals['file']}",
    ]
    if report.skipped:
        lines += ["", "Not carried:"]
        lines += [f"{count}\t{reason}" for reason, count in sorted(report.skipped.items())]
    if is_dry_run:
        lines += ["", "Nothing was written. Leave out --dry-run to bring this in."]
    return lines
