"""Who is who: organisations, people, API keys, sign-in and permissions.

Every request is answered for one organisation and with the permissions of one caller. Other systems
get an `Access` with each request and ask it with `require`.
"""

from typing import TYPE_CHECKING

from hanse.platform.faces import lazy_face

if TYPE_CHECKING:
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
    from hanse.identity.groups import members_among, names_of_groups
    from hanse.identity.groups.store import list_holders
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
        api_keys_among,
        create_person,
        find_actors,
        get_person,
        get_person_by_email,
        guests_among,
        ids_by_email,
        names_of,
        owner_ids,
        people_of,
        reading_languages,
    )
    from hanse.identity.people.removal import remember_departed
    from hanse.identity.personal_data import register_personal_data
    from hanse.identity.personal_data.holdings import holdings
    from hanse.identity.policy import Permission, Role
    from hanse.identity.providers.oidc import OidcClient
    from hanse.identity.purge import register_purge
    from hanse.identity.scim import PREFIX as SCIM_PREFIX
    from hanse.identity.scim import error_response as scim_error_response
    from hanse.identity.scim import handlers as scim_routes
    from hanse.identity.sealing import Seal, read_or_make_key
    from hanse.identity.secrets import digest, new_secret
    from hanse.identity.service import (
        create_api_key,
        create_organisation,
        operator,
        rename_api_key,
        revoke_api_key,
    )
    from hanse.identity.signing.devices import device_name
    from hanse.identity.signing.links import LINK_LIFETIME, Mailer
    from hanse.identity.signing.links import create as create_sign_in_link
    from hanse.identity.signing.links import sign_in as sign_in_by_link
    from hanse.identity.signing.passwords import Passwords
    from hanse.identity.signing.passwords import sign_in as sign_in_by_password
    from hanse.identity.signing.sessions import list_own as list_own_sessions
    from hanse.identity.signing.sessions import revoke_own_all as sign_out_everywhere
    from hanse.identity.signing.sessions import sign_out
    from hanse.identity.store import (
        get_organisation,
        list_api_keys,
        list_organisations,
        newest_api_keys,
    )
    from hanse.identity.webhooks import (
        DeliveryLimits,
        DeliveryStatus,
        Hear,
        Settled,
        Webhook,
        WebhookDelivery,
        attach_webhook,
        delete_webhook,
        run_deliverer,
        send_to_webhook,
        update_webhook,
    )
    from hanse.identity.webhooks import consumer as webhook_consumer
    from hanse.identity.webhooks import list_deliveries as list_webhook_deliveries
    from hanse.identity.webhooks import rotate_secret as rotate_webhook_secret
    from hanse.identity.webhooks.store import get_webhooks
