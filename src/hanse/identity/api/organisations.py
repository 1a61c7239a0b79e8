"""Routes of one's own organisation."""

from typing import Annotated

from litestar import get, patch
from msgspec import UNSET, Meta, Struct, UnsetType

from hanse.identity import service, store
from hanse.identity.api.common import Name, changes_of, errors
from hanse.identity.model import Access, Organisation
from hanse.identity.policy import Permission
from hanse.platform.database import Db


class OrganisationChanges(Struct, forbid_unknown_fields=True):
    """What to change about the organisation; what is left out stays.

    The audit log is kept for `audit_retention_days`.
    """

    name: Name | UnsetType = UNSET
    password_sign_in: bool | UnsetType = UNSET
    audit_retention_days: Annotated[int, Meta(ge=30, le=3650)] | UnsetType = UNSET


@get(
    "/organisation",
    operation_id="getOrganisation",
    summary="Get my organisation",
    tags=["Organisation"],
    responses=errors(),
)
async def get_organisation(access: Access, db: Db) -> Organisation:
    """Get the organisation that one belongs to."""
    access.require(Permission.ORGANISATION_READ)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await store.get_organisation(tx)


@patch(
    "/organisation",
    operation_id="changeOrganisation",
    summary="Change my organisation",
    tags=["Organisation"],
    responses=errors(400),
)
async def change_organisation(access: Access, db: Db, data: OrganisationChanges) -> Organisation:
    """Change the organisation's name, whether passwords let people in, and what is kept."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await service.update_organisation(tx, access, **changes_of(data))


handlers = [get_organisation, change_organisation]
