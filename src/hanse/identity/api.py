"""Routes of identity: who am I, API keys, people."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, delete, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import HeaderParameter, QueryParameter
from msgspec import Meta, Struct

from hanse.identity import service, store
from hanse.identity.model import Access, ApiKey, Organisation, Person
from hanse.identity.policy import Permission, Role
from hanse.platform.database import Db, Tx
from hanse.platform.http import (
    PAGE_SIZE_DEFAULT,
    Answer,
    Page,
    PageQuery,
    idempotent,
    page_of,
    parse_cursor,
)

IdempotencyKey = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key",
        description="A repeat with the same key gets the first answer instead of a second effect.",
    ),
]
Cursor = Annotated[
    str | None, QueryParameter(name="cursor", description="`next_cursor` of the page before.")
]


class ProblemDocument(Struct):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str


def errors(*statuses: int) -> dict[int, ResponseSpec]:
    """Describe the errors of a route for the OpenAPI document."""
    return {
        status: ResponseSpec(
            data_container=ProblemDocument,
            media_type="application/problem+json",
            description="See `detail`.",
            generate_examples=False,
        )
        for status in (401, 403, 429, 503, *statuses)
    }


class Me(Struct):
    """Who the caller is and what it may do."""

    organisation: Organisation
    person: Person | None
    api_key_id: UUID | None
    permissions: list[str]


class NewApiKey(Struct, forbid_unknown_fields=True):
    """An API key to make. Without scopes it may call the text API."""

    name: Annotated[str, Meta(min_length=1, max_length=service.NAME_CHARACTERS_MAX)]
    scopes: Annotated[list[str], Meta(min_length=1, max_length=50)] | None = None
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None


class CreatedApiKey(Struct):
    """A new API key. `secret` is shown this once; in a replayed answer it is null."""

    key: ApiKey
    secret: str | None


class NewPerson(Struct, forbid_unknown_fields=True):
    """Somebody to add."""

    email: Annotated[str, Meta(min_length=3, max_length=320)]
    name: Annotated[str, Meta(min_length=1, max_length=service.NAME_CHARACTERS_MAX)]
    role: Role = Role.MEMBER


class SignInLink(Struct):
    """A link that signs one person in, once."""

    url: str
    expires_in_s: int


@get("/me", operation_id="getMe", summary="Who am I", tags=["Identity"], responses=errors())
async def get_me(access: Access, db: Db) -> Me:
    """Tell who the caller is: organisation, person or API key, and permissions."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        person = await store.get_person(tx, access.person_id) if access.person_id else None
        organisation = await store.get_organisation(tx)
    return Me(organisation, person, access.api_key_id, sorted(access.permissions))


@get(
    "/api-keys",
    operation_id="listApiKeys",
    summary="List API keys",
    tags=["Identity"],
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
    tags=["Identity"],
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
            tx, access, name=data.name, scopes=data.scopes, expires_at=data.expires_at
        )
        return CreatedApiKey(key, secret)

    def without_secret(body: dict[str, Any]) -> dict[str, Any]:
        return {**body, "secret": None}

    return await _create_once(request, access, db, idempotency_key, create, kept=without_secret)


@delete(
    "/api-keys/{key_id:uuid}",
    operation_id="revokeApiKey",
    summary="Revoke an API key",
    tags=["Identity"],
    status_code=200,
    responses=errors(404),
)
async def revoke_api_key(access: Access, db: Db, key_id: UUID) -> ApiKey:
    """Revoke an API key: within two seconds nobody can use it any more."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await service.revoke_api_key(tx, access, key_id)


@get(
    "/people",
    operation_id="listPeople",
    summary="List people",
    tags=["Identity"],
    responses=errors(400),
)
async def list_people(
    access: Access, db: Db, limit: PageQuery = PAGE_SIZE_DEFAULT, cursor: Cursor = None
) -> Page[Person]:
    """List the organisation's people, oldest first."""
    access.require(Permission.PEOPLE_READ)
    after = parse_cursor(cursor)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        people = await store.list_people(tx, after, limit + 1)
    return page_of(people, limit, lambda person: person.id)


@post(
    "/people",
    operation_id="createPerson",
    summary="Add a person",
    tags=["Identity"],
    responses=errors(400, 409, 422),
)
async def create_person(
    request: Request[Any, Any, Any],
    access: Access,
    db: Db,
    data: NewPerson,
    idempotency_key: IdempotencyKey = None,
) -> Response[Person]:
    """Add a person to the organisation. A sign-in link lets them in."""

    async def create(tx: Tx) -> Person:
        return await service.create_person(
            tx, access, email=data.email, name=data.name, role=data.role
        )

    return await _create_once(request, access, db, idempotency_key, create)


@post(
    "/people/{person_id:uuid}/sign-in-links",
    operation_id="createSignInLink",
    summary="Make a sign-in link",
    tags=["Identity"],
    responses=errors(404),
)
async def create_sign_in_link(
    access: Access, db: Db, person_id: UUID, public_url: str
) -> SignInLink:
    """Make a link that signs this person in, once, within two days."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        token = await service.create_sign_in_link(tx, access, person_id)
    return SignInLink(f"{public_url}/sign-in/{token}", int(service.LINK_LIFETIME.total_seconds()))


async def _create_once(
    request: Request[Any, Any, Any],
    access: Access,
    db: Db,
    idempotency_key: str | None,
    create: Callable[[Tx], Awaitable[Any]],
    *,
    kept: Callable[[Any], Any] = lambda body: body,
) -> Response[Any]:
    """Answer 201 with what `create` makes, or what the same key got before (see `idempotent`)."""
    async with db.tx(access.organisation_id, access.person_id) as tx:

        async def run() -> Answer:
            return Answer(201, msgspec.to_builtins(await create(tx)))

        answer = await idempotent(
            tx,
            caller=access.caller,
            key=idempotency_key,
            request=f"{request.method} {request.url.path} ".encode() + await request.body(),
            run=run,
            kept=kept,
        )
    headers = {"Idempotency-Replayed": "true"} if answer.replayed else {}
    return Response(answer.body, status_code=answer.status, headers=headers)


router = Router(
    "/v1",
    route_handlers=[
        get_me,
        list_api_keys,
        create_api_key,
        revoke_api_key,
        list_people,
        create_person,
        create_sign_in_link,
    ],
)
