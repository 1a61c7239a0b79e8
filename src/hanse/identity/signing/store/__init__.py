"""All SQL of signing in, a module for each thing that is kept."""

from hanse.identity.signing.store.accounts import (
    allows_passwords,
    delete_credentials,
    find_accounts,
    get_name,
    get_password_hash,
    put_password_hash,
)
from hanse.identity.signing.store.ceremonies import (
    purge_ceremonies,
    put_ceremony,
    take_ceremony,
)
from hanse.identity.signing.store.failures import (
    add_failure,
    forget_failures,
    forgive_failure,
    purge_failures,
)
from hanse.identity.signing.store.links import (
    find_link,
    insert_link,
    purge_links,
    revoke_links,
    use_link,
)
from hanse.identity.signing.store.passkeys import (
    delete_passkey,
    find_passkey,
    get_passkey,
    insert_passkey,
    list_credential_ids,
    list_passkeys,
    use_passkey,
)
from hanse.identity.signing.store.second_factor import (
    count_recovery_codes,
    delete_totp,
    get_totp,
    put_recovery_codes,
    put_totp,
    use_recovery_code,
    use_totp_step,
)
from hanse.identity.signing.store.sessions import (
    change_token,
    find_session,
    insert_session,
    list_sessions,
    purge_sessions,
    revoke_session,
    revoke_sessions,
    touch_session,
)

__all__ = [
    "add_failure",
    "allows_passwords",
    "change_token",
    "count_recovery_codes",
    "delete_credentials",
    "delete_passkey",
    "delete_totp",
    "find_accounts",
    "find_link",
    "find_passkey",
    "find_session",
    "forget_failures",
    "forgive_failure",
    "get_name",
    "get_passkey",
    "get_password_hash",
    "get_totp",
    "insert_link",
    "insert_passkey",
    "insert_session",
    "list_credential_ids",
    "list_passkeys",
    "list_sessions",
    "purge_ceremonies",
    "purge_failures",
    "purge_links",
    "purge_sessions",
    "put_ceremony",
    "put_password_hash",
    "put_recovery_codes",
    "put_totp",
    "revoke_links",
    "revoke_session",
    "revoke_sessions",
    "take_ceremony",
    "touch_session",
    "use_link",
    "use_passkey",
    "use_recovery_code",
    "use_totp_step",
]
