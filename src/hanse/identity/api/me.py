"""Routes about oneself: who am I, settings, photo, password, sessions."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, delete, get, patch, put
from msgspec import Meta, Struct

from hanse.identity import store
from hanse.identity.api.common import (
    MySettings,
    cookie_of,
    errors,
    forget_cookie,
    person_changes_of,
)
from hanse.identity.authentication import Authenticator
from hanse.identity.groups import list_groups_of
from hanse.identity.model import Access, Organisation, Person
from hanse.identity.people import change_own_settings, get_person, remove_photo, set_photo
from hanse.identity.people.photos import UPLOAD_BYTES_MAX, prepare_photo
from hanse.identity.signing import passwords, sessions
from hanse.identity.signing import store as signing_store
from hanse.identity.signing.model import SessionInfo
from hanse.identity.signing.passwords import CHARACTERS_MAX, Passwords
from hanse.platform.database import Db, Tx

Password = Annotated[str, Meta(min_length=1, max_length=CHARACTERS_MAX)]


class Account(Struct):
    """How one can sign in, and how this session began."""

    has_password: bool
    passkeys: int
    second_factor: bool
    recovery_codes_left: int
    signed_in_by: str | None
    can_change_sign_in: bool


class Me(Struct):
    """Who the caller is and what it may do. `account` and `group_ids` are of people only.

    `can_change_sign_in` is false when the session began too long ago to add or remove ways to
    sign in: sign in again first.
    """

    organisation: Organisation
    person: Person | None
    api_key_id: UUID | None
    permissions: list[str]
    group_ids: list[UUID]
    account: Account | None


class NewPassword(Struct, forbid_unknown_fields=True):
    """The present password, if there is one, and the new one."""

    new: Password
    current: Password | None = None


async def whoami(tx: Tx, access: Access) -> Me:
    """Everything that a client wants to know about its caller."""
    organisation = await store.get_organisation(tx)
    permissions: list[str] = sorted(access.permissions)
    if access.person_id is None:
        return Me(organisation, None, access.api_key_id, permissions, [], None)
    id = access.person_id
    totp = await signing_store.get_totp(tx, id)
    account = Account(
        has_password=await signing_store.get_password_hash(tx, id) is not None,
        passkeys=len(await signing_store.list_credential_ids(tx, id)),
        second_factor=totp is not None and totp["confirmed_at"] is not None,
        recovery_codes_left=await signing_store.count_recovery_codes(tx, id),
        signed_in_by=access.method,
        can_change_sign_in=sessions.is_recent(access),
    )
    return Me(
        organisation,
        await get_person(tx, id),
        None,
        permissions,
        await list_groups_of(tx, id),
        account,
    )


@get("/me", operation_id="getMe", summary="Who am I", tags=["Me"], responses=errors())
async def get_me(access: Access, db: Db) -> Me:
    """Tell who the caller is: organisation, person or API key, and permissions."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await whoami(tx, access)


@patch(
    "/me",
    operation_id="changeMe",
    summary="Change my settings",
    tags=["Me"],
    responses=errors(400),
)
async def change_me(access: Access, db: Db, authenticator: Authenticator, data: MySettings) -> Me:
    """Change one's own name, locale, time zone or languages."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        await change_own_settings(tx, access, person_changes_of(data))
        me = await whoami(tx, access)
    authenticator.forget_all()
    return me


@put(
    "/me/photo",
    operation_id="putMyPhoto",
    summary="Set my photo",
    tags=["Me"],
    responses=errors(400, 413),
    request_max_body_size=UPLOAD_BYTES_MAX,
)
async def put_photo(access: Access, db: Db, request: Request[Any, Any, Any]) -> Person:
    """Take a JPEG, PNG or WebP of up to 2 MiB as one's photo: the body is the file itself.

    It is cropped to a square of 256 pixels; what cameras write into files is left out.
    """
    access.require_person()
    image = await asyncio.to_thread(prepare_photo, await request.body())
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await set_photo(tx, access, image)


@delete(
    "/me/photo",
    operation_id="deleteMyPhoto",
    summary="Remove my photo",
    tags=["Me"],
    status_code=200,
    responses=errors(),
)
async def delete_photo(access: Access, db: Db) -> Person:
    """Remove one's photo."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await remove_photo(tx, access)


@put(
    "/me/password",
    operation_id="putMyPassword",
    summary="Set my password",
    tags=["Me"],
    status_code=204,
    responses=errors(400),
)
async def put_password(
    access: Access,
    db: Db,
    hasher: Passwords,
    authenticator: Authenticator,
    public_url: str,
    data: NewPassword,
) -> Response[None]:
    """Set or change one's password. All other sessions end, and this one gets a new cookie.

    `current` may be left out where there is none, or a short while after signing in by link or
    passkey.
    """
    person_id = access.require_person()
    async with db.tx(access.organisation_id, person_id) as tx:
        person = await get_person(tx, person_id)
    assert person is not None
    token = await passwords.change_password(
        db, hasher, access, current=data.current, new=data.new, email=person.email
    )
    authenticator.forget_all()
    return Response(None, status_code=204, cookies=[cookie_of(token, public_url)])


@get(
    "/me/sessions",
    operation_id="listMySessions",
    summary="List my sessions",
    tags=["Me"],
    responses=errors(),
)
async def list_sessions(access: Access, db: Db) -> list[SessionInfo]:
    """List where one is signed in, newest first."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await sessions.list_own(tx, access)


@delete(
    "/me/sessions",
    operation_id="signOutEverywhere",
    summary="Sign out everywhere",
    tags=["Me"],
    status_code=204,
    responses=errors(),
)
async def sign_out_everywhere(
    access: Access, db: Db, authenticator: Authenticator, public_url: str
) -> Response[None]:
    """End all of one's sessions, this one included."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        await sessions.revoke_own_all(tx, access)
    authenticator.forget_all()
    response = Response(None, status_code=204)
    forget_cookie(response, public_url)
    return response


@delete(
    "/me/sessions/{session_id:uuid}",
    operation_id="revokeMySession",
    summary="End one of my sessions",
    tags=["Me"],
    status_code=204,
    responses=errors(404),
)
async def revoke_session(
    access: Access, db: Db, authenticator: Authenticator, session_id: UUID
) -> None:
    """End one of one's own sessions."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        await sessions.revoke_own(tx, access, session_id)
    authenticator.forget_all()


handlers = [
    get_me,
    change_me,
    put_photo,
    delete_photo,
    put_password,
    list_sessions,
    sign_out_everywhere,
    revoke_session,
]
