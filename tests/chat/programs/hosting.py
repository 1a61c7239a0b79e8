"""Programs in rooms, as tests put them there and wait for them."""

import os
import signal
from contextlib import suppress
from typing import Any

from hanse.chat.programs.runners import Runners
from tests.chat.conftest import Person
from tests.eventing import until


class Programs:
    """The programs of this module's rooms: their runners can be killed."""

    def __init__(self, runners: Runners) -> None:
        self.runners = runners

    def kill_runners(self) -> None:
        for each in self.runners.all:
            if each.pid is not None:
                with suppress(ProcessLookupError):  # nobody has noticed yet
                    os.kill(each.pid, signal.SIGKILL)


async def attach(who: Person, room: str, source: str, **more: Any) -> str:
    body = {"name": "Counter", "source": source, **more}
    return str((await who.ask("POST", f"/rooms/{room}/programs", body, 201))["id"])


async def caught_up(who: Person, program: str) -> Any:
    """Wait until a program has handled all of its room's log; return what is known of it."""

    async def there() -> Any:
        found = await who.ask("GET", f"/programs/{program}")
        return found if found["progress"]["cursor"] >= found["progress"]["head"] else None

    return await until(there, "the program has handled everything")


async def stopped(who: Person, program: str) -> Any:
    async def there() -> Any:
        found = await who.ask("GET", f"/programs/{program}")
        return found if found["program"]["status"] == "stopped" else None

    return await until(there, "the program was stopped")


async def log_of(who: Person, room: str) -> list[Any]:
    return list((await who.ask("GET", f"/rooms/{room}/events?limit=500"))["events"])


async def posts_of(who: Person, room: str, program: str) -> list[str]:
    log = await log_of(who, room)
    return [e["body"]["text"] for e in log if e["sender_id"] == program and e["kind"] == "message"]
