"""The verbs about identity providers. Whoever sets one up decides who can come in as whom."""

import re
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from hanse.identity.audit import record
from hanse.identity.groups import store as groups_store
from hanse.identity.model import Access
from hanse.identity.people.service import clean_name
from hanse.identity.policy import Permission, Role, may_appoint
from hanse.identity.providers import store
from hanse.identity.providers.model import IdentityProvider, ProviderSettings
from hanse.identity.sealing import Seal
from hanse.platform.database import Tx
from hanse.platform.ids import new_id
from hanse.platform.outbound import LOOPBACK_HOSTS
from hanse.platform.problems import BadRequest, Conflict, Forbidden, NotFound

PROVIDERS_MAX = 20
SEAL_PURPOSE = "oidc client secret"
_DOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")


class InvalidProvider(BadRequest):
    """Something about the provider cannot be as it is written."""

    code = "invalid_identity_provider"
    title = "Invalid identity provider"


class TooManyProviders(Conflict):
    """An organisation has PROVIDERS_MAX providers."""

    code = "too_many_identity_providers"
    title = "Too many identity providers"


async def list_providers(tx: Tx, access: Access) -> list[IdentityProvider]:
    """The organisation's providers, oldest first. Raises MissingScope."""
    access.require(Permission.IDENTITY_PROVIDERS_READ)
    return await store.list_providers(tx)


async def create_provider(
    tx: Tx, access: Access, seal: Seal, settings: ProviderSettings, client_secret: str | None
) -> IdentityProvider:
    """Set a provider up. Raises InvalidProvider, TooManyProviders, Forbidden."""
    _require(access)
    if len(await store.list_providers(tx)) >= PROVIDERS_MAX:
        raise TooManyProviders(f"Up to {PROVIDERS_MAX} providers; delete one first.")
    id = new_id()
    provider = await store.insert_provider(
        tx, id, await _checked(tx, access, settings), _sealed(seal, id, client_secret)
    )
    await record(
        tx,
        access,
        "identity_provider.created",
        "identity_provider",
        id,
        provider.name,
        issuer=provider.issuer,
    )
    return provider


async def update_provider(
    tx: Tx,
    access: Access,
    seal: Seal,
    id: UUID,
    changes: dict[str, Any],
    client_secret: str | None,
) -> IdentityProvider:
    """Change what `changes` names; without `client_secret` it stays. Raises as for a new one.

    The issuer stays: the subjects of one mean nothing at another.
    """
    _require(access)
    before = await store.get_provider(tx, id)
    if before is None:
        raise NotFound("There is no such identity provider.")
    if changes.get("issuer", before.issuer) != before.issuer:
        raise InvalidProvider("Another issuer is another provider: make a new one.")
    kept = {field.name for field in msgspec.structs.fields(ProviderSettings)}
    settings = ProviderSettings(
        **{name: value for name, value in msgspec.structs.asdict(before).items() if name in kept}
        | changes
    )
    provider = await store.update_provider(
        tx, id, await _checked(tx, access, settings), _sealed(seal, id, client_secret)
    )
    assert provider is not None
    await record(
        tx,
        access,
        "identity_provider.changed",
        "identity_provider",
        id,
        provider.name,
        changed=sorted([*changes, *(["client_secret"] if client_secret else [])]),
    )
    return provider


async def delete_provider(tx: Tx, access: Access, id: UUID) -> None:
    """Delete a provider; people stay, and sign in otherwise. Raises NotFound."""
    _require(access)
    name = await store.delete_provider(tx, id)
    if name is None:
        raise NotFound("There is no such identity provider.")
    await record(tx, access, "identity_provider.deleted", "identity_provider", id, name)


def _require(access: Access) -> None:
    access.require(Permission.IDENTITY_PROVIDERS_WRITE)
    if not may_appoint(access.role, Role.ADMIN):
        raise Forbidden("Administrators set up who can sign in; an API key cannot.")


async def _checked(tx: Tx, access: Access, settings: ProviderSettings) -> ProviderSettings:
    url = urlsplit(settings.issuer)
    secure = url.scheme == "https" or (url.scheme == "http" and url.hostname in LOOPBACK_HOSTS)
    if not secure or not url.hostname or url.query or url.fragment or url.username:
        raise InvalidProvider("Write the issuer as 'https://...', without query or fragment.")
    domains = sorted({each.strip().lower().lstrip("@") for each in settings.allowed_domains})
    if any(not _DOMAIN.fullmatch(each) for each in domains):
        raise InvalidProvider("Write allowed domains such as 'example.org'.")
    if settings.provisioning and not domains:
        raise InvalidProvider("Name the domains whose people may be added by themselves.")
    if settings.default_role not in (Role.MEMBER, Role.GUEST):
        raise InvalidProvider("People can be added as member or guest.")
    if "openid" not in settings.scopes:
        raise InvalidProvider("The scopes must have 'openid'.")
    for group_id in settings.group_mapping.values():
        around = await groups_store.ancestors(tx, group_id)
        if not around:
            raise InvalidProvider(f"There is no group {group_id}.")
        access.require(*{each for permissions in around.values() for each in permissions})
    return msgspec.structs.replace(
        settings, name=clean_name(settings.name), allowed_domains=domains
    )


def _sealed(seal: Seal, id: UUID, client_secret: str | None) -> bytes | None:
    return seal.seal(client_secret, purpose=SEAL_PURPOSE, owner=id) if client_secret else None
