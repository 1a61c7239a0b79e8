"""Passwords: argon2id, rules that help (length and lists of known ones), and signing in by one.

Rules follow NIST SP 800-63B, section 3.1.1: long enough, not known to be broken, nothing else.
"""

import asyncio
import hashlib
import mmap
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

from argon2 import Parameters, PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from hanse.identity.audit import record
from hanse.identity.model import Access, Origin
from hanse.identity.sealing import Seal
from hanse.identity.signing import sessions, store, throttle, totp
from hanse.identity.signing.model import (
    Account,
    ChooseOrganisation,
    SecondFactorRequired,
    SignedIn,
    SignInRefused,
)
from hanse.platform.database import Db
from hanse.platform.problems import BadRequest, Unavailable

P = ParamSpec("P")
T = TypeVar("T")

CHARACTERS_MIN = 10
CHARACTERS_MAX = 256
HASHES_AT_ONCE = 2
"""Each takes 64 MiB and some tenth of a second of four threads."""
HASHES_WAITING_MAX = 100


class WeakPassword(BadRequest):
    """The password is too short or too long, or stands in lists of known ones."""

    code = "weak_password"
    title = "Weak password"


class HashingOverloaded(Unavailable):
    """Too many people sign in by password at this very moment."""

    code = "sign_in_overloaded"
    title = "Too many sign-ins at once"


class Passwords:
    """Hashes and verifies passwords, a few at a time, off the event loop.

    `breached` is a file of SHA-1 digests in capitals, one a line and sorted, each perhaps followed
    by a colon and a count: the form in which lists of breached passwords are published.
    """

    def __init__(
        self, breached: Path | None = None, parameters: Parameters = RFC_9106_LOW_MEMORY
    ) -> None:
        self._hasher = PasswordHasher.from_parameters(parameters)
        self._breached = breached
        self._turn = asyncio.Semaphore(HASHES_AT_ONCE)
        self._waiting = 0
        self._nobodys_hash: str | None = None

    async def hash(self, password: str) -> str:
        """Return what is stored of a password. Raises HashingOverloaded."""
        return await self._in_turn(self._hasher.hash, _normal(password))

    async def verify(self, hash: str | None, password: str) -> bool:
        """Tell whether this is the password; None takes as long and is never right.

        Raises HashingOverloaded.
        """
        if len(password) > CHARACTERS_MAX:
            return False
        if self._nobodys_hash is None:
            self._nobodys_hash = await self.hash("nobody's")
        return await self._in_turn(self._verify, hash, _normal(password))

    def needs_rehash(self, hash: str) -> bool:
        """Tell whether the hash was made with weaker parameters than today's."""
        return self._hasher.check_needs_rehash(hash)

    async def check(self, password: str, email: str) -> None:
        """Raise WeakPassword unless a person may take this password."""
        if not CHARACTERS_MIN <= len(password) <= CHARACTERS_MAX:
            raise WeakPassword(f"Take {CHARACTERS_MIN} to {CHARACTERS_MAX} characters.")
        plain = password.casefold()
        if plain in (email.casefold(), email.casefold().partition("@")[0]) or len(set(plain)) < 4:
            raise WeakPassword("That is the first thing somebody would try. Take another one.")
        if self._breached is not None and await asyncio.to_thread(
            is_listed, self._breached, password
        ):
            raise WeakPassword("This password is known from a breach elsewhere. Take another one.")

    def _verify(self, hash: str | None, password: str) -> bool:
        try:
            right = self._hasher.verify(hash or str(self._nobodys_hash), password)
        except (VerificationError, InvalidHashError):
            return False
        return right and hash is not None

    async def _in_turn(self, work: Callable[P, T], *args: P.args, **more: P.kwargs) -> T:
        if self._waiting >= HASHES_WAITING_MAX:
            raise HashingOverloaded("Many people are signing in. Try again in a moment.")
        self._waiting += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(work, *args, **more)
        finally:
            self._waiting -= 1


