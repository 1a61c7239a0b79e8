"""Programs of rooms, tried on a recorded room; no server is needed."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from uuid import UUID

import click

if TYPE_CHECKING:
    from hanse.chat.programs.effects import Rights
    from hanse.chat.programs.events import Event
    from hanse.chat.programs.sandbox import ProgramFault

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_source = click.argument("file", type=_FILE)


@click.group()
def program() -> None:
    """Check a room's program, and try it on recorded events."""


def _tried(command: Callable[..., None]) -> Callable[..., None]:
    """Add what commands share that feed events to a program."""
    for option in (
        click.option(
            "--events",
            "recording",
            type=_FILE,
            required=True,
            help="A recorded room: events as GET /v1/rooms/{id}/events has them, one a line.",
        ),
        click.option(
            "--allow",
            multiple=True,
            type=click.Choice(["delete", "moderate", "translate"]),
            help="What the program may do beyond its room; may be given again.",
        ),
        click.option(
            "--allow-host",
            "hosts",
            multiple=True,
            help="A host that the program may ask by https; may be given again.",
        ),
        click.option(
            "--program",
            "program_id",
            type=click.UUID,
            help="The id of a program in that room: feed what it was given, since it began anew.",
        ),
        _source,
    ):
        command = option(command)
    return command


@program.command()
@_source
def check(file: Path) -> None:
    """Load the program in FILE (Lua if it ends with .lua) and say what is wrong with it."""
    from hanse.chat.programs.guests import language_of
    from hanse.chat.programs.sandbox import Program, ProgramFault

    try:
        with Program(_read(file), language_of(file.name)) as loaded:
            click.echo(f"{file}: loads, with {len(loaded.initial_state)} bytes of state.")
    except ProgramFault as found:
        _end_with(file, found)


@program.command()
@_tried
def run(
    file: Path,
    recording: Path,
    allow: tuple[str, ...],
    hosts: tuple[str, ...],
    program_id: UUID | None,
) -> None:
    """Feed recorded events to the program in FILE: a line of JSON for each tells what came of it.

    Ends with 1 if the program failed at any of them.
    """
    import msgspec

    from hanse.chat.programs.guests import language_of
    from hanse.chat.programs.replay import run as run_program
    from hanse.chat.programs.sandbox import ProgramFault

    faults = 0
    try:
        for step, snapshot in run_program(
            _read(file),
            _events(recording, program_id),
            _rights(allow, hosts),
            language_of(file.name),
        ):
            line: dict[str, Any] = {"number": step.number, "effects": step.effects}
            line |= {"state": msgspec.Raw(snapshot.state), "state_hash": step.state_hash}
            line |= {"fuel": step.fuel, "took_us": round(step.took_us)}
            if step.fault:
                faults += 1
                line["fault"] = step.fault
            click.echo(msgspec.json.encode(line))
    except ProgramFault as found:
        _end_with(file, found)
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    if faults:
        click.echo(f"{file} failed at {faults} of the events.", err=True)
        sys.exit(1)


@program.command()
@_tried
def replay(
    file: Path,
    recording: Path,
    allow: tuple[str, ...],
    hosts: tuple[str, ...],
    program_id: UUID | None,
) -> None:
    """Run FILE twice from the start and once from a snapshot in the middle, and compare."""
    from hanse.chat.programs.guests import language_of
    from hanse.chat.programs.replay import replay as replay_program
    from hanse.chat.programs.sandbox import ProgramFault

    events = _events(recording, program_id)
    try:
        difference = replay_program(
            _read(file), events, _rights(allow, hosts), language_of(file.name)
        )
    except ProgramFault as found:
        _end_with(file, found)
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    if difference:
        raise click.ClickException(
            f"Run again {difference.run}, event {difference.number} came out otherwise: "
            f"{', '.join(difference.what)}."
        )
    click.echo(f"{file}: the same states, effects and fuel for {len(events)} events.")


@program.command()
def types() -> None:
    """Print hanse.d.ts, the types of events and effects for editors and TypeScript."""
    from hanse.chat.programs.typescript import declarations

    click.echo(declarations(), nl=False)


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file} is not in UTF-8: {error}.") from error


def _events(recording: Path, program_id: UUID | None) -> "list[Event]":
    from hanse.chat.programs.events import BadRecording, recorded
    from hanse.chat.programs.replay import events_of

    try:
        events = recorded(_read(recording).split("\n"))
        return events if program_id is None else events_of(events, program_id)
    except BadRecording as error:
        raise click.ClickException(f"{recording}: {error}") from error


def _rights(allow: tuple[str, ...], hosts: tuple[str, ...]) -> "Rights":
    from hanse.chat.programs.effects import Rights

    return Rights(allowed=frozenset(allow), hosts=frozenset(host.lower() for host in hosts))


def _end_with(file: Path, found: "ProgramFault") -> NoReturn:
    fault = found.fault
    place = f":{fault.place}" if fault.line else ""
    raise click.ClickException(f"{file}{place}: {fault.detail} ({fault.code})") from found
