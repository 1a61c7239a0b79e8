"""Routes of people: the directory, inviting, changing, and their photos."""

import base64
import binascii
import hashlib
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, get, patch, post
from litestar.params import QueryParameter
from msgspec import UNSET, Struct, UnsetType

from hanse.identity import people
from hanse.identity.api.common import (
    Email,
    MySettings,
    Name,
    SignInLink,
    create_once,
    errors,
    link_of,
    person_changes_of,
)
from hanse.identity.authentication import Authenticator
from hanse.identity.model import Access, Person
from hanse.identity.people import store
from hanse.identity.people.photos import MEDIA_TYPE
from hanse.identity.people.service import QUERY_CHARACTERS_MAX
from hanse.identity.policy import Permission, Role
from hanse.identity.signing import links
from hanse.identity.store import get_organisation
from hanse.platform.database import Db, Tx
from hanse.platform.http import (
    PAGE_SIZE_DEFAULT,
    Cursor,
    IdempotencyKey,
    InvalidCursor,
    Page,
    PageQuery,
    page_of,
    parse_cursor,
)
from hanse.platform.problems import NotFound


class NewPerson(Struct, forbid_unknown_fields=True):
    """Somebody to add; with `invite`, the answer has a link that lets them in."""

    email: Email
    name: Name
    role: Role = Role.MEMBER
    invite: bool = False


class CreatedPerson(Person, frozen=True):
    """Somebody who was added. `sign_in_link` is shown this once; null in a replayed answer.

    `invitation_mailed`: the link also goes to their address.
    """

    sign_in_link: SignInLink | None = None
    invitation_mailed: bool = False


class PersonChanges(MySettings, forbid_unknown_fields=True):
    """What to change about somebody; what is left out stays."""

    email: Email | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    status: Literal["active", "deactivated"] | UnsetType = UNSET


@get(
    "/people",
    operation_id="listPeople",
    summary="Find people",
    tags=["People"],
    responses=errors(400),
)
async def list_people(
    access: Access,
    db: Db,
    limit: PageQuery = PAGE_SIZE_DEFAULT,
    cursor: Cursor = None,
    text: Annotated[
        str | None,
        QueryParameter(
            name="query",
            max_length=QUERY_CHARACTERS_MAX,
            description="Any part of a word of a name or e-mail address, or several words from the "
            "beginning of one on; case and accents do not matter. Beginnings of words come first.",
        ),
    ] = None,
) -> Page[Person]:
    """List the organisation's people, oldest first, or find some of them."""
    access.require(Permission.PEOPLE_READ)
    if text is None or not text.strip():
        after = parse_cursor(cursor)
        async with db.tx(access.organisation_id, access.person_id) as tx:
            found = await store.list_people(tx, after, limit + 1)
        return page_of(found, limit, lambda person: person.id)
    place = _parse_place(cursor)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        rows = await people.search_people(tx, access, text, place, limit + 1)
    more = len(rows) > limit
    cursor = _cursor_at(rows[limit - 1][0]) if more else None
    return Page([person for _, person in rows[:limit]], cursor)


@post(
    "/people",
    operation_id="createPerson",
    summary="Add a person",
    tags=["People"],
    responses=errors(400, 409, 422),
)
async def create_person(
    request: Request[Any, Any, Any],
    access: Access,
    db: Db,
    public_url: str,
    mailer: links.Mailer | None,
    data: NewPerson,
    idempotency_key: IdempotencyKey = None,
) -> Response[CreatedPerson]:
    """Add a person to the organisation. A sign-in link lets them in; it is mailed to them too."""

    async def create(tx: Tx) -> CreatedPerson:
        person = await people.create_person(
            tx, access, email=data.email, name=data.name, role=data.role
        )
        link = None
        if data.invite:
            token = await links.create(tx, access, person.id)
            link = link_of(token, public_url, links.LINK_LIFETIME.total_seconds())
            if mailer is not None:
                await _mail_invitation(tx, access, mailer, person, link.url)
        return CreatedPerson(
            **msgspec.structs.asdict(person),
            sign_in_link=link,
            invitation_mailed=link is not None and mailer is not None,
        )

    def without_link(body: dict[str, Any]) -> dict[str, Any]:
        return {**body, "sign_in_link": None}

    return await create_once(request, access, db, idempotency_key, create, kept=without_link)


