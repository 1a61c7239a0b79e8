"""Routes of API keys."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, delete, get, post
from msgspec import Meta, Struct

from hanse.identity import service, store
from hanse.identity.api.common import Name, create_once, errors
from hanse.identity.authentication import Authenticator
from hanse.identity.model import Access, ApiKey
from hanse.identity.policy import Permission
from hanse.platform.database import Db, Tx
from hanse.platform.http import (
    PAGE_SIZE_DEFAULT,
    Cursor,
    IdempotencyKey,
    Page,
    PageQuery,
    page_of,
    parse_cursor,
)


class NewApiKey(Struct, forbid_unknown_fields=True):
    """An API key to make. Without scopes it may call the text API.

    `requests_per_minute` limits it below what the server allows each caller.
    """

    name: Name
    scopes: Annotated[list[str], Meta(min_length=1, max_length=50)] | None = None
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None
    requests_per_minute: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None


class CreatedApiKey(Struct):
    """A new API key. `secret` is shown this once; in a replayed answer it is null."""

    key: ApiKey
    secret: str | None


@get(
    "/api-keys",
    operation_id="listApiKeys",
    summary="List API keys",
    tags=["API keys"],
    responses=errors(400),
)
async def list_api_keys(
    access: Access, db: Db, limit: PageQuery = PAGE_SIZE_DEFAULT, cursor: Cursor = None
) -> Page[ApiKey]:
    """List the organisation's API keys, without their secrets, oldest first."""
    access.require(Permission.API_KEYS_READ)
    after = parse_cursor(cursor)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        keys = await store.list_api_keys(tx, after, limit + 1)
    return page_of(keys, limit, lambda key: key.id)


@post(
    "/api-keys",
    operation_id="createApiKey",
    summary="Make an API key",
    tags=["API keys"],
    responses=errors(400, 422),
)
async def create_api_key(
    request: Request[Any, Any, Any],
    access: Access,
    db: Db,
    data: NewApiKey,
    idempotency_key: IdempotencyKey = None,
) -> Response[CreatedApiKey]:
    """Make an API key. Its secret stands in this answer and nowhere else."""

    async def create(tx: Tx) -> CreatedApiKey:
        key, secret = await service.create_api_key(
            tx,
            access,
            name=data.name,
            scopes=data.scopes,
            expires_at=data.expires_at,
            requests_per_minute=data.requests_per_minute,
        )
        return CreatedApiKey(key, secret)

    def without_secret(body: dict[str, Any]) -> dict[str, Any]:
        return {**body, "secret": None}

    return await create_once(request, access, db, idempotency_key, create, kept=without_secret)


@delete(
    "/api-keys/{key_id:uuid}",
    operation_id="revokeApiKey",
    summary="Revoke an API key",
    tags=["API keys"],
    status_code=200,
    responses=errors(404),
)
async def revoke_api_key(
    access: Access, db: Db, authenticator: Authenticator, key_id: UUID
) -> ApiKey:
    """Revoke an API key: within two seconds nobody can use it any more."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        key = await service.revoke_api_key(tx, access, key_id)
    authenticator.forget_all()
    return key


handlers = [list_api_keys, create_api_key, revoke_api_key]
