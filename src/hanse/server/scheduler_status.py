"""`hanse inference status`: the state of the scheduler, for a person on call."""

import asyncio
from contextlib import AsyncExitStack

import click
import msgspec

from hanse.inference import InferenceUnavailable, written
from hanse.server.fleet import inference_client
from hanse.server.settings import Settings


class NoScheduler(Exception):
    """The scheduler cannot be asked; the message says why."""


async def show(settings: Settings, every_s: float | None, *, as_json: bool = False) -> None:
    """Show the state of the running scheduler, once or `every_s` seconds. Raises NoScheduler."""
    clients = AsyncExitStack()
    try:
        client = await clients.enter_async_context(inference_client(settings))
        while True:
            status = await client.status()
            if as_json:
                click.echo(msgspec.json.encode(status))
            else:
                if every_s:
                    click.clear()
                click.echo(written(status))
            if not every_s:
                return
            await asyncio.sleep(every_s)
    except InferenceUnavailable as error:
        raise NoScheduler(
            f"No scheduler answers at {_place(settings)}. Is Hanse running?"
        ) from error
    except ValueError as error:
        raise NoScheduler(str(error)) from error
    finally:
        await clients.aclose()


def _place(settings: Settings) -> str:
    if settings.inference_cells:
        return f"the cells {settings.inference_cells}"
    return settings.inference_socket or str(settings.inference_socket_path)
