"""Letters with links that sign somebody in, as durable jobs; the link waits in them sealed."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Final, Literal
from uuid import UUID

import msgspec

from hanse.identity.model import Person
from hanse.identity.sealing import Seal
from hanse.identity.signing.links import LINK_LIFETIME, MAILED_LINK_LIFETIME, Mailer
from hanse.platform.database import Tx
from hanse.platform.ids import new_id
from hanse.platform.jobs import enqueue

SEND_LETTER: Final = "identity.send_letter"
_PURPOSE: Final = "link in a letter"


class LinkLetter(msgspec.Struct, frozen=True, kw_only=True):
    """The job that sends somebody a link. `lasts`: minutes, or days of an invitation."""

    id: UUID
    what: Literal["sign_in", "invitation"]
    person_id: UUID
    locale: str
    organisation: str
    sealed_url: str
    lasts: int
    expires_at: datetime


class MailQueue(Mailer):
    """Puts letters into the queue of jobs, in the transaction that makes their links."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal

    async def sign_in_link(self, tx: Tx, person: Person, *, organisation: str, url: str) -> None:
        """Send a sign-in link to whoever asked for it."""
        lasts = round(MAILED_LINK_LIFETIME.total_seconds() / 60)
        await self._put(
            tx, "sign_in", person, person.locale, organisation, url, lasts, MAILED_LINK_LIFETIME
        )

    async def invitation(
        self, tx: Tx, person: Person, *, locale: str, organisation: str, url: str
    ) -> None:
        """Send somebody the link that lets them in for the first time."""
        await self._put(
            tx, "invitation", person, locale, organisation, url, LINK_LIFETIME.days, LINK_LIFETIME
        )

    async def _put(
        self,
        tx: Tx,
        what: Literal["sign_in", "invitation"],
        person: Person,
        locale: str,
        organisation: str,
        url: str,
        lasts: int,
        lifetime: timedelta,
    ) -> None:
        id = new_id()
        sealed = self._seal.seal(url, purpose=_PURPOSE, owner=id)
        letter = LinkLetter(
            id=id,
            what=what,
            person_id=person.id,
            locale=locale,
            organisation=organisation,
            sealed_url=base64.b64encode(sealed).decode(),
            lasts=lasts,
            expires_at=datetime.now(UTC) + lifetime,
        )
        await enqueue(tx, SEND_LETTER, letter)


def opened_url(seal: Seal, letter: LinkLetter) -> str:
    """The link that a letter brings. Raises SealBroken."""
    return seal.open(base64.b64decode(letter.sealed_url), purpose=_PURPOSE, owner=letter.id)
