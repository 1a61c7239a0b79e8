"""What commands share: the settings, and acting on a running Hanse.

Modules of commands import what a command needs when it runs: most of it costs a second.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from hanse.server.settings import Settings

organisation_option = click.option("--organisation", help="Name or id, when there are several.")


def settings() -> "Settings":
    """Read the settings, or end with what is wrong with them."""
    from hanse.server.settings import SettingsError, load

    try:
        return load(os.environ, Path.cwd())
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


def quiet_logs() -> None:
    """Let through warnings only: on a terminal, what was asked for is what counts."""
    from hanse.platform.telemetry import configure_logging

    configure_logging(level="warning", log_format="auto", role="shell")


def operate(act: Callable[..., Awaitable[Any]], organisation: str | None) -> Any:
    """Run `act` in a transaction of one organisation, or end with what is wrong."""
    from hanse.server import operator

    return _run(operator.operate, act, organisation)


def operate_long(act: Callable[..., Awaitable[Any]], organisation: str | None) -> Any:
    """Run `act` with the database and its access to one organisation, as `operate` does."""
    from hanse.server import operator

    return _run(operator.operate_long, act, organisation)


def _run(how: Any, act: Callable[..., Awaitable[Any]], organisation: str | None) -> Any:
    from hanse.platform.problems import Problem
    from hanse.server import operator

    try:
        return asyncio.run(how(settings(), act, organisation=organisation))
    except operator.OperatorError as error:
        raise click.ClickException(str(error)) from error
    except Problem as problem:
        raise click.ClickException(problem.detail) from problem
