"""Who may do what: one table, no I/O. What is not granted here is denied."""

from collections.abc import Iterable
from enum import StrEnum


class Permission(StrEnum):
    """Something that can be allowed; for the text API, by the names of its contract."""

    TRANSLATE_TEXT = "translate:text"
    TRANSLATE_DOCUMENT = "translate:document"
    LANGUAGES_READ = "languages:read"
    USAGE_READ = "usage:read"
    WRITE_IMPROVE = "write:improve"
    EMBEDDINGS = "embeddings"
    MODELS_INFER = "models:infer"
    INFERENCE_READ = "inference:read"
    GENERATION = "generation"
    GLOSSARIES_READ = "glossaries:read"
    GLOSSARIES_WRITE = "glossaries:write"
    STYLE_RULES_READ = "style_rules:read"
    STYLE_RULES_WRITE = "style_rules:write"
    TRANSLATION_MEMORIES_READ = "translation_memories:read"
    TRANSLATION_MEMORIES_WRITE = "translation_memories:write"
    API_KEYS_READ = "api_keys:read"
    API_KEYS_WRITE = "api_keys:write"
    PEOPLE_READ = "people:read"
    PEOPLE_WRITE = "people:write"
    PEOPLE_EXPORT = "people:export"
    PEOPLE_ERASE = "people:erase"
    GROUPS_READ = "groups:read"
    GROUPS_WRITE = "groups:write"
    ORGANISATION_READ = "organisation:read"
    ORGANISATION_WRITE = "organisation:write"
    IDENTITY_PROVIDERS_READ = "identity_providers:read"
    IDENTITY_PROVIDERS_WRITE = "identity_providers:write"
    AUDIT_READ = "audit:read"
    CHAT_READ = "chat:read"
    CHAT_WRITE = "chat:write"
    CHAT_BROWSE = "chat:browse"
    """To see and join public channels."""
    CHAT_CHANNELS = "chat:channels"
    """To make channels."""
    CHAT_REACH_ALL = "chat:reach_all"
    """To address everybody in a room."""
    CHAT_HOLDS = "chat:holds"
    """To place legal holds, and to read what they hold."""
    CHAT_MODERATE = "chat:moderate"
    """To decide about reports of all rooms."""
    PROVISIONING = "provisioning"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"


class Role(StrEnum):
    """What a person is in an organisation."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    GUEST = "guest"
    SERVICE = "service"
    """A program with an account: in groups like people, but nobody can sign in as it."""


TEXT_SCOPES = frozenset(
    {
        Permission.TRANSLATE_TEXT,
        Permission.TRANSLATE_DOCUMENT,
        Permission.LANGUAGES_READ,
        Permission.USAGE_READ,
        Permission.WRITE_IMPROVE,
        Permission.GLOSSARIES_READ,
        Permission.GLOSSARIES_WRITE,
        Permission.STYLE_RULES_READ,
        Permission.STYLE_RULES_WRITE,
        Permission.TRANSLATION_MEMORIES_READ,
        Permission.TRANSLATION_MEMORIES_WRITE,
    }
)
"""What an API key may do unless it is made for more: call the text API."""

_CHAT = frozenset({Permission.CHAT_READ, Permission.CHAT_WRITE})

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset(Permission),
    Role.ADMIN: frozenset(Permission) - {Permission.CHAT_HOLDS},
    Role.MEMBER: TEXT_SCOPES
    | _CHAT
    | {
        Permission.CHAT_BROWSE,
        Permission.CHAT_CHANNELS,
        Permission.EMBEDDINGS,
        Permission.GENERATION,
        Permission.GROUPS_READ,
        Permission.MODELS_INFER,
        Permission.ORGANISATION_READ,
        Permission.PEOPLE_READ,
    },
    Role.GUEST: frozenset({Permission.LANGUAGES_READ}) | _CHAT,
    Role.SERVICE: TEXT_SCOPES | _CHAT,
}
"""What a role may do. Groups can give their members more, and nothing takes any of it away."""

_KEYS_APPOINT = frozenset({Role.MEMBER, Role.GUEST, Role.SERVICE})


def permissions_of(role: Role, from_groups: Iterable[str] = ()) -> frozenset[Permission]:
    """What a person may do: by role, and by the groups they are in. Unknown names grant nothing."""
    return GRANTS[role] | {Permission(each) for each in from_groups if each in _NAMES}


def roles_with(permission: Permission) -> list[Role]:
    """The roles that may do this whatever groups they are in."""
    return [role for role, granted in GRANTS.items() if permission in granted]


def may_appoint(actor: Role | None, wanted: Role) -> bool:
    """Tell whether a person in role `actor`, or a key (None), may let somebody be `wanted`."""
    if actor is None:
        return wanted in _KEYS_APPOINT
    if actor is Role.OWNER:
        return True
    return actor is Role.ADMIN and wanted is not Role.OWNER


def may_provide(role: Role, change: str) -> bool:
    """Tell whether an identity provider may do this to somebody: `address`, `admit` or `end`.

    Whoever leaves must be out at once, admins too. But who could give an admin another address, or
    let a former one in again, could become one.
    """
    return role in _KEYS_APPOINT or (role is Role.ADMIN and change == "end")


_NAMES = frozenset(each.value for each in Permission)
