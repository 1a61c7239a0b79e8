"""The table of permissions, written a second time by hand: a change must be made in both."""

import pytest

from hanse.identity.policy import (
    GRANTS,
    TEXT_SCOPES,
    Permission,
    Role,
    may_appoint,
    may_provide,
    permissions_of,
)

ADMINS = {Role.OWNER, Role.ADMIN}
MEMBERS = {*ADMINS, Role.MEMBER}
TEXT = {*MEMBERS, Role.SERVICE}
EXPECTED = {
    Permission.TRANSLATE_TEXT: TEXT,
    Permission.TRANSLATE_DOCUMENT: TEXT,
    Permission.LANGUAGES_READ: {*TEXT, Role.GUEST},
    Permission.USAGE_READ: TEXT,
    Permission.WRITE_IMPROVE: TEXT,
    Permission.EMBEDDINGS: MEMBERS,
    Permission.GENERATION: MEMBERS,
    Permission.MODELS_INFER: MEMBERS,
    Permission.INFERENCE_READ: ADMINS,
    Permission.GLOSSARIES_READ: TEXT,
    Permission.GLOSSARIES_WRITE: TEXT,
    Permission.STYLE_RULES_READ: TEXT,
    Permission.STYLE_RULES_WRITE: TEXT,
    Permission.TRANSLATION_MEMORIES_READ: TEXT,
    Permission.TRANSLATION_MEMORIES_WRITE: TEXT,
    Permission.API_KEYS_READ: ADMINS,
    Permission.API_KEYS_WRITE: ADMINS,
    Permission.PEOPLE_READ: MEMBERS,
    Permission.PEOPLE_WRITE: ADMINS,
    Permission.PEOPLE_EXPORT: ADMINS,
    Permission.PEOPLE_ERASE: ADMINS,
    Permission.GROUPS_READ: MEMBERS,
    Permission.GROUPS_WRITE: ADMINS,
    Permission.ORGANISATION_READ: MEMBERS,
    Permission.ORGANISATION_WRITE: ADMINS,
    Permission.IDENTITY_PROVIDERS_READ: ADMINS,
    Permission.IDENTITY_PROVIDERS_WRITE: ADMINS,
    Permission.AUDIT_READ: ADMINS,
    Permission.PROVISIONING: ADMINS,
    Permission.WEBHOOKS_READ: ADMINS,
    Permission.WEBHOOKS_WRITE: ADMINS,
    Permission.CHAT_READ: set(Role),
    Permission.CHAT_WRITE: set(Role),
    Permission.CHAT_BROWSE: MEMBERS,
    Permission.CHAT_CHANNELS: MEMBERS,
    Permission.CHAT_REACH_ALL: ADMINS,
    Permission.CHAT_MODERATE: ADMINS,
    Permission.CHAT_HOLDS: {Role.OWNER},
}


@pytest.mark.parametrize("permission", Permission)
@pytest.mark.parametrize("role", Role)
def test_a_role_may_do_what_the_table_says_and_nothing_else(
    role: Role, permission: Permission
) -> None:
    assert (permission in GRANTS[role]) == (role in EXPECTED[permission])


def test_a_key_without_scopes_may_call_the_text_api_only() -> None:
    assert {each.value for each in TEXT_SCOPES} == {
        "translate:text",
        "translate:document",
        "languages:read",
        "usage:read",
        "write:improve",
        "glossaries:read",
        "glossaries:write",
        "style_rules:read",
        "style_rules:write",
        "translation_memories:read",
        "translation_memories:write",
    }


@pytest.mark.parametrize(
    ("actor", "wanted", "allowed"),
    [
        (Role.OWNER, Role.OWNER, True),
        (Role.OWNER, Role.GUEST, True),
        (Role.ADMIN, Role.OWNER, False),
        (Role.ADMIN, Role.ADMIN, True),
        (Role.MEMBER, Role.GUEST, False),
        (Role.GUEST, Role.GUEST, False),
        (Role.SERVICE, Role.GUEST, False),
        (None, Role.MEMBER, True),
        (None, Role.SERVICE, True),
        (None, Role.ADMIN, False),
        (None, Role.OWNER, False),
    ],
)
def test_nobody_gives_a_role_above_their_own(
    actor: Role | None, wanted: Role, allowed: bool
) -> None:
    assert may_appoint(actor, wanted) is allowed


def test_groups_add_to_what_a_role_allows_and_unknown_names_add_nothing() -> None:
    assert permissions_of(Role.GUEST, ["people:read", "fly"]) == {
        Permission.LANGUAGES_READ,
        Permission.CHAT_READ,
        Permission.CHAT_WRITE,
        Permission.PEOPLE_READ,
    }
    assert permissions_of(Role.ADMIN) == permissions_of(Role.ADMIN, ["people:read"])


PROVIDED = {
    Role.OWNER: set(),
    Role.ADMIN: {"end"},
    Role.MEMBER: {"address", "admit", "end"},
    Role.GUEST: {"address", "admit", "end"},
    Role.SERVICE: {"address", "admit", "end"},
}


@pytest.mark.parametrize("role", Role)
def test_a_provider_ends_the_access_of_admins_and_does_nothing_to_owners(role: Role) -> None:
    may = {change for change in ("address", "admit", "end") if may_provide(role, change)}
    assert may == PROVIDED[role]
