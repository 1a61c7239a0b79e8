"""Everything about a person as one archive, and forgetting a person.

What there is, each system says by its holdings (`hanse.platform.personal_data`). See
docs/decisions/0047-forgetting-a-person.md.
"""

from hanse.identity.personal_data.holdings import holdings
from hanse.identity.personal_data.jobs import register_personal_data
from hanse.identity.personal_data.model import Erasure, PersonalExport
from hanse.identity.personal_data.service import (
    archive_parts,
    erase_person,
    get_erasure,
    get_export,
    open_archive,
    request_export,
)

__all__ = [
    "Erasure",
    "PersonalExport",
    "archive_parts",
    "erase_person",
    "get_erasure",
    "get_export",
    "holdings",
    "open_archive",
    "register_personal_data",
    "request_export",
]
