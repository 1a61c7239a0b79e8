"""The table of permissions, written a second time by hand: a change must be made in both."""

import pytest

from hanse.identity.policy import GRANTS, TEXT_SCOPES, Permission, Role, may_appoint

EXPECTED = {
    Permission.TRANSLATE_TEXT: {Role.OWNER, Role.ADMIN, Role.MEMBER},
    Permission.TRANSLATE_DOCUMENT: {Role.OWNER, Role.ADMIN, Role.MEMBER},
    Permission.LANGUAGES_READ: {Role.OWNER, Role.ADMIN, Role.MEMBER, Role.GUEST},
    Permission.USAGE_READ: {Role.OWNER, Role.ADMIN, Role.MEMBER},
    Permission.WRITE_IMPROVE: {Role.OWNER, Role.ADMIN, Role.MEMBER},
    Permission.EMBEDDINGS: {Role.OWNER, Role.ADMIN, Role.MEMBER},
    Permission.MODELS_INFER: {Role.OWNER, Role.ADMIN, Role.MEMBER},
    Permission.GENERATION: {Role.OWNER, Role.ADMIN, Role.MEMBER},
    Permission.GLOSSARIES_READ: {Role.OWNER, Role.ADMIN, Role.MEMBER},
    Permission.GLOSSARIES_WRITE: {Role.OWNER, Role.ADMIN, Role.MEMBER},
    Permission.STYLE_RULES_READ: {Role.OWNER, Role.ADMIN, Role.MEMBER},
    Permission.STYLE_RULES_WRITE: {Role.OWNER, Role.ADMIN, Role.MEMBER},
    Permission.TRANSLATION_MEMORIES_READ: {Role.OWNER, Role.ADMIN, Role.MEMBER},
    Permission.TRANSLATION_MEMORIES_WRITE: {Role.OWNER, Role.ADMIN, Role.MEMBER},
    Permission.API_KEYS_READ: {Role.OWNER, Role.ADMIN},
    Permission.API_KEYS_WRITE: {Role.OWNER, Role.ADMIN},
    Permission.PEOPLE_READ: {Role.OWNER, Role.ADMIN, Role.MEMBER},
    Permission.PEOPLE_WRITE: {Role.OWNER, Role.ADMIN},
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
        (None, Role.MEMBER, True),
        (None, Role.ADMIN, False),
        (None, Role.OWNER, False),
    ],
)
def test_nobody_gives_a_role_above_their_own(
    actor: Role | None, wanted: Role, allowed: bool
) -> None:
    assert may_appoint(actor, wanted) is allowed
