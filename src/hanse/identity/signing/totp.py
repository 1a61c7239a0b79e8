"""The second factor of people with a password: codes of an authenticator app (RFC 6238)."""

import secrets
import time
from uuid import UUID

import pyotp

from hanse.identity.audit import record
from hanse.identity.model import Access
from hanse.identity.sealing import Seal
from hanse.identity.secrets import digest
from hanse.identity.signing import sessions, store
from hanse.identity.signing.model import SecondFactorRequired
from hanse.platform.database import Tx
from hanse.platform.problems import BadRequest, Conflict, NotFound

STEP_S = 30
STEPS_AROUND = 1
"""Clocks may differ by this many steps."""
RECOVERY_CODES = 10
_PURPOSE = "totp"
_RECOVERY_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_RECOVERY_CHARACTERS = 16


class WrongCode(BadRequest):
    """The code is not the one that the app shows now."""

    code = "wrong_code"
    title = "Wrong code"


class SecondFactorOn(Conflict):
    """There is a second factor already; take it away first."""

    code = "second_factor_on"
    title = "Second factor is on"


async def is_on(tx: Tx, person_id: UUID) -> bool:
    """Tell whether somebody has a confirmed second factor."""
    row = await store.get_totp(tx, person_id)
    return row is not None and row["confirmed_at"] is not None


async def enrol(tx: Tx, access: Access, seal: Seal, email: str) -> tuple[str, str]:
    """Begin: return a new secret, and the address that an app reads as a QR code.

    It does nothing until `confirm`. Raises SecondFactorOn, RecentSignInRequired.
    """
    person_id = access.require_person()
    sessions.require_recent(access)
    if await is_on(tx, person_id):
        raise SecondFactorOn("Take the present one away first.")
    secret = pyotp.random_base32()
    await store.put_totp(tx, person_id, seal.seal(secret, purpose=_PURPOSE, owner=person_id))
    return secret, pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name="Hanse")


async def confirm(tx: Tx, access: Access, seal: Seal, code: str) -> list[str]:
    """Turn it on by a first code; return recovery codes, which are shown this once.

    Raises WrongCode, NotFound, SecondFactorOn.
    """
    person_id = access.require_person()
    row = await store.get_totp(tx, person_id)
    if row is None:
        raise NotFound("Begin by asking for a secret.")
    if row["confirmed_at"] is not None:
        raise SecondFactorOn("It is on already.")
    step = _step_of(row, seal, person_id, code)
    if step is None:
        raise WrongCode("This is not the code that the app shows now.")
    await store.use_totp_step(tx, person_id, step)
    codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
    await store.put_recovery_codes(tx, person_id, [digest(each) for each in codes])
    await record(tx, access, "second_factor.added", "person", person_id, access.name)
    return codes


async def remove(tx: Tx, access: Access) -> None:
    """Take the second factor away. Raises NotFound, RecentSignInRequired."""
    person_id = access.require_person()
    sessions.require_recent(access)
    if not await store.delete_totp(tx, person_id):
        raise NotFound("There is no second factor.")
    await record(tx, access, "second_factor.removed", "person", person_id, access.name)


async def use_code(tx: Tx, seal: Seal, person_id: UUID, code: str) -> None:
    """Use up a code of the app, or a recovery code. Raises SecondFactorRequired if it is wrong."""
    row = await store.get_totp(tx, person_id)
    code = code.strip().replace(" ", "").lower()
    step = None if row is None else _step_of(row, seal, person_id, code)
    if step is not None:
        await store.use_totp_step(tx, person_id, step)
    elif not await store.use_recovery_code(tx, person_id, digest(code.replace("-", ""))):
        raise SecondFactorRequired("The code is wrong, or was used before.")


def _step_of(row, seal: Seal, person_id: UUID, code: str) -> int | None:  # type: ignore[no-untyped-def]
    """The time step whose code this is, unless it was used up."""
    app = pyotp.TOTP(seal.open(row["sealed_secret"], purpose=_PURPOSE, owner=person_id))
    now = int(time.time()) // STEP_S
    for step in range(now - STEPS_AROUND, now + STEPS_AROUND + 1):
        if step > row["last_step"] and secrets.compare_digest(
            app.generate_otp(step).encode(), code.encode()
        ):
            return step
    return None


def _recovery_code() -> str:
    return "".join(secrets.choice(_RECOVERY_ALPHABET) for _ in range(_RECOVERY_CHARACTERS))
