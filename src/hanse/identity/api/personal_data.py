"""Routes of archives of everything about a person, and of erasures: by the person or for them."""

from uuid import UUID

from litestar import Response, get, post
from litestar.response import Stream
from msgspec import Struct

from hanse.identity import personal_data
from hanse.identity.api.common import Email, errors, forget_cookie
from hanse.identity.authentication import Authenticator
from hanse.identity.model import Access
from hanse.identity.personal_data import Erasure, PersonalExport
from hanse.platform.database import Db

MEDIA_TYPE = "application/zip"


class ErasureRequest(Struct, forbid_unknown_fields=True):
    """The address of the person who is to be erased, as a confirmation.

    API keys that they made stop working, unless `revoke_api_keys` is false.
    """

    email: Email
    revoke_api_keys: bool = True


class OwnErasureRequest(Struct, forbid_unknown_fields=True):
    """One's own address, as a confirmation."""

    email: Email


@post(
    "/people/{person_id:uuid}/export",
    operation_id="requestPersonExport",
    summary="Gather everything about a person",
    tags=["Personal data"],
    status_code=202,
    responses=errors(404),
)
async def request_export(access: Access, db: Db, person_id: UUID) -> PersonalExport:
    """Let an archive be made of everything about somebody, in the place of an earlier one."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await personal_data.request_export(tx, access, person_id)


@get(
    "/people/{person_id:uuid}/export",
    operation_id="getPersonExport",
    summary="Ask how far an archive is",
    tags=["Personal data"],
    responses=errors(404),
)
async def get_export(access: Access, db: Db, person_id: UUID) -> PersonalExport:
    """Ask how far the archive about somebody is."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await personal_data.get_export(tx, access, person_id)


@get(
    "/people/{person_id:uuid}/export/archive",
    operation_id="downloadPersonExport",
    summary="Fetch an archive",
    tags=["Personal data"],
    responses=errors(404),
    media_type=MEDIA_TYPE,
)
async def download_export(access: Access, db: Db, person_id: UUID) -> Stream:
    """Fetch the archive about somebody, a zip with JSON files, within seven days."""
    return await _archive(access, db, person_id)


@post(
    "/people/{person_id:uuid}/erasure",
    operation_id="erasePerson",
    summary="Erase a person",
    tags=["Personal data"],
    status_code=202,
    responses=errors(400, 404, 409),
)
async def erase_person(
    access: Access, db: Db, authenticator: Authenticator, person_id: UUID, data: ErasureRequest
) -> Erasure:
    """Forget somebody, for good: name, address, photo, and how they sign in.

    What others' records need stays, under an id that leads to nobody.
    """
    async with db.tx(access.organisation_id, access.person_id) as tx:
        erasure = await personal_data.erase_person(
            tx, access, person_id, email=data.email, revoke_api_keys=data.revoke_api_keys
        )
    authenticator.forget_all()
    return erasure


@get(
    "/people/{person_id:uuid}/erasure",
    operation_id="getErasure",
    summary="Ask whether an erasure is complete",
    tags=["Personal data"],
    responses=errors(404),
)
async def get_erasure(access: Access, db: Db, person_id: UUID) -> Erasure:
    """Ask whether all systems have forgotten somebody."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await personal_data.get_erasure(tx, access, person_id)


@post(
    "/me/export",
    operation_id="requestMyExport",
    summary="Gather everything about me",
    tags=["Me"],
    status_code=202,
    responses=errors(),
)
async def request_my_export(access: Access, db: Db) -> PersonalExport:
    """Let an archive be made of everything about oneself, a short while after signing in."""
    person_id = access.require_person()
    async with db.tx(access.organisation_id, person_id) as tx:
        return await personal_data.request_export(tx, access, person_id)


@get(
    "/me/export",
    operation_id="getMyExport",
    summary="Ask how far my archive is",
    tags=["Me"],
    responses=errors(404),
)
async def get_my_export(access: Access, db: Db) -> PersonalExport:
    """Ask how far the archive about oneself is."""
    person_id = access.require_person()
    async with db.tx(access.organisation_id, person_id) as tx:
        return await personal_data.get_export(tx, access, person_id)


@get(
    "/me/export/archive",
    operation_id="downloadMyExport",
    summary="Fetch my archive",
    tags=["Me"],
    responses=errors(404),
    media_type=MEDIA_TYPE,
)
async def download_my_export(access: Access, db: Db) -> Stream:
    """Fetch the archive about oneself, a short while after signing in, within seven days."""
    return await _archive(access, db, access.require_person())


@post(
    "/me/erasure",
    operation_id="eraseMe",
    summary="Erase me",
    tags=["Me"],
    status_code=202,
    responses=errors(400, 409),
)
async def erase_me(
    access: Access,
    db: Db,
    authenticator: Authenticator,
    public_url: str,
    data: OwnErasureRequest,
) -> Response[Erasure]:
    """Be forgotten, for good, a short while after signing in; API keys one made stop working."""
    person_id = access.require_person()
    async with db.tx(access.organisation_id, person_id) as tx:
        erasure = await personal_data.erase_person(tx, access, person_id, email=data.email)
    authenticator.forget_all()
    response = Response(erasure, status_code=202)
    forget_cookie(response, public_url)
    return response


async def _archive(access: Access, db: Db, person_id: UUID) -> Stream:
    async with db.tx(access.organisation_id, access.person_id) as tx:
        export = await personal_data.open_archive(tx, access, person_id)
    return Stream(
        personal_data.archive_parts(db, access.organisation_id, export),
        media_type=MEDIA_TYPE,
        headers={
            "Content-Disposition": f'attachment; filename="personal-data-{person_id}.zip"',
            "Content-Length": str(export.bytes),
            "Cache-Control": "no-store",
        },
    )


handlers = [
    request_export,
    get_export,
    download_export,
    erase_person,
    get_erasure,
    request_my_export,
    get_my_export,
    download_my_export,
    erase_me,
]
