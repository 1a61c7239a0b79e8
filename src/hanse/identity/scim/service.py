"""The SCIM protocol over our storage: scim2-server, and what it must know of Hanse."""

from typing import Any

import msgspec
from scim2_models import (
    Error,
    InvalidFilterException,
    InvalidSyntaxException,
    PatchOp,
    Resource,
    ResourceType,
    SCIMException,
    SearchRequest,
)
from scim2_server.bulk import BulkPlan
from scim2_server.conditions import Conditions
from scim2_server.handler import AsyncScimHandler
from scim2_server.requests import ScimRequest
from scim2_server.responses import ScimResponse
from scim2_server.service import ScimService
from scim2_server.storage import SearchPage

from hanse.identity.model import Access
from hanse.identity.scim import bodies, groups
from hanse.identity.scim.errors import scim_type_of
from hanse.identity.scim.filters import FILTER_CHARACTERS_MAX
from hanse.identity.scim.schema import PROVIDER
from hanse.identity.scim.storage import Storage
from hanse.platform.database import Tx
from hanse.platform.http import as_problem


class Service(ScimService):
    """The protocol, tolerant of what identity providers send."""

    def read_creation(
        self, resource_type: ResourceType, body: bytes, content_type: str | None
    ) -> Resource[Any]:
        """Validate the body of a POST."""
        tidy = bodies.tidy_resource(_decoded(body))
        return super().read_creation(resource_type, msgspec.json.encode(tidy), content_type)

    def read_replacement(
        self, resource_type: ResourceType, body: bytes, content_type: str | None
    ) -> Resource[Any]:
        """Validate the body of a PUT."""
        tidy = bodies.tidy_resource(_decoded(body))
        return super().read_replacement(resource_type, msgspec.json.encode(tidy), content_type)

    def read_patch(
        self, resource_type: ResourceType, body: bytes, content_type: str | None
    ) -> "PatchOp[Any]":
        """Validate the body of a PATCH."""
        tidy = bodies.tidy_patch(_decoded(body))
        return super().read_patch(resource_type, msgspec.json.encode(tidy), content_type)

    def read_bulk(self, body: bytes, content_type: str | None) -> BulkPlan:
        """Validate the body of a bulk request."""
        self.ensure_bulk_payload_size(len(body))
        tidy = bodies.tidy_bulk(_decoded(body))
        return super().read_bulk(msgspec.json.encode(tidy), content_type)

    def read_search(
        self, resource_types: list[ResourceType], payload: Any
    ) -> tuple[SearchRequest[Any], Any]:
        """Validate a search, whose filter may be as long as it makes sense."""
        if isinstance(payload, dict):
            for key, value in payload.items():
                if key.lower() == "filter" and len(str(value)) > FILTER_CHARACTERS_MAX:
                    raise InvalidFilterException(
                        detail=f"A filter has up to {FILTER_CHARACTERS_MAX} characters."
                    )
        return super().read_search(resource_types, payload)

    def search_response(
        self,
        base_url: str,
        resource_types: list[ResourceType],
        page: SearchPage,
        search_request: SearchRequest[Any],
    ) -> ScimResponse:
        """Return a page; where nothing was found, `Resources` is empty instead of left out."""
        answer = super().search_response(base_url, resource_types, page, search_request)
        assert answer.body is not None
        answer.body.setdefault("Resources", [])
        return answer

    def publish(self, base_url: str, resource: Resource[Any]) -> Resource[Any]:
        """Give a resource its addresses, in place: the storage made it for this answer alone."""
        assert resource.meta is not None
        assert resource.id is not None
        resource.meta.location = self.resource_location(
            base_url, self.get_resource_type_of(resource), resource.id
        )
        self._publish_references(base_url, resource)
        return resource

    @staticmethod
    def error_of(exception: Exception) -> Error:
        """Return the SCIM error of an exception, ours or the library's."""
        if isinstance(exception, SCIMException):
            return exception.to_error()
        problem = as_problem(exception)
        return Error(status=problem.status, scim_type=scim_type_of(problem), detail=problem.detail)


class Handler(AsyncScimHandler):
    """Serves one request in one transaction."""

    def __init__(self, tx: Tx, access: Access, request: ScimRequest) -> None:
        bulk = request.path.strip("/").lower() == "bulk"
        reads = request.method in ("GET", "HEAD") or request.path.endswith(".search")
        self._storage = Storage(tx, access, writes=not reads, several=bulk)
        # An answer to PATCH has a body only if the client says what should be in it.
        self._shows_all = bool({"attributes", "excludedAttributes"} & request.query.keys())
        super().__init__(SERVICE, self._storage)

    async def patch_resource(
        self,
        resource_type: ResourceType,
        resource_id: str,
        patch_op: "PatchOp[Any]",
        conditions: Conditions,
    ) -> Resource[Any]:
        """Apply a PATCH; of a group's members it reads those that the PATCH names."""
        if resource_type.id == "Group" and not self._shows_all:
            self._storage.concerns(resource_id, groups.members_named(patch_op))
        try:
            return await super().patch_resource(resource_type, resource_id, patch_op, conditions)
        finally:
            self._storage.concerns(resource_id, None)

    async def delete_resource(
        self, resource_type: ResourceType, resource_id: str, conditions: Conditions
    ) -> None:
        """Delete a resource, whose members nobody needs to read."""
        self._storage.concerns(resource_id, frozenset())
        await super().delete_resource(resource_type, resource_id, conditions)


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise InvalidSyntaxException(detail=f"The body is no JSON: {error}") from error


SERVICE = Service(PROVIDER)

__all__ = ["SERVICE", "Handler", "SCIMException", "ScimRequest"]