@get(
    "/people/{person_id:uuid}",
    operation_id="getPerson",
    summary="Get a person",
    tags=["People"],
    responses=errors(404),
)
async def get_person(access: Access, db: Db, person_id: UUID) -> Person:
    """Get one person."""
    access.require(Permission.PEOPLE_READ)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        person = await store.get_person(tx, person_id)
    if person is None:
        raise NotFound("There is no such person.")
    return person


@patch(
    "/people/{person_id:uuid}",
    operation_id="changePerson",
    summary="Change a person",
    tags=["People"],
    responses=errors(400, 404, 409),
)
async def change_person(
    access: Access, db: Db, authenticator: Authenticator, person_id: UUID, data: PersonChanges
) -> Person:
    """Change somebody's address, name, role, status or settings.

    Another role or status ends all their sessions; `deactivated` keeps them out, revokes the API
    keys that they made, and keeps what else they made.
    """
    async with db.tx(access.organisation_id, access.person_id) as tx:
        person = await people.update_person(tx, access, person_id, person_changes_of(data))
    authenticator.forget_all()
    return person


@get(
    "/people/{person_id:uuid}/photo",
    operation_id="getPhoto",
    summary="Get a person's photo",
    tags=["People"],
    responses=errors(404),
    media_type=MEDIA_TYPE,
)
async def get_photo(access: Access, db: Db, person_id: UUID) -> Response[bytes]:
    """Get somebody's photo, a WebP of 256 pixels square. `photo_url` changes with it."""
    if access.person_id != person_id:
        access.require(Permission.PEOPLE_READ)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        image = await store.get_photo(tx, person_id)
    if image is None:
        raise NotFound("There is no such photo.")
    headers = {
        "Cache-Control": "private, max-age=86400",
        "ETag": f'"{hashlib.sha256(image).hexdigest()[:32]}"',
    }
    return Response(image, media_type=MEDIA_TYPE, headers=headers)


@post(
    "/people/{person_id:uuid}/sign-in-links",
    operation_id="createSignInLink",
    summary="Make a sign-in link",
    tags=["People"],
    responses=errors(404),
)
async def create_sign_in_link(
    access: Access, db: Db, person_id: UUID, public_url: str
) -> SignInLink:
    """Make a link that signs this person in, once, within two days."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        token = await links.create(tx, access, person_id)
    return link_of(token, public_url, links.LINK_LIFETIME.total_seconds())


async def _mail_invitation(
    tx: Tx, access: Access, mailer: links.Mailer, person: Person, url: str
) -> None:
    """Mail it in the language of whoever invites: the new person has yet to choose one."""
    host = await store.get_person(tx, access.person_id) if access.person_id else None
    organisation = await get_organisation(tx)
    locale = host.locale if host else person.locale
    await mailer.invitation(tx, person, locale=locale, organisation=organisation.name, url=url)


def _cursor_at(place: tuple[int, str, UUID]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode()


def _parse_place(cursor: str | None) -> tuple[int, str, UUID] | None:
    if cursor is None:
        return None
    try:
        data = base64.b64decode(cursor, altchars=b"-_", validate=True)
        place = msgspec.json.decode(data, type=tuple[int, str, UUID])
    except (ValueError, binascii.Error, msgspec.DecodeError) as error:
        raise InvalidCursor("The cursor is not one that this server gave out.") from error
    if place[0] not in (0, 1) or "\0" in place[1]:
        raise InvalidCursor("The cursor is not one that this server gave out.")
    return place


handlers = [
    list_people,
    create_person,
    get_person,
    change_person,
    get_photo,
    create_sign_in_link,
]
