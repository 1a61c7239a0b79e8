"""Routes of groups."""

from typing import Annotated
from uuid import UUID

from litestar import delete, get, patch, post, put
from litestar.params import QueryParameter
from msgspec import UNSET, Meta, Struct, UnsetType

from hanse.identity import groups
from hanse.identity.api.common import Name, changes_of, errors
from hanse.identity.authentication import Authenticator
from hanse.identity.groups import Group, Member
from hanse.identity.groups.service import DESCRIPTION_CHARACTERS_MAX
from hanse.identity.model import Access
from hanse.identity.policy import Permission
from hanse.platform.database import Db
from hanse.platform.http import PAGE_SIZE_DEFAULT, Cursor, Page, PageQuery, page_of, parse_cursor
from hanse.platform.problems import NotFound

Description = Annotated[str, Meta(max_length=DESCRIPTION_CHARACTERS_MAX)]
Permissions = Annotated[list[str], Meta(max_length=100)]


class NewGroup(Struct, forbid_unknown_fields=True):
    """A group to make. `permissions` is what its members may do besides what their role allows."""

    name: Name
    description: Description = ""
    permissions: Permissions = []


class GroupChanges(Struct, forbid_unknown_fields=True):
    """What to change about a group; what is left out stays."""

    name: Name | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    permissions: Permissions | UnsetType = UNSET


class Membership(Struct, forbid_unknown_fields=True):
    """How somebody is in a group."""

    is_manager: bool = False


@get(
    "/groups",
    operation_id="listGroups",
    summary="List groups",
    tags=["Groups"],
    responses=errors(400),
)
async def list_groups(
    access: Access,
    db: Db,
    limit: PageQuery = PAGE_SIZE_DEFAULT,
    cursor: Cursor = None,
    text: Annotated[
        str,
        QueryParameter(
            name="query", max_length=200, description="How the name begins, whatever its case."
        ),
    ] = "",
) -> Page[Group]:
    """List the organisation's groups, oldest first."""
    access.require(Permission.GROUPS_READ)
    after = parse_cursor(cursor)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        found = await groups.list_groups(tx, text.strip(), after, limit + 1)
    return page_of(found, limit, lambda group: group.id)


@post(
    "/groups",
    operation_id="createGroup",
    summary="Make a group",
    tags=["Groups"],
    responses=errors(400, 409),
)
async def create_group(access: Access, db: Db, data: NewGroup) -> Group:
    """Make a group. It can give no permission that the caller lacks."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await groups.create_group(
            tx,
            access,
            name=data.name,
            description=data.description,
            permissions=data.permissions,
        )


@get(
    "/groups/{group_id:uuid}",
    operation_id="getGroup",
    summary="Get a group",
    tags=["Groups"],
    responses=errors(404),
)
async def get_group(access: Access, db: Db, group_id: UUID) -> Group:
    """Get one group."""
    access.require(Permission.GROUPS_READ)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        group = await groups.get_group(tx, group_id)
    if group is None:
        raise NotFound("There is no such group.")
    return group


@patch(
    "/groups/{group_id:uuid}",
    operation_id="changeGroup",
    summary="Change a group",
    tags=["Groups"],
    responses=errors(400, 404, 409),
)
async def change_group(
    access: Access, db: Db, authenticator: Authenticator, group_id: UUID, data: GroupChanges
) -> Group:
    """Change a group's name, description or permissions."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        group = await groups.update_group(tx, access, group_id, **changes_of(data))
    authenticator.forget_all()
    return group


@delete(
    "/groups/{group_id:uuid}",
    operation_id="deleteGroup",
    summary="Delete a group",
    tags=["Groups"],
    status_code=204,
    responses=errors(404),
)
async def delete_group(
    access: Access, db: Db, authenticator: Authenticator, group_id: UUID
) -> None:
    """Delete a group, and nobody who is in it."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        await groups.delete_group(tx, access, group_id)
    authenticator.forget_all()


@get(
    "/groups/{group_id:uuid}/members",
    operation_id="listMembers",
    summary="List a group's members",
    tags=["Groups"],
    responses=errors(400, 404),
)
async def list_members(
    access: Access,
    db: Db,
    group_id: UUID,
    limit: PageQuery = PAGE_SIZE_DEFAULT,
    cursor: Cursor = None,
) -> Page[Member]:
    """List who is in the group itself; those of groups within it are not repeated here."""
    access.require(Permission.GROUPS_READ, Permission.PEOPLE_READ)
    after = parse_cursor(cursor)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        if await groups.get_group(tx, group_id) is None:
            raise NotFound("There is no such group.")
        found = await groups.list_members(tx, group_id, after, limit + 1)
    return page_of(found, limit, lambda member: member.person.id)


@put(
    "/groups/{group_id:uuid}/members/{person_id:uuid}",
    operation_id="putMember",
    summary="Add a member",
    tags=["Groups"],
    status_code=204,
    responses=errors(400, 404),
)
async def put_member(
    access: Access,
    db: Db,
    authenticator: Authenticator,
    group_id: UUID,
    person_id: UUID,
    data: Membership,
) -> None:
    """Put somebody into a group, or change whether they manage it. Its managers may, too."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        await groups.add_member(tx, access, group_id, person_id, is_manager=data.is_manager)
    authenticator.forget_all()


@delete(
    "/groups/{group_id:uuid}/members/{person_id:uuid}",
    operation_id="removeMember",
    summary="Remove a member",
    tags=["Groups"],
    status_code=204,
    responses=errors(404),
)
async def remove_member(
    access: Access, db: Db, authenticator: Authenticator, group_id: UUID, person_id: UUID
) -> None:
    """Take somebody out of a group. Its managers may, too."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        await groups.remove_member(tx, access, group_id, person_id)
    authenticator.forget_all()


@put(
    "/groups/{group_id:uuid}/groups/{child_id:uuid}",
    operation_id="putChildGroup",
    summary="Put a group into a group",
    tags=["Groups"],
    status_code=204,
    responses=errors(404, 409),
)
async def put_child(
    access: Access, db: Db, authenticator: Authenticator, group_id: UUID, child_id: UUID
) -> None:
    """Put a group into another: its members are then in both. Circles are refused."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        await groups.add_child(tx, access, group_id, child_id)
    authenticator.forget_all()


@delete(
    "/groups/{group_id:uuid}/groups/{child_id:uuid}",
    operation_id="removeChildGroup",
    summary="Take a group out of a group",
    tags=["Groups"],
    status_code=204,
    responses=errors(404),
)
async def remove_child(
    access: Access, db: Db, authenticator: Authenticator, group_id: UUID, child_id: UUID
) -> None:
    """Take a group out of another."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        await groups.remove_child(tx, access, group_id, child_id)
    authenticator.forget_all()


handlers = [
    list_groups,
    create_group,
    get_group,
    change_group,
    delete_group,
    list_members,
    put_member,
    remove_member,
    put_child,
    remove_child,
]
