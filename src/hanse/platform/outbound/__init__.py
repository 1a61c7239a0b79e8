"""Requests to addresses that somebody else chose, such as the URL of a webhook.

Whoever may choose an address must not thereby reach what only this server reaches: other services
of its network, itself, or a cloud's metadata (server-side request forgery). Each name is resolved
once, every address is checked, and the connection goes to a checked address itself.
"""

from hanse.platform.outbound.addresses import (
    LOOPBACK_HOSTS,
    ForbiddenAddress,
    OutboundRules,
    check_url,
    is_public,
    parse_rules,
)
from hanse.platform.outbound.client import Answer, OutboundClient, OutboundFailure

__all__ = [
    "LOOPBACK_HOSTS",
    "Answer",
    "ForbiddenAddress",
    "OutboundClient",
    "OutboundFailure",
    "OutboundRules",
    "check_url",
    "is_public",
    "parse_rules",
]