else:
    # The scheduler and the gateway ask for permissions: they need no routes, letters and SCIM.
    __getattr__ = lazy_face(
        __name__,
        {
            "Access": "model",
            "ApiKey": "model",
            "Authenticator": "authentication",
            "Choice": "notifications.model",
            "DeliveryLimits": "webhooks",
            "DeliveryStatus": "webhooks",
            "EmailMode": "notifications.model",
            "EmailTaken": "people",
            "Entry": "api.entry",
            "Hear": "webhooks",
            "InboxBells": "notifications.live",
            "KINDS": "notifications.kinds",
            "Kind": "notifications.model",
            "Kinds": "notifications.model",
            "LINK_LIFETIME": "signing.links",
            "MailQueue": "notifications.sending.mail_queue",
            "Mailer": "signing.links",
            "MissingCredentials": "authentication",
            "Notices": "notifications.notices",
            "OidcClient": "providers.oidc",
            "Organisation": "model",
            "Origin": "model",
            "Passwords": "signing.passwords",
            "Permission": "policy",
            "Person": "model",
            "PushSender": "notifications.sending.push",
            "PushServices": "notifications.sending.push",
            "Role": "policy",
            "SCIM_PREFIX": "scim:PREFIX",
            "SECRET_CHARACTERS_MAX": "authentication",
            "Seal": "sealing",
            "Settled": "webhooks",
            "Status": "model",
            "Vapid": "notifications.sending.push",
            "Webhook": "webhooks",
            "WebhookDelivery": "webhooks",
            "WrongCredentials": "authentication",
            "api_keys_among": "people",
            "attach_webhook": "webhooks",
            "cookies_of": "api.common",
            "create_api_key": "service",
            "create_organisation": "service",
            "create_person": "people",
            "create_sign_in_link": "signing.links:create",
            "delete_webhook": "webhooks",
            "device_cookie": "authentication",
            "digest": "secrets",
            "device_name": "signing.devices",
            "event_examples": "events:examples",
            "find_actors": "people",
            "forget_cookie": "api.common",
            "get_organisation": "store",
            "get_person": "people",
            "get_person_by_email": "people",
            "guests_among": "people",
            "get_webhooks": "webhooks.store",
            "holdings": "personal_data.holdings",
            "list_holders": "groups.store",
            "ids_by_email": "people",
            "list_api_keys": "store",
            "list_organisations": "store",
            "list_own_sessions": "signing.sessions:list_own",
            "members_among": "groups",
            "names_of": "people",
            "names_of_groups": "groups",
            "list_webhook_deliveries": "webhooks:list_deliveries",
            "new_secret": "secrets",
            "newest_api_keys": "store",
            "notify": "notifications.service",
            "operator": "service",
            "owner_ids": "people",
            "people_of": "people",
            "read_or_make_key": "sealing",
            "read_texts": "notifications.wording",
            "reading_languages": "people",
            "record": "audit",
            "register_expiry": "expiry",
            "register_notifications": "notifications.sending.jobs",
            "register_personal_data": "personal_data",
            "register_purge": "purge",
            "remember_departed": "people.removal",
            "rename_api_key": "service",
            "require_same_origin": "authentication",
            "revoke_api_key": "service",
            "rotate_webhook_secret": "webhooks:rotate_secret",
            "router": "api",
            "run_deliverer": "webhooks",
            "scim_error_response": "scim:error_response",
            "scim_routes": "scim:handlers",
            "send_to_webhook": "webhooks",
            "session_cookie": "authentication",
            "sign_in_by_link": "signing.links:sign_in",
            "sign_in_by_password": "signing.passwords:sign_in",
            "sign_out": "signing.sessions",
            "update_webhook": "webhooks",
            "sign_out_everywhere": "signing.sessions:revoke_own_all",
            "webhook_consumer": "webhooks:consumer",
        },
    )

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
    "DeliveryStatus",
    "EmailMode",
    "EmailTaken",
    "Entry",
    "Hear",
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
    "Settled",
    "Status",
    "Vapid",
    "Webhook",
    "WebhookDelivery",
    "WrongCredentials",
    "api_keys_among",
    "attach_webhook",
    "cookies_of",
    "create_api_key",
    "create_organisation",
    "create_person",
    "create_sign_in_link",
    "delete_webhook",
    "device_cookie",
    "device_name",
    "digest",
    "event_examples",
    "find_actors",
    "forget_cookie",
    "get_organisation",
    "get_person",
    "get_person_by_email",
    "get_webhooks",
    "guests_among",
    "holdings",
    "ids_by_email",
    "list_api_keys",
    "list_holders",
    "list_organisations",
    "list_own_sessions",
    "list_webhook_deliveries",
    "members_among",
    "names_of",
    "names_of_groups",
    "new_secret",
    "newest_api_keys",
    "notify",
    "operator",
    "owner_ids",
    "people_of",
    "read_or_make_key",
    "read_texts",
    "reading_languages",
    "record",
    "register_expiry",
    "register_notifications",
    "register_personal_data",
    "register_purge",
    "remember_departed",
    "rename_api_key",
    "require_same_origin",
    "revoke_api_key",
    "rotate_webhook_secret",
    "router",
    "run_deliverer",
    "scim_error_response",
    "scim_routes",
    "send_to_webhook",
    "session_cookie",
    "sign_in_by_link",
    "sign_in_by_password",
    "sign_out",
    "sign_out_everywhere",
    "update_webhook",
    "webhook_consumer",
]
