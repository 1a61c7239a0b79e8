"""All SQL of identity providers."""

from typing import Any
from uuid import UUID

from hanse.identity.policy import Role
from hanse.identity.providers.model import IdentityProvider, ProviderSettings
from hanse.platform.database import Tx

_PROVIDER = """
    id, name, issuer, client_id, sealed_client_secret is not null as has_client_secret, scopes,
    allowed_domains, provisioning, default_role, groups_claim, group_mapping, enabled, created_at
"""


def _provider(row: Any) -> IdentityProvider:
    values = dict(row)
    values["default_role"] = Role(values["default_role"])
    values["group_mapping"] = {name: UUID(id) for name, id in values["group_mapping"].items()}
    return IdentityProvider(**values)


def _values(settings: ProviderSettings) -> tuple[Any, ...]:
    return (
        settings.name,
        settings.issuer,
        settings.client_id,
        settings.scopes,
        settings.allowed_domains,
        settings.provisioning,
        settings.default_role.value,
        settings.groups_claim,
        {name: str(id) for name, id in settings.group_mapping.items()},
        settings.enabled,
    )


async def insert_provider(
    tx: Tx, id: UUID, settings: ProviderSettings, sealed_client_secret: bytes | None
) -> IdentityProvider:
    """Insert a provider."""
    row = await tx.fetchrow(
        f"""
        insert into identity.identity_providers (id, organisation_id, sealed_client_secret, name,
            issuer, client_id, scopes, allowed_domains, provisioning, default_role, groups_claim,
            group_mapping, enabled)
        values ($2, $1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        returning {_PROVIDER}
        """,
        tx.organisation_id,
        id,
        sealed_client_secret,
        *_values(settings),
    )
    return _provider(row)


async def update_provider(
    tx: Tx, id: UUID, settings: ProviderSettings, sealed_client_secret: bytes | None
) -> IdentityProvider | None:
    """Write a provider; None keeps the client secret. None if there is no such provider."""
    row = await tx.fetchrow(
        f"""
        update identity.identity_providers set
            sealed_client_secret = coalesce($3, sealed_client_secret), name = $4, issuer = $5,
            client_id = $6, scopes = $7, allowed_domains = $8, provisioning = $9,
            default_role = $10, groups_claim = $11, group_mapping = $12, enabled = $13
        where organisation_id = $1 and id = $2
        returning {_PROVIDER}
        """,
        tx.organisation_id,
        id,
        sealed_client_secret,
        *_values(settings),
    )
    return None if row is None else _provider(row)


async def get_provider(tx: Tx, id: UUID) -> IdentityProvider | None:
    """One provider by id."""
    row = await tx.fetchrow(
        f"""
        select {_PROVIDER} from identity.identity_providers
        where organisation_id = $1 and id = $2
        """,
        tx.organisation_id,
        id,
    )
    return None if row is None else _provider(row)


async def get_sealed_client_secret(tx: Tx, id: UUID) -> bytes | None:
    """The sealed client secret of a provider."""
    sealed: bytes | None = await tx.fetchval(
        """
        select sealed_client_secret from identity.identity_providers
        where organisation_id = $1 and id = $2
        """,
        tx.organisation_id,
        id,
    )
    return sealed


async def list_providers(tx: Tx) -> list[IdentityProvider]:
    """The organisation's providers, oldest first."""
    rows = await tx.fetch(
        f"""
        select {_PROVIDER} from identity.identity_providers where organisation_id = $1
        order by id
        """,
        tx.organisation_id,
    )
    return [_provider(row) for row in rows]


async def delete_provider(tx: Tx, id: UUID) -> str | None:
    """Delete a provider, with who people are there; return its name, None if there is none."""
    name: str | None = await tx.fetchval(
        """
        delete from identity.identity_providers where organisation_id = $1 and id = $2
        returning name
        """,
        tx.organisation_id,
        id,
    )
    return name


async def find_organisation(tx: Tx, provider_id: UUID) -> UUID | None:
    """Whose enabled provider this is. Any transaction."""
    organisation_id: UUID | None = await tx.fetchval(
        "select organisation_id from identity.find_identity_provider($1)", provider_id
    )
    return organisation_id


async def list_sign_in_providers(tx: Tx, domain: str) -> list[tuple[UUID, str]]:
    """(id, name) of the providers that people with addresses of this domain may use."""
    rows = await tx.fetch("select id, name from identity.list_sign_in_providers($1)", domain)
    return [(row["id"], row["name"]) for row in rows]


async def get_identity(tx: Tx, provider_id: UUID, subject: str) -> UUID | None:
    """Who a subject of a provider is here."""
    person_id: UUID | None = await tx.fetchval(
        """
        select person_id from identity.identities
        where organisation_id = $1 and provider_id = $2 and subject = $3
        """,
        tx.organisation_id,
        provider_id,
        subject,
    )
    return person_id


async def insert_identity(tx: Tx, provider_id: UUID, subject: str, person_id: UUID) -> None:
    """Note who a subject of a provider is here."""
    await tx.execute(
        """
        insert into identity.identities (organisation_id, provider_id, subject, person_id)
        values ($1, $2, $3, $4) on conflict do nothing
        """,
        tx.organisation_id,
        provider_id,
        subject,
        person_id,
    )
