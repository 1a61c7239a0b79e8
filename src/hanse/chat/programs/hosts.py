"""Which hosts the programs of an organisation may ask: the verbs about them."""

import re
from collections.abc import Sequence
from typing import Final

from hanse import identity
from hanse.chat.programs import store
from hanse.chat.programs.service import InvalidProgram
from hanse.identity import Access, Permission
from hanse.platform.database import Tx

HOSTS_MAX: Final = 100
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[0-9]{1,5})?")


async def get_hosts(tx: Tx, access: Access) -> list[str]:
    """Return which hosts programs may ask. Raises MissingScope."""
    access.require(Permission.ORGANISATION_READ)
    return await store.get_hosts(tx)


async def set_hosts(tx: Tx, access: Access, hosts: Sequence[str]) -> list[str]:
    """Say which hosts programs may ask, by https: `example.org`, or with a port.

    Raises MissingScope, InvalidProgram.
    """
    access.require(Permission.ORGANISATION_WRITE)
    cleaned = sorted({each.strip().lower() for each in hosts})
    if wrong := [each for each in cleaned if not _HOST.fullmatch(each)]:
        raise InvalidProgram(f"{wrong[0]!r} is no host such as example.org or example.org:8443.")
    await store.set_hosts(tx, cleaned)
    await identity.record(tx, access, "chat.program_hosts_changed", hosts=cleaned)
    return cleaned
