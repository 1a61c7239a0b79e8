"""Groups for SCIM clients: as resources, and what clients write about them.

A group that a provider made is filled by it as it likes, whatever the group allows its members:
who gave it permissions knew that. Groups that people made are changed by a key that has all
permissions which being in them gives.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from scim2_models import (
    InvalidValueException,
    Meta,
    PatchOp,
    PatchOperation,
    Path,
    PreconditionFailedException,
    TooManyException,
)
from scim2_models.path import (
    CompareOperator,
    Comparison,
    FilterNode,
    LogicalExpr,
)

from hanse.identity.groups import service as groups_service
from hanse.identity.groups import store as groups_store
from hanse.identity.groups.service import GroupNameTaken
from hanse.identity.model import Access
from hanse.identity.people.service import clean_name
from hanse.identity.scim import store
from hanse.identity.scim.model import MemberRef, ProvidedGroup
from hanse.identity.scim.people import TEXT_CHARACTERS_MAX, version_of
from hanse.identity.scim.schema import Group, GroupMember
from hanse.platform.database import Tx
from hanse.platform.ids import new_id

MEMBERS_SHOWN_MAX = 5_000
"""Members in one answer; of a larger group, ask without them, or for one of them by a filter."""
AUDITED_TOGETHER = 500


def resource_of(group: ProvidedGroup, members: Sequence[MemberRef] | None) -> Group:
    """Return a group as a SCIM resource; without `members` if they were not asked for."""
    return Group(
        id=str(group.id),
        external_id=group.external_id,
        display_name=group.name,
        # Not validated again: there may be thousands of them.
        members=[
            GroupMember.model_construct(
                value=str(each.id),
                ref=f"{each.type}s/{each.id}",
                type=each.type,
                display=each.name,
            )
            for each in members
        ]
        if members
        else None,
        meta=Meta(
            resource_type="Group",
            created=group.created_at,
            last_modified=group.updated_at,
            version=version_of(group.revision),
        ),
    )


def require_showable(members: int) -> None:
    """Raise TooManyException if a group has more members than fit into an answer."""
    if members > MEMBERS_SHOWN_MAX:
        raise TooManyException(
            detail=f"More than {MEMBERS_SHOWN_MAX} members do not fit into one answer. "
            "Ask with excludedAttributes=members, or filter by members."
        )


async def create(tx: Tx, access: Access, resource: Group) -> UUID:
    """Make a group and fill it; return its id. Raises GroupNameTaken, InvalidValueException."""
    id, name = new_id(), clean_name(resource.display_name or "")
    if not await store.insert_group(tx, id, name, _external_id(resource)):
        raise GroupNameTaken(f"There is a group called {name} already.")
    await groups_service.note(tx, access, "created", id, name, provisioned=True)
    await _change_members(tx, access, id, name, frozenset(), _ids(resource))
    return id


async def update(
    tx: Tx,
    access: Access,
    before: ProvidedGroup,
    members: frozenset[UUID],
    resource: Group,
    expected_version: str | None,
) -> None:
    """Change a group that was locked; `members` are those that the change is about.

    Raises PreconditionFailedException, GroupNameTaken, InvalidValueException, MissingScope.
    """
    _check_version(before, expected_version)
    await _require(tx, access, before)
    name, external_id = clean_name(resource.display_name or ""), _external_id(resource)
    if (name, external_id) != (before.name, before.external_id):
        if await groups_store.get_group_id(tx, name) not in (None, before.id):
            raise GroupNameTaken(f"There is a group called {name} already.")
        await store.update_group(tx, before.id, name, external_id)
        await groups_service.note(tx, access, "changed", before.id, name, was=before.name)
    await _change_members(tx, access, before.id, name, members, _ids(resource))


async def delete(
    tx: Tx, access: Access, before: ProvidedGroup, expected_version: str | None
) -> None:
    """Delete a group, and nobody who is in it. Raises PreconditionFailedException, MissingScope."""
    _check_version(before, expected_version)
    await _require(tx, access, before)
    await groups_store.delete_group(tx, before.id)
    await groups_service.note(tx, access, "deleted", before.id, before.name)


def members_named(patch: "PatchOp[Any]") -> frozenset[UUID] | None:
    """Return the ids of the members that a PATCH is about, None if it is about all. Pure.

    So that adding one person to a group of a hundred thousand does not read it.
    """
    named: set[UUID] = set()
    for operation in patch.operations or []:
        found = _named(operation)
        if found is None:
            return None
        named |= found
    return frozenset(named)


def _named(operation: "PatchOperation[Any]") -> set[UUID] | None:
    path, value = operation.path, operation.value
    adds = operation.op is PatchOperation.Op.add
    if not path or path.model is not None:
        given = value if isinstance(value, dict) else {}
        keys = {str(key).lower(): item for key, item in given.items()}
        about = [key for key in keys if "members" in key]
        if not about:
            return set()
        return _values(keys["members"]) if adds and about == ["members"] else None
    if path.parts[0].lower() != "members":
        return set()
    if path.value_filter is not None:
        return _compared(path)
    removes = operation.op is PatchOperation.Op.remove and value is not None
    return _values(value) if adds or removes else None


def _values(entries: Any) -> set[UUID] | None:
    entries = entries if isinstance(entries, list) else [entries]
    values = [each.get("value") if isinstance(each, dict) else None for each in entries]
    return None if None in values else {id for id in map(_uuid, values) if id}


def _compared(path: "Path[Any]") -> set[UUID] | None:
    """The ids in `members[value eq "..." or value eq "..."]`."""
    node = path.value_filter
    terms: Sequence[FilterNode | None] = node.terms if isinstance(node, LogicalExpr) else [node]
    found: set[UUID] = set()
    for term in terms:
        if (
            not isinstance(term, Comparison)
            or term.op is not CompareOperator.eq
            or term.attr_path.attr.lower() != "value"
        ):
            return None
        if id := _uuid(term.value):
            found.add(id)
    return found


async def _change_members(
    tx: Tx,
    access: Access,
    id: UUID,
    name: str,
    before: frozenset[UUID],
    after: frozenset[UUID],
) -> None:
    added, removed = after - before, before - after
    if not added and not removed:
        return
    people = set(await store.add_people(tx, id, sorted(added))) if added else set()
    for child in sorted(added - people):
        if await groups_store.get_group(tx, child) is None:
            raise InvalidValueException(detail=f"members: there is nobody with the id {child}.")
        await groups_service.nest(tx, id, child)
    if removed:
        await store.remove_people(tx, id, sorted(removed))
        await store.remove_children(tx, id, sorted(removed))
    changes = [("added", each) for each in sorted(added)]
    changes += [("removed", each) for each in sorted(removed)]
    for start in range(0, len(changes), AUDITED_TOGETHER):
        some = changes[start : start + AUDITED_TOGETHER]
        details = {
            word: [each for kind, each in some if kind == word] for word in ("added", "removed")
        }
        await groups_service.note(tx, access, "members_changed", id, name, **details)


async def _require(tx: Tx, access: Access, group: ProvidedGroup) -> None:
    if not group.provisioned:
        access.require(*await groups_service.effective_permissions(tx, group.id))


def _check_version(before: ProvidedGroup, expected: str | None) -> None:
    if expected is not None and expected != version_of(before.revision):
        raise PreconditionFailedException


def _ids(resource: Group) -> frozenset[UUID]:
    ids = set()
    for member in resource.members or []:
        id = _uuid(member.value)
        if id is None:
            raise InvalidValueException(detail=f"members: {member.value!r} is no id of anybody.")
        ids.add(id)
    return frozenset(ids)


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(value)
    except (ValueError, TypeError, AttributeError):
        return None


def _external_id(resource: Group) -> str | None:
    value = (resource.external_id or "").strip()
    if len(value) > TEXT_CHARACTERS_MAX:
        raise InvalidValueException(
            detail=f"externalId has up to {TEXT_CHARACTERS_MAX} characters."
        )
    return value or None
