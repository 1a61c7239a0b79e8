"""Who is who: organisations, people, API keys, sign-in and permissions.

Every request is answered for one organisation and with the permissions of one caller. Other systems
get an `Access` with each request and ask it with `require`.
"""

from hanse.identity.api import router
from hanse.identity.api.common import cookies_of, forget_cookie
from hanse.identity.api.entry import Entry
from hanse.identity.audit import record
from hanse.identity.authentication import (
    SECRET_CHARACTERS_MAX,
    Authenticator,
    MissingCredentials,
    WrongCredentials,
    device_cookie,
    require_same_origin,
    session_cookie,
)
from hanse.identity.events import examples as event_examples
from hanse.identity.expiry import register_expiry
from hanse.identity.model import Access, ApiKey, Organisation, Origin, Person, Status
from hanse.identity.notifications.kinds import KINDS
from hanse.identity.notifications.live import InboxBells
from hanse.identity.notifications.model import Choice, EmailMode, Kind, Kinds
from hanse.identity.notifications.notices import Notices
from hanse.identity.notifications.sending.jobs import register_notifications
from hanse.identity.notifications.sending.mail_queue import MailQueue
from hanse.identity.notifications.sending.push import PushSender, PushServices, Vapid
from hanse.identity.notifications.service import notify
from hanse.identity.notifications.wording import read_texts
from hanse.identity.people import (
    EmailTaken,
    create_person,
    find_actors,
    get_person,
    get_person_by_email,
    names_of,
    reading_languages,
)
from hanse.identity.personal_data import holdings, register_personal_data
from hanse.identity.policy import Permission, Role
from hanse.identity.providers.oidc import OidcClient
from hanse.identity.purge import register_purge
from hanse.identity.scim import PREFIX as SCIM_PREFIX
from hanse.identity.scim import error_response as scim_error_response
from hanse.identity.scim import handlers as scim_routes
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
    "KINDS",
    "LINK_LIFETIME",
    "SCIM_PREFIX",
    "SECRET_CHARACTERS_MAX",
    "Access",
    "ApiKey",
    "Authenticator",
    "Choice",
    "DeliveryLimits",
    "EmailMode",
    "EmailTaken",
    "Entry",
    "InboxBells",
    "Kind",
    "Kinds",
    "MailQueue",
    "Mailer",
    "MissingCredentials",
    "Notices",
    "OidcClient",
    "Organisation",
    "Origin",
    "Passwords",
    "Permission",
    "Person",
    "PushSender",
    "PushServices",
    "Role",
    "Seal",
    "Status",
    "Vapid",
    "WrongCredentials",
    "cookies_of",
    "create_api_key",
    "create_organisation",
    "create_person",
    "create_sign_in_link",
    "device_cookie",
    "event_examples",
    "find_actors",
    "forget_cookie",
    "get_organisation",
    "get_person",
    "get_person_by_email",
    "holdings",
    "list_api_keys",
    "list_organisations",
    "names_of",
    "newest_api_keys",
    "notify",
    "operator",
    "read_or_make_key",
    "read_texts",
    "reading_languages",
    "record",
    "register_expiry",
    "register_notifications",
    "register_personal_data",
    "register_purge",
    "rename_api_key",
    "require_same_origin",
    "revoke_api_key",
    "router",
    "run_deliverer",
    "scim_error_response",
    "scim_routes",
    "session_cookie",
    "sign_out",
    "webhook_consumer",
]
