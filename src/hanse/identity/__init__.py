"""Who is who: organisations, people, API keys, sign-in and permissions.

Every request is answered for one organisation and with the permissions of one caller. Other systems
get an `Access` with each request and ask it with `require`.
"""

from hanse.identity.api import router
from hanse.identity.api.common import cookie_of, forget_cookie
from hanse.identity.api.entry import Entry
from hanse.identity.audit import record
from hanse.identity.authentication import (
    Authenticator,
    MissingCredentials,
    WrongCredentials,
    require_same_origin,
    session_cookie,
)
from hanse.identity.events import examples as event_examples
from hanse.identity.model import Access, ApiKey, Organisation, Origin, Person, Status
from hanse.identity.people import EmailTaken, create_person, get_person, get_person_by_email
from hanse.identity.personal_data import holdings, register_personal_data
from hanse.identity.policy import Permission, Role
from hanse.identity.providers.oidc import OidcClient
from hanse.identity.purge import register_purge
from hanse.identity.sealing import Seal, read_or_make_key
from hanse.identity.service import (
    create_api_key,
    create_organisation,
    operator,
    rename_api_key,
    revoke_api_key,
)
from hanse.identity.signing.links import LINK_LIFETIME, Mailer
from hanse.identity.signing.links import create as create_sign_in_link
from hanse.identity.signing.passwords import Passwords
from hanse.identity.signing.sessions import sign_out
from hanse.identity.store import (
    get_organisation,
    list_api_keys,
    list_organisations,
    newest_api_keys,
)
from hanse.identity.webhooks import DeliveryLimits, run_deliverer
from hanse.identity.webhooks import consumer as webhook_consumer

__all__ = [
    "LINK_LIFETIME",
    "Access",
    "ApiKey",
    "Authenticator",
    "DeliveryLimits",
    "EmailTaken",
    "Entry",
    "Mailer",
    "MissingCredentials",
    "OidcClient",
    "Organisation",
    "Origin",
    "Passwords",
    "Permission",
    "Person",
    "Role",
    "Seal",
    "Status",
    "WrongCredentials",
    "cookie_of",
    "create_api_key",
    "create_organisation",
    "create_person",
    "create_sign_in_link",
    "event_examples",
    "forget_cookie",
    "get_organisation",
    "get_person",
    "get_person_by_email",
    "holdings",
    "list_api_keys",
    "list_organisations",
    "newest_api_keys",
    "operator",
    "read_or_make_key",
    "record",
    "register_personal_data",
    "register_purge",
    "rename_api_key",
    "require_same_origin",
    "revoke_api_key",
    "router",
    "run_deliverer",
    "session_cookie",
    "sign_out",
    "webhook_consumer",
]
