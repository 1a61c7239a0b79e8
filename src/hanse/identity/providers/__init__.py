"""Identity providers: signing in by OpenID Connect with an organisation's own."""

from hanse.identity.providers.model import IdentityProvider
from hanse.identity.providers.service import (
    create_provider,
    delete_provider,
    list_providers,
    update_provider,
)

__all__ = [
    "IdentityProvider",
    "create_provider",
    "delete_provider",
    "list_providers",
    "update_provider",
]
