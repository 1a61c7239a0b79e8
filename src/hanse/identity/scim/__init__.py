"""SCIM 2.0 (RFC 7642 to 7644): identity providers keep people and groups here up to date.

The protocol is the library scim2-server's; `storage` connects it to people and groups, whose own
verbs do what there is to do. `api` alone is loaded at the start.
"""

from hanse.identity.scim.api import PREFIX, handlers
from hanse.identity.scim.errors import error_response

__all__ = ["PREFIX", "error_response", "handlers"]
