"""The audit log: who did what to what, from where. Rows are added and never changed.

A service calls `record` in the transaction of the deed, so neither is kept without the other.
"""

from hanse.identity.audit.model import AuditEvent, AuditFilter
from hanse.identity.audit.service import export_pages, list_events, record

__all__ = ["AuditEvent", "AuditFilter", "export_pages", "list_events", "record"]
