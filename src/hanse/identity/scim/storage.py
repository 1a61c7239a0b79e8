"""Where the SCIM service reads and writes: one transaction, on behalf of one caller."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, cast
from uuid import UUID

import asyncpg
from scim2_models import (
    NotFoundException,
    NotImplementedException,
    Resource,
    ResourceType,
    ResponseParameters,
    ScimFilter,
    SearchRequest,
    UniquenessException,
)
from scim2_server.storage import AsyncScimStorage, SearchPage

from hanse.identity.groups.service import GroupNameTaken
from hanse.identity.model import Access
from hanse.identity.people import EmailTaken
from hanse.identity.scim import groups, people, store
from hanse.identity.scim.filters import Condition, condition_of, order_of
from hanse.identity.scim.model import MemberRef, Provided, ProvidedGroup
from hanse.identity.scim.schema import PROVIDER, RESULTS_MAX, Group
from hanse.identity.scim.tables import GROUPS, PEOPLE
from hanse.platform.database import Tx

_TABLES = {"User": PEOPLE, "Group": GROUPS}
Parameters = ResponseParameters[Any] | None


class Storage(AsyncScimStorage):
    """People and groups of the caller's organisation.

    What it reads stays as it is until the transaction ends if `writes`. With `several`, each
    operation can fail without taking the others back.
    """

    def __init__(self, tx: Tx, access: Access, *, writes: bool, several: bool) -> None:
        self._tx = tx
        self._access = access
        self._writes = writes
        self._several = several
        self._about: dict[UUID, frozenset[UUID] | None] = {}

    def operation(self) -> AbstractAsyncContextManager[None]:
        """Run one operation: all of it or nothing."""
        return self._operation()

    @asynccontextmanager
    async def _operation(self) -> AsyncIterator[None]:
        if not self._several:
            yield
            return
        await self._tx.execute("savepoint operation")
        try:
            yield
        except Exception:
            await self._tx.execute("rollback to savepoint operation")
            raise
        await self._tx.execute("release savepoint operation")

    def concerns(self, resource_id: str, members: frozenset[UUID] | None) -> None:
        """Say which members of a group the next change is about; None: all, as by default."""
        if (id := _uuid(resource_id)) is not None:
            self._about[id] = members

    async def get(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        response_parameters: Parameters = None,
    ) -> Resource[Any]:
        """Return a resource. Raises NotFoundException, TooManyException."""
        if resource_type.id == "User":
            return await self._user(await self._person(resource_id), response_parameters)
        group = await self._group(resource_id)
        return await self._with_members(group, response_parameters)

    async def search(
        self,
        resource_types: list[ResourceType],
        search_request: SearchRequest[Any],
        *,
        position: Any = None,  # noqa: ARG002  only cursors, which are not announced, have one
    ) -> SearchPage:
        """Return a page; people before groups where both are searched."""
        if len(resource_types) > 1 and search_request.sort_by is not None:
            raise NotImplementedException(detail="Sort people and groups apart from each other.")
        strict = len(resource_types) == 1
        offset = search_request.start_index_0 or 0
        limit = RESULTS_MAX if search_request.count is None else search_request.count
        total, found = 0, list[Resource[Any]]()
        for resource_type in resource_types:
            name = str(resource_type.id)
            condition = _condition(name, search_request, strict=strict)
            left = limit - len(found)
            page = await self._page(name, condition, search_request, max(0, offset - total), left)
            found += page
            total += await self._count(name, condition)
        return SearchPage(total, found)

    async def create(self, resource_type: ResourceType, resource: Resource[Any]) -> Resource[Any]:
        """Store a new resource. Raises UniquenessException, InvalidValueException."""
        try:
            if resource_type.id == "User":
                person = await people.create(self._tx, self._access, cast(Any, resource))
                return people.resource_of(person, [])
            id = await groups.create(self._tx, self._access, cast(Group, resource))
            return await self._with_members(await self._group(str(id)), None)
        except (EmailTaken, GroupNameTaken) as error:
            raise UniquenessException(detail=error.detail) from error
        except asyncpg.UniqueViolationError as error:
            raise UniquenessException(detail="Somebody has this userName already.") from error

    async def update(
        self,
        resource_type: ResourceType,
        resource: Resource[Any],
        *,
        expected_version: str | None = None,
    ) -> Resource[Any]:
        """Store what became of a resource. Raises as `create` does, and NotFoundException."""
        assert resource.id is not None
        try:
            if resource_type.id == "User":
                before = await self._person(resource.id)
                after = await people.update(
                    self._tx, self._access, before, cast(Any, resource), expected_version
                )
                return await self._user(after, None)
            group = await self._group(resource.id)
            await groups.update(
                self._tx,
                self._access,
                group,
                frozenset(each.id for each in await self._members(group)),
                cast(Group, resource),
                expected_version,
            )
            return await self._with_members(await self._group(resource.id), None)
        except (EmailTaken, GroupNameTaken) as error:
            raise UniquenessException(detail=error.detail) from error
        except asyncpg.UniqueViolationError as error:
            raise UniquenessException(detail="Somebody has this userName already.") from error

    async def delete(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        expected_version: str | None = None,
    ) -> None:
        """Delete a resource. Raises NotFoundException, PreconditionFailedException."""
        if resource_type.id == "User":
            person = await self._person(resource_id)
            await people.delete(self._tx, self._access, person, expected_version)
        else:
            group = await self._group(resource_id)
            await groups.delete(self._tx, self._access, group, expected_version)

    async def _person(self, resource_id: str) -> Provided:
        id = _uuid(resource_id)
        found = id and await store.get_person(self._tx, id, lock=self._writes)
        if not found:
            raise NotFoundException(detail=f"There is nobody with the id {resource_id}.")
        return found

    async def _group(self, resource_id: str) -> ProvidedGroup:
        id = _uuid(resource_id)
        found = id and await store.get_group(self._tx, id, lock=self._writes)
        if not found:
            raise NotFoundException(detail=f"There is no group with the id {resource_id}.")
        return found

    async def _user(self, person: Provided, parameters: Parameters) -> Resource[Any]:
        shown = await self._memberships([person], parameters)
        return people.resource_of(person, shown.get(person.person.id, []))

    async def _memberships(
        self, found: list[Provided], parameters: Parameters
    ) -> dict[UUID, list[tuple[UUID, str]]]:
        if not _keeps(parameters, "groups") or not found:
            return {}
        return await store.list_memberships(self._tx, [each.person.id for each in found])

    async def _members(self, group: ProvidedGroup) -> list[MemberRef]:
        only = self._about.get(group.id)
        if only is None:
            groups.require_showable(group.member_count)
        return (await store.list_members(self._tx, [group.id], only)).get(group.id, [])

    async def _with_members(self, group: ProvidedGroup, parameters: Parameters) -> Resource[Any]:
        if not _keeps(parameters, "members"):
            return groups.resource_of(group, None)
        return groups.resource_of(group, await self._members(group))

    async def _page(
        self,
        name: str,
        condition: Condition,
        request: SearchRequest[Any],
        offset: int,
        limit: int,
    ) -> list[Resource[Any]]:
        if limit <= 0:
            return []
        descending = request.sort_order is SearchRequest.SortOrder.descending
        order = order_of(_TABLES[name], request.sort_by, descending=descending)
        if name == "User":
            found = await store.list_people(self._tx, condition, order, offset, limit)
            shown = await self._memberships(found, request)
            return [people.resource_of(each, shown.get(each.person.id, [])) for each in found]
        rows = await store.list_groups(self._tx, condition, order, offset, limit)
        if not _keeps(request, "members"):
            return [groups.resource_of(row, None) for row in rows]
        groups.require_showable(sum(row.member_count for row in rows))
        members = await store.list_members(self._tx, [row.id for row in rows])
        return [groups.resource_of(row, members.get(row.id, [])) for row in rows]

    async def _count(self, name: str, condition: Condition) -> int:
        count = store.count_people if name == "User" else store.count_groups
        return await count(self._tx, condition)


def _condition(name: str, request: SearchRequest[Any], *, strict: bool) -> Condition:
    if request.filter is None:
        return store.ALL
    model: Any = PROVIDER.model_for(name)
    bound: ScimFilter[Any] = ScimFilter[model](str(request.filter))
    return condition_of(_TABLES[name], bound.ast, store.FIRST, strict=strict)


def _keeps(parameters: Parameters, name: str) -> bool:
    """Tell whether an answer with these parameters shows an attribute, or a part of it."""
    if parameters is None:
        return True
    if parameters.attributes:
        return any(
            path.parts[:1] and path.parts[0].lower() == name for path in parameters.attributes
        )
    return all(str(path).lower() != name for path in parameters.excluded_attributes or [])


def _uuid(text: str) -> UUID | None:
    try:
        id = UUID(text)
    except ValueError:
        return None
    return id if str(id) == text else None
