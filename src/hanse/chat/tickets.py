"""Tickets: how a page shows the gateway, which has an address of its own, who it is.

A ticket is the caller's own credential, sealed and good for a few seconds. So the gateway asks the
same authenticator as everybody else, at once and again while the socket lives: whoever signs out,
or whose key is revoked, loses the socket.
"""

import base64
import binascii
import time
from typing import Final

import msgspec
from msgspec import Struct

from hanse.identity import Seal, WrongCredentials
from hanse.platform.problems import Problem

TICKET_LIFETIME_S: Final = 30
TICKET_CHARACTERS_MAX: Final = 2048
_PURPOSE: Final = "chat ticket"


class Credentials(Struct, frozen=True):
    """What says who a socket belongs to: one of the two."""

    authorization: str | None
    session_token: str | None


class _Ticket(Struct, frozen=True):
    credentials: Credentials
    expires_at: float


class Tickets:
    """Makes tickets and takes them. All processes of an installation share the seal's key."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal

    def make(self, credentials: Credentials) -> str:
        """Return a ticket for whoever has these credentials."""
        ticket = _Ticket(credentials, time.time() + TICKET_LIFETIME_S)
        text = msgspec.json.encode(ticket).decode()
        return base64.urlsafe_b64encode(self._seal.seal(text, purpose=_PURPOSE, owner="")).decode()

    def take(self, ticket: str) -> Credentials:
        """Return whose ticket this is. Raises WrongCredentials."""
        try:
            sealed = base64.b64decode(ticket, altchars=b"-_", validate=True)
            text = self._seal.open(sealed, purpose=_PURPOSE, owner="")
            known = msgspec.json.decode(text, type=_Ticket)
        except (ValueError, binascii.Error, msgspec.DecodeError, Problem):
            raise WrongCredentials from None
        if known.expires_at < time.time():
            raise WrongCredentials
        return known.credentials
