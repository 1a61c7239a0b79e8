"""Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): a repeat gets the first answer.

The key's row is written in the transaction of the request itself, so a crash leaves either both or
neither; a second request with the same key waits for the first one's transaction to end.
"""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from litestar.params import HeaderParameter
from msgspec import Struct

from hanse.platform.database import Tx
from hanse.platform.problems import BadRequest, Problem

KEY_CHARACTERS_MAX = 255

IdempotencyKey = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key",
        description="A repeat with the same key gets the first answer instead of a second effect.",
    ),
]


class Answer(Struct, frozen=True):
    """What a route answers: a status and a JSON body; `replayed` if it was kept from before."""

    status: int
    body: Any
    replayed: bool = False


class InvalidIdempotencyKey(BadRequest):
    """The header is empty or too long."""

    code = "invalid_idempotency_key"
    title = "Invalid Idempotency-Key"


class IdempotencyKeyReused(Problem):
    """The same key came with another request."""

    status = 422
    code = "idempotency_key_reused"
    title = "Idempotency-Key used before"


async def idempotent(
    tx: Tx,
    *,
    caller: str,
    key: str | None,
    request: bytes,
    run: Callable[[], Awaitable[Answer]],
    kept: Callable[[Any], Any] = lambda body: body,
) -> Answer:
    """Run a request once for its key, or return the answer that the key got before.

    `caller` separates the keys of one caller from another's; `request` is what must be equal in a
    repeat (method, path and body). `kept` reduces the body to what may be stored: a secret shown
    once is not stored, so a repeat does not show it again.
    Raises InvalidIdempotencyKey, IdempotencyKeyReused.
    """
    if key is None:
        return await run()
    if not 0 < len(key) <= KEY_CHARACTERS_MAX:
        raise InvalidIdempotencyKey(
            f"Send 1 to {KEY_CHARACTERS_MAX} characters, for example a UUID."
        )
    digest = hashlib.sha256(request).digest()
    row = await tx.fetchrow(
        """
        insert into platform.idempotency_keys as kept
            (organisation_id, caller, key, request_hash, status)
        values ($1, $2, $3, $4, 0)
        on conflict (organisation_id, caller, key) do update set key = kept.key
        returning kept.request_hash, kept.status, kept.body
        """,
        tx.organisation_id,
        caller,
        key,
        digest,
    )
    assert row is not None
    if row["request_hash"] != digest:
        raise IdempotencyKeyReused(
            "This Idempotency-Key came with another request before. Use a new key for each request."
        )
    if row["status"] != 0:
        return Answer(row["status"], row["body"], replayed=True)
    answer = await run()
    await tx.execute(
        """
        update platform.idempotency_keys set status = $4, body = $5
        where organisation_id = $1 and caller = $2 and key = $3
        """,
        tx.organisation_id,
        caller,
        key,
        answer.status,
        kept(answer.body),
    )
    return answer