def is_listed(path: Path, password: str) -> bool:
    """Tell whether a password's SHA-1 stands in a sorted list of such (see Passwords)."""
    wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as lines:
        low, high = 0, len(lines)
        while low < high:
            # `start` is where the line around the middle begins.
            start = lines.rfind(b"\n", low, (low + high) // 2) + 1 or low
            end = lines.find(b"\n", start)
            end = len(lines) if end < 0 else end
            found = lines[start:end].strip().partition(b":")[0].upper()
            if found == wanted:
                return True
            if found < wanted:
                low = end + 1
            else:
                high = start
    return False


async def sign_in(
    db: Db,
    passwords: Passwords,
    seal: Seal,
    *,
    email: str,
    password: str,
    code: str | None,
    organisation_id: object | None,
    origin: Origin,
) -> SignedIn:
    """Start a session by address and password, and by `code` where there is a second factor.

    An address may belong to several organisations; where the password is right in more than one,
    `organisation_id` must say which. It is not told whether there is such an account.
    Raises SignInRefused, SecondFactorRequired, ChooseOrganisation, TooManyAttempts.
    """
    email = email.strip()
    attempt = await throttle.admit(db, email.lower(), origin.address)
    async with db.system_tx() as tx:
        accounts = await store.find_accounts(tx, email)
    right = [each for each in accounts if await _is_right(db, passwords, each, password)]
    if not accounts:
        await passwords.verify(None, password)
    if organisation_id is not None:
        right = [each for each in right if str(each.organisation_id) == str(organisation_id)]
    if not right:
        for account in accounts:
            await _note_refusal(db, account, origin)
        raise SignInRefused("The address or the password is wrong.")
    if len(right) > 1:
        await throttle.forgive(db, attempt)
        raise ChooseOrganisation(
            "This address belongs to several organisations: send `organisation_id` as well.",
            organisations=[
                {"id": str(each.organisation_id), "name": each.organisation_name} for each in right
            ],
        )
    account = right[0]
    async with db.tx(account.organisation_id, account.person_id) as tx:
        if await totp.is_on(tx, account.person_id):
            if code is None:
                raise SecondFactorRequired("Send the code from the authenticator app as `code`.")
            await totp.use_code(tx, seal, account.person_id, code)
        hash = await store.get_password_hash(tx, account.person_id)
        if hash is not None and passwords.needs_rehash(hash):
            await store.put_password_hash(tx, account.person_id, await passwords.hash(password))
        signed_in = await sessions.begin(tx, account.person_id, method="password", origin=origin)
    await throttle.forgive(db, attempt)
    return signed_in


async def change_password(
    db: Db, passwords: Passwords, access: Access, *, current: str | None, new: str, email: str
) -> str:
    """Give oneself a password; return the new secret of the session. All other sessions end.

    Whoever has one must tell it, or must have signed in by link or passkey a short while ago.
    Raises WeakPassword, SignInRefused, RecentSignInRequired, TooManyAttempts.
    """
    person_id = access.require_person()
    await passwords.check(new, email)
    async with db.tx(access.organisation_id, person_id) as tx:
        before = await store.get_password_hash(tx, person_id)
    if current is not None and before is not None:
        attempt = await throttle.admit(db, f"change {person_id}", access.origin.address)
        if not await passwords.verify(before, current):
            raise SignInRefused("The present password is wrong.")
        await throttle.forgive(db, attempt)
    elif before is not None and access.method == "password":
        raise SignInRefused("Tell your present password as well.")
    else:
        sessions.require_recent(access)
    hash = await passwords.hash(new)
    async with db.tx(access.organisation_id, person_id) as tx:
        await store.put_password_hash(tx, person_id, hash)
        token = await sessions.rotate(tx, access)
        await record(tx, access, "password.changed", "person", person_id, access.name)
    return token


async def _is_right(db: Db, passwords: Passwords, account: Account, password: str) -> bool:
    async with db.tx(account.organisation_id, account.person_id) as tx:
        hash = await store.get_password_hash(tx, account.person_id)
    right = await passwords.verify(hash, password)
    return right and account.password_sign_in


async def _note_refusal(db: Db, account: Account, origin: Origin) -> None:
    async with db.tx(account.organisation_id) as tx:
        await record(
            tx,
            None,
            "session.refused",
            "person",
            account.person_id,
            await store.get_name(tx, account.person_id),
            origin=origin,
            method="password",
        )


def _normal(password: str) -> str:
    return unicodedata.normalize("NFKC", password)
