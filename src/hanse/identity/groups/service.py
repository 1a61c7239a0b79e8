"""The verbs about groups. Each runs in the caller's transaction and asks the policy first.

Being in a group can allow more than a role does, so nobody can give through a group what they may
not do themselves. A manager may add people to their group all the same: that is what they are for.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from hanse.identity.audit import record
from hanse.identity.events import GroupChanged
from hanse.identity.groups import store
from hanse.identity.groups.model import Group
from hanse.identity.model import Access, Status
from hanse.identity.notifications.kinds import ADDED_TO_GROUP
from hanse.identity.notifications.service import notify
from hanse.identity.people.service import clean_name
from hanse.identity.people.store import get_person
from hanse.identity.policy import Permission
from hanse.platform.database import Tx
from hanse.platform.ids import new_id
from hanse.platform.outbox import announce
from hanse.platform.problems import BadRequest, Conflict, NotFound

DESCRIPTION_CHARACTERS_MAX = 2000
DEPTH_MAX = 10


class GroupNameTaken(Conflict):
    """There is a group of this name."""

    code = "group_name_taken"
    title = "Group name taken"


class NestingCircle(Conflict):
    """A group would be within itself."""

    code = "nesting_circle"
    title = "Groups in a circle"


class NestingTooDeep(Conflict):
    """More than DEPTH_MAX groups would lie within one another."""

    code = "nesting_too_deep"
    title = "Groups nested too deep"


class UnknownPermission(BadRequest):
    """There is no such permission."""

    code = "unknown_permission"
    title = "Unknown permission"


async def create_group(
    tx: Tx, access: Access, *, name: str, description: str = "", permissions: Sequence[str] = ()
) -> Group:
    """Make a group. Raises InvalidName, GroupNameTaken, UnknownPermission, MissingScope."""
    access.require(Permission.GROUPS_WRITE)
    wanted = _granting(access, permissions)
    id, name = new_id(), clean_name(name)
    if not await store.insert_group(tx, id, name, description, wanted):
        raise GroupNameTaken(f"There is a group called {name} already.")
    await note(tx, access, "created", id, name, permissions=wanted)
    return await _found(tx, id)


async def update_group(
    tx: Tx,
    access: Access,
    id: UUID,
    *,
    name: str | None = None,
    description: str | None = None,
    permissions: Sequence[str] | None = None,
) -> Group:
    """Change a group; None leaves a field. Raises NotFound and as `create_group` does."""
    access.require(Permission.GROUPS_WRITE)
    before = await _found(tx, id)
    wanted = before.permissions
    if permissions is not None:
        kept = [each for each in permissions if each in before.permissions]
        new = [each for each in permissions if each not in before.permissions]
        wanted = sorted({*kept, *_granting(access, new)})
    new_name = before.name if name is None else clean_name(name)
    owner_of_name = await store.get_group_id(tx, new_name)
    if owner_of_name not in (None, id):
        raise GroupNameTaken(f"There is a group called {new_name} already.")
    await store.update_group(
        tx, id, new_name, before.description if description is None else description, wanted
    )
    await note(tx, access, "changed", id, new_name, permissions=wanted)
    return await _found(tx, id)


async def delete_group(tx: Tx, access: Access, id: UUID) -> None:
    """Delete a group, and nobody who is in it. Raises NotFound."""
    access.require(Permission.GROUPS_WRITE)
    group = await _found(tx, id)
    await store.delete_group(tx, id)
    await note(tx, access, "deleted", id, group.name)


async def add_member(
    tx: Tx, access: Access, group_id: UUID, person_id: UUID, *, is_manager: bool = False
) -> None:
    """Put somebody into a group, or change whether they manage it.

    Raises NotFound, MissingScope.
    """
    group = await _may_fill(tx, access, group_id, appoints=is_manager)
    person = await get_person(tx, person_id)
    if person is None or person.status is Status.REMOVED:
        raise NotFound("There is no such person.")
    is_new = await store.put_member(tx, group_id, person_id, is_manager=is_manager)
    if is_new and access.person_id not in (None, person_id):
        # Programs, such as those that keep a directory, add people by the thousand.
        facts = {"group": group.name, "by": access.name or "?"}
        await notify(tx, [person_id], ADDED_TO_GROUP, facts, "/account")
    await note(
        tx,
        access,
        "member_added",
        group_id,
        group.name,
        person_id=person_id,
        person=person.name,
        is_manager=is_manager,
    )


async def remove_member(tx: Tx, access: Access, group_id: UUID, person_id: UUID) -> None:
    """Take somebody out of a group. Raises NotFound, MissingScope."""
    if not await _manages(tx, access, group_id):
        access.require(Permission.GROUPS_WRITE)
    group = await _found(tx, group_id)
    if not await store.delete_member(tx, group_id, person_id):
        raise NotFound("This person is not in the group.")
    await note(tx, access, "member_removed", group_id, group.name, person_id=person_id)


async def add_child(tx: Tx, access: Access, parent_id: UUID, child_id: UUID) -> None:
    """Put one group into another. Raises NotFound, NestingCircle, NestingTooDeep, MissingScope."""
    access.require(Permission.GROUPS_WRITE)
    await store.lock_nesting(tx)
    parent = await _found(tx, parent_id)
    access.require(*await effective_permissions(tx, parent_id))
    await nest(tx, parent_id, child_id)
    await note(tx, access, "group_added", parent_id, parent.name, group_id=child_id)


async def nest(tx: Tx, parent_id: UUID, child_id: UUID) -> None:
    """Put one group into another, for a caller that has asked the policy.

    Raises NotFound, NestingCircle, NestingTooDeep.
    """
    await store.lock_nesting(tx)
    parent, child = await _found(tx, parent_id), await _found(tx, child_id)
    if child_id in await store.ancestors(tx, parent_id):
        raise NestingCircle(f"{parent.name} is within {child.name}.")
    if await store.depth(tx, parent_id, child_id) > DEPTH_MAX:
        raise NestingTooDeep(f"Groups may lie {DEPTH_MAX} deep within each other.")
    await store.put_child(tx, parent_id, child_id)


async def remove_child(tx: Tx, access: Access, parent_id: UUID, child_id: UUID) -> None:
    """Take one group out of another. Raises NotFound."""
    access.require(Permission.GROUPS_WRITE)
    parent = await _found(tx, parent_id)
    if not await store.delete_child(tx, parent_id, child_id):
        raise NotFound("That group is not in this one.")
    await note(tx, access, "group_removed", parent_id, parent.name, group_id=child_id)


async def effective_permissions(tx: Tx, group_id: UUID) -> frozenset[str]:
    """What being in a group allows: by the group itself and by all around it."""
    around = await store.ancestors(tx, group_id)
    return frozenset(each for permissions in around.values() for each in permissions)


async def _may_fill(tx: Tx, access: Access, group_id: UUID, *, appoints: bool) -> Group:
    if appoints or not await _manages(tx, access, group_id):
        access.require(Permission.GROUPS_WRITE)
        access.require(*await effective_permissions(tx, group_id))
    return await _found(tx, group_id)


async def _manages(tx: Tx, access: Access, group_id: UUID) -> bool:
    return access.person_id is not None and await store.is_manager(tx, group_id, access.person_id)


async def _found(tx: Tx, id: UUID) -> Group:
    group = await store.get_group(tx, id)
    if group is None:
        raise NotFound("There is no such group.")
    return group


def _granting(access: Access, permissions: Sequence[str]) -> list[str]:
    known = {each.value for each in Permission}
    unknown = sorted(set(permissions) - known)
    if unknown:
        raise UnknownPermission(
            f"Unknown permission(s): {', '.join(unknown)}. There are: {', '.join(sorted(known))}."
        )
    access.require(*permissions)
    return sorted(set(permissions))


async def note(tx: Tx, access: Access, change: str, id: UUID, name: str, **details: Any) -> None:
    """Tell the other systems and the audit log what was done to a group."""
    await announce(tx, GroupChanged(group_id=id, change=change))
    await record(tx, access, f"group.{change}", "group", id, name, **details)
