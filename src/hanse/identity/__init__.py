"""Who is who: organisations, people, API keys, sign-in and permissions.

Every request is answered for one organisation and with the permissions of one caller. Other systems
get an `Access` with each request and ask it with `require`.
"""

from hanse.identity.api import router
from hanse.identity.authentication import (
    SESSION_COOKIE,
    Authenticator,
    MissingCredentials,
    WrongCredentials,
    require_same_origin,
)
from hanse.identity.model import Access, ApiKey, Organisation, Person
from hanse.identity.policy import Permission, Role
from hanse.identity.service import (
    LINK_LIFETIME,
    SESSION_LIFETIME,
    EmailTaken,
    create_api_key,
    create_organisation,
    create_person,
    create_sign_in_link,
    operator,
    rename_api_key,
    revoke_api_key,
    sign_in,
    sign_out,
)
from hanse.identity.store import (
    get_organisation,
    get_person,
    get_person_by_email,
    list_api_keys,
    list_organisations,
    newest_api_keys,
)

__all__ = [
    "LINK_LIFETIME",
    "SESSION_COOKIE",
    "SESSION_LIFETIME",
    "Access",
    "ApiKey",
    "Authenticator",
    "EmailTaken",
    "MissingCredentials",
    "Organisation",
    "Permission",
    "Person",
    "Role",
    "WrongCredentials",
    "create_api_key",
    "create_organisation",
    "create_person",
    "create_sign_in_link",
    "get_organisation",
    "get_person",
    "get_person_by_email",
    "list_api_keys",
    "list_organisations",
    "newest_api_keys",
    "operator",
    "rename_api_key",
    "require_same_origin",
    "revoke_api_key",
    "router",
    "sign_in",
    "sign_out",
]
