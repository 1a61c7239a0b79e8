"""An identity provider as administrators set it up."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from hanse.identity.policy import Role


class IdentityProvider(Struct, frozen=True):
    """An OpenID Connect provider, without its client secret, which nobody can read again.

    People of `allowed_domains` (all, if empty) may come in; with `provisioning`, whoever is not
    known yet is added as `default_role`. `group_mapping` names for values of `groups_claim` the
    groups that the provider keeps up to date at each sign-in.
    """

    id: UUID
    name: str
    issuer: str
    client_id: str
    has_client_secret: bool
    scopes: list[str]
    allowed_domains: list[str]
    provisioning: bool
    default_role: Role
    groups_claim: str
    group_mapping: dict[str, UUID]
    enabled: bool
    created_at: datetime


class ProviderSettings(Struct, frozen=True):
    """What an administrator writes of a provider."""

    name: str
    issuer: str
    client_id: str
    scopes: list[str]
    allowed_domains: list[str]
    provisioning: bool
    default_role: Role
    groups_claim: str
    group_mapping: dict[str, UUID]
    enabled: bool
