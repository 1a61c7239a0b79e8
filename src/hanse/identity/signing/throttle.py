"""Against guessing: the more wrong passwords, the longer the pause before the next one counts.

Failures are counted by account and by network address under hashes, whether or not there is such
an account, so the pauses tell nothing. An attempt is counted before the password is looked at and
forgiven when it was right: guesses sent all at once are no way around.
"""

import hashlib

from msgspec import Struct

from hanse.identity.signing import store
from hanse.platform.database import Db
from hanse.platform.problems import TooManyRequests

_SYSTEM = "sign-in"


class Backoff(Struct, frozen=True):
    """After `free` failures the pause is `first_s`, and doubles with each one up to `longest_s`.

    Failures are forgotten once `forget_s` have gone by without any.
    """

    free: int
    first_s: float
    longest_s: float
    forget_s: float

    def wait_s(self, failures: int, age_s: float) -> float:
        """Seconds to wait after `failures`, the last of which was `age_s` ago."""
        if failures < self.free or age_s >= self.forget_s:
            return 0.0
        # Beyond 2**32 the longest pause is reached whatever it is.
        pause_s = min(self.longest_s, self.first_s * 2.0 ** min(failures - self.free, 32))
        return max(0.0, pause_s - age_s)


ACCOUNT = Backoff(free=5, first_s=1.0, longest_s=900.0, forget_s=86_400.0)
ADDRESS = Backoff(free=100, first_s=1.0, longest_s=60.0, forget_s=3_600.0)
"""An address may be that of a whole office."""


class TooManyAttempts(TooManyRequests):
    """Too many wrong passwords for this account, or from this address."""

    code = "too_many_attempts"
    title = "Too many attempts"


class Attempt(Struct, frozen=True):
    """An attempt that was let through and counted."""

    account: bytes
    address: bytes


async def admit(db: Db, account: str, address: str | None) -> Attempt:
    """Count an attempt to get into `account` from `address`. Raises TooManyAttempts."""
    attempt = Attempt(_bucket("account", account), _bucket("address", address or ""))
    rules = [(attempt.account, ACCOUNT), (attempt.address, ADDRESS)]
    async with db.system_tx() as tx:
        # In one order, so that two requests do not wait for each other.
        waits_s = [
            rule.wait_s(*await store.add_failure(tx, bucket, rule.forget_s))
            for bucket, rule in sorted(rules)
        ]
        if max(waits_s) > 0:
            # Leaving by an error takes the counting back: waiting must not make it longer.
            raise TooManyAttempts(
                "There were too many attempts. Wait, then try again.", retry_after_s=max(waits_s)
            )
    return attempt


async def forgive(db: Db, attempt: Attempt) -> None:
    """The attempt was right: forget the account's failures, and this one of the address."""
    async with db.system_tx() as tx:
        for bucket in sorted((attempt.account, attempt.address)):
            if bucket == attempt.account:
                await store.forget_failures(tx, bucket)
            else:
                await store.forgive_failure(tx, bucket)


def _bucket(kind: str, value: str) -> bytes:
    return hashlib.sha256(f"{_SYSTEM}\0{kind}\0{value}".encode()).digest()
