"""Messages that come to incoming webhooks."""

import hashlib
from typing import Final
from uuid import uuid4

from hanse import identity
from hanse.chat.integrations import store
from hanse.chat.integrations.model import Door
from hanse.chat.integrations.posts import read_post
from hanse.chat.log.appender import Appender
from hanse.chat.log.model import Appended, Body, Draft, Kind
from hanse.platform.database import Db
from hanse.platform.http import RateLimits
from hanse.platform.problems import BadRequest, NotFound

DEVICE: Final = "webhook"
SECRET_CHARACTERS_MAX: Final = 256
KEY_CHARACTERS_MAX: Final = 255


class NoSuchAddress(NotFound):
    """Nothing is posted here, or not any more."""

    code = "no_such_address"
    title = "No such address"


class InvalidKey(BadRequest):
    """The Idempotency-Key is empty or too long."""

    code = "invalid_idempotency_key"
    title = "Invalid Idempotency-Key"


class Posting:
    """Takes what is posted; a webhook may post `per_minute` times, without limit if that is 0."""

    def __init__(self, db: Db, appender: Appender, per_minute: int) -> None:
        self._db = db
        self._appender = appender
        self._limits = RateLimits(db)
        self._per_minute = per_minute

    async def take(self, secret: str, body: bytes, content_type: str, key: str | None) -> Appended:
        """Post a message for whoever knows the secret; on return it is on disk.

        The same `key` posts once. Raises NoSuchAddress, RateLimited, InvalidPost, InvalidKey, and
        what the room refuses: NoSuchRoom, NotAllowedInRoom, MutedInRoom, RoomArchived.
        """
        door = await self._door(secret)
        if self._per_minute:
            await self._limits.take(door.organisation_id, f"hook:{door.bot_id}", self._per_minute)
        post = read_post(body, content_type)
        draft = Draft(
            room_id=door.room_id,
            sender_id=door.bot_id,
            device=DEVICE,
            client_key=_client_key(key),
            kind=Kind.MESSAGE,
            topic=post.topic or door.topic,
            body=Body(text=post.text, username=post.username),
        )
        return await self._appender.append(door.organisation_id, draft)

    async def _door(self, secret: str) -> Door:
        door = None
        if len(secret) <= SECRET_CHARACTERS_MAX:
            async with self._db.system_tx() as tx:
                door = await store.find_incoming(tx, identity.digest(secret))
        if door is None:
            raise _nothing()
        async with self._db.tx(door.organisation_id, durable=False) as tx:
            # An administrator may have revoked the bot's key.
            if door.bot_id not in await identity.find_actors(tx, [door.bot_id]):
                raise _nothing()
            await store.touch_incoming(tx, door.bot_id)
        return door


def _client_key(key: str | None) -> str:
    if key is None:
        return str(uuid4())
    if not 0 < len(key) <= KEY_CHARACTERS_MAX:
        raise InvalidKey(f"Send 1 to {KEY_CHARACTERS_MAX} characters, for example a UUID.")
    return hashlib.sha256(key.encode()).hexdigest()


def _nothing() -> NoSuchAddress:
    return NoSuchAddress("This address takes no messages. Ask an owner of the room for a new one.")
