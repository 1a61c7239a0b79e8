"""Routes of identity providers, for administrators."""

from typing import Annotated
from uuid import UUID

from litestar import delete, get, patch, post
from msgspec import UNSET, Meta, Struct, UnsetType, field

from hanse.identity import providers
from hanse.identity.api.common import Name, changes_of, errors, unique
from hanse.identity.model import Access
from hanse.identity.policy import Role
from hanse.identity.providers import IdentityProvider
from hanse.identity.providers.model import ProviderSettings
from hanse.identity.sealing import Seal
from hanse.platform.database import Db

Issuer = Annotated[str, Meta(min_length=8, max_length=500)]
ClientId = Annotated[str, Meta(min_length=1, max_length=500)]
ClientSecret = Annotated[str, Meta(min_length=1, max_length=2000)]
Scopes = Annotated[
    list[Annotated[str, Meta(pattern=r"^[\x21\x23-\x5b\x5d-\x7e]{1,100}$")]],
    Meta(min_length=1, max_length=20),
]
Domains = Annotated[list[Annotated[str, Meta(min_length=1, max_length=255)]], Meta(max_length=100)]
Claim = Annotated[str, Meta(min_length=1, max_length=200)]
GroupMapping = Annotated[dict[str, UUID], Meta(max_length=500)]


class NewIdentityProvider(Struct, forbid_unknown_fields=True):
    """An OpenID Connect provider to set up.

    Give it `<this server>/v1/auth/oidc/callback` as redirect URI. See `IdentityProvider`.
    """

    name: Name
    issuer: Issuer
    client_id: ClientId
    client_secret: ClientSecret | None = None
    scopes: Scopes = field(default_factory=lambda: ["openid", "email", "profile"])
    allowed_domains: Domains = []
    provisioning: bool = False
    default_role: Role = Role.MEMBER
    groups_claim: Claim = "groups"
    group_mapping: GroupMapping = {}
    enabled: bool = True


class IdentityProviderChanges(Struct, forbid_unknown_fields=True):
    """What to change about a provider; what is left out stays, the client secret too."""

    name: Name | UnsetType = UNSET
    issuer: Issuer | UnsetType = UNSET
    client_id: ClientId | UnsetType = UNSET
    client_secret: ClientSecret | UnsetType = UNSET
    scopes: Scopes | UnsetType = UNSET
    allowed_domains: Domains | UnsetType = UNSET
    provisioning: bool | UnsetType = UNSET
    default_role: Role | UnsetType = UNSET
    groups_claim: Claim | UnsetType = UNSET
    group_mapping: GroupMapping | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


@get(
    "/identity-providers",
    operation_id="listIdentityProviders",
    summary="List identity providers",
    tags=["Identity providers"],
    responses=errors(),
)
async def list_providers(access: Access, db: Db) -> list[IdentityProvider]:
    """List the organisation's identity providers, without their secrets."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await providers.list_providers(tx, access)


@post(
    "/identity-providers",
    operation_id="createIdentityProvider",
    summary="Set an identity provider up",
    tags=["Identity providers"],
    responses=errors(400, 409),
)
async def create_provider(
    access: Access, db: Db, seal: Seal, data: NewIdentityProvider
) -> IdentityProvider:
    """Set an identity provider up, as a person who is owner or admin."""
    written = changes_of(data) | {"scopes": unique(data.scopes)}
    secret = written.pop("client_secret")
    settings = ProviderSettings(**written)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await providers.create_provider(tx, access, seal, settings, secret)


@patch(
    "/identity-providers/{provider_id:uuid}",
    operation_id="changeIdentityProvider",
    summary="Change an identity provider",
    tags=["Identity providers"],
    responses=errors(400, 404),
)
async def change_provider(
    access: Access, db: Db, seal: Seal, provider_id: UUID, data: IdentityProviderChanges
) -> IdentityProvider:
    """Change an identity provider; its issuer cannot change."""
    changes = changes_of(data)
    secret = changes.pop("client_secret", None)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await providers.update_provider(tx, access, seal, provider_id, changes, secret)


@delete(
    "/identity-providers/{provider_id:uuid}",
    operation_id="deleteIdentityProvider",
    summary="Delete an identity provider",
    tags=["Identity providers"],
    status_code=204,
    responses=errors(404),
)
async def delete_provider(access: Access, db: Db, provider_id: UUID) -> None:
    """Delete an identity provider. People stay, and sign in otherwise."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        await providers.delete_provider(tx, access, provider_id)


handlers = [list_providers, create_provider, change_provider, delete_provider]
