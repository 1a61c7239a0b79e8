"""One-time sign-in links: made by an administrator, or sent to whoever owns the address."""

from abc import ABC, abstractmethod
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hanse.identity.audit import record
from hanse.identity.model import CLIENT, Access, Origin, Person, Status
from hanse.identity.people.store import get_person
from hanse.identity.policy import Permission, Role, may_appoint
from hanse.identity.sealing import Seal
from hanse.identity.secrets import digest, new_secret
from hanse.identity.signing import sessions, store, throttle, totp
from hanse.identity.signing.model import SecondFactorRequired, SignedIn
from hanse.platform.database import Db, Tx
from hanse.platform.ids import new_id
from hanse.platform.problems import Forbidden, NotFound

LINK_LIFETIME = timedelta(days=2)
MAILED_LINK_LIFETIME = timedelta(minutes=30)
HANDED_OVER_LIFETIME = timedelta(minutes=2)
CLIENT_PREFIX = "client_"
"""What is handed over to a client begins so; the hash that is kept is of all of it."""


class InvalidSignInLink(Forbidden):
    """The link was used, or is too old, or never existed."""

    code = "invalid_sign_in_link"
    title = "This sign-in link does not work"


class Mailer(ABC):
    """Whoever can send mail. Given to the application where it is put together."""

    @abstractmethod
    async def sign_in_link(self, tx: Tx, person: Person, *, organisation: str, url: str) -> None:
        """Send a sign-in link to somebody, in their language, if the transaction commits."""

    @abstractmethod
    async def invitation(
        self, tx: Tx, person: Person, *, locale: str, organisation: str, url: str
    ) -> None:
        """Send somebody new the link that lets them in, in the language of `locale`, likewise."""


async def create(tx: Tx, access: Access, person_id: UUID) -> str:
    """Return the token of a new link for somebody. Raises NotFound, Forbidden.

    It lets in without a second factor: it is how an administrator helps who has lost theirs.
    """
    access.require(Permission.PEOPLE_WRITE)
    person = await get_person(tx, person_id)
    if person is None or person.status is Status.REMOVED:
        raise NotFound("There is no such person.")
    if person.role is Role.SERVICE:
        raise Forbidden("Nobody can sign in as a program. Make an API key for it.")
    if not may_appoint(access.role, person.role):
        raise Forbidden(f"You may not make a sign-in link for somebody who is '{person.role}'.")
    token = new_secret()
    await store.insert_link(
        tx,
        new_id(),
        person_id,
        digest(token),
        datetime.now(UTC) + LINK_LIFETIME,
        second_factor=False,
    )
    await record(tx, access, "sign_in_link.created", "person", person_id, person.name)
    return token


async def hand_over(tx: Tx, access: Access) -> str:
    """Return a token with which a program of the caller's begins a session of its own, once.

    Their sign-in counts, second factor and all. Raises PersonRequired for an API key.
    """
    person_id, id = access.require_person(), new_id()
    token = f"{CLIENT_PREFIX}{new_secret()}"
    expires_at = datetime.now(UTC) + HANDED_OVER_LIFETIME
    await store.insert_link(tx, id, person_id, digest(token), expires_at, second_factor=False)
    await record(tx, access, "sign_in.handed_over", "person", person_id, access.name)
    return token


async def send(db: Db, mailer: Mailer | None, public_url: str, email: str) -> None:
    """Send a link to each account of an address; without a mailer, or an account, do nothing."""
    if mailer is None:
        return
    async with db.system_tx() as tx:
        accounts = await store.find_accounts(tx, email.strip())
    for account in accounts:
        token = new_secret()
        async with db.tx(account.organisation_id, account.person_id) as tx:
            person = await get_person(tx, account.person_id)
            if person is None:
                continue
            await store.insert_link(
                tx,
                new_id(),
                person.id,
                digest(token),
                datetime.now(UTC) + MAILED_LINK_LIFETIME,
                second_factor=True,
            )
            await mailer.sign_in_link(
                tx,
                person,
                organisation=account.organisation_name,
                url=f"{public_url}/sign-in/{token}",
            )


async def sign_in(
    db: Db,
    seal: Seal,
    token: str,
    *,
    origin: Origin,
    code: str | None = None,
    for_client: bool = False,
) -> SignedIn:
    """Use a link up and start a session. Raises InvalidSignInLink, SecondFactorRequired.

    A link that was mailed stands for a password: the second factor is asked for as well. A token
    that was handed over works `for_client` alone, and nothing else does there.
    """
    if token.startswith(CLIENT_PREFIX) is not for_client:
        raise InvalidSignInLink("It is not for signing in here.")
    async with db.system_tx() as tx:
        link = await store.find_link(tx, digest(token))
    if link is None:
        raise InvalidSignInLink("It was used before, or it is too old. Ask for a new one.")
    attempt = None
    if link["second_factor"] and code is not None:
        attempt = await throttle.admit(db, f"link {link['person_id']}", origin.address)
    async with db.tx(link["organisation_id"], link["person_id"]) as tx:
        if link["second_factor"] and await totp.is_on(tx, link["person_id"]):
            if code is None:
                raise SecondFactorRequired("Send the code from the authenticator app as `code`.")
            await totp.use_code(tx, seal, link["person_id"], code)
        if not await store.use_link(tx, link["id"]):
            raise InvalidSignInLink("It was used a moment ago. Ask for a new one.")
        signed_in = await sessions.begin(
            tx, link["person_id"], method=CLIENT if for_client else "link", origin=origin
        )
    if attempt is not None:
        await throttle.forgive(db, attempt)
    return signed_in
