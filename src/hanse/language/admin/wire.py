"""What the contract says of usage reports and developer keys. No I/O."""

from datetime import date, datetime
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from hanse.identity import ApiKey
from hanse.language.admin import store


class UsageBreakdown(Struct):
    """Characters by what they were used for."""

    total_characters: int
    text_translation_characters: int
    document_translation_characters: int
    text_improvement_characters: int
    speech_to_text_minutes: float = 0.0


class KeyUsage(Struct):
    """The usage of one API key; `api_key` shows the ends of its id, and is empty for people."""

    api_key: str
    api_key_label: str
    usage: UsageBreakdown
    usage_date: str | UnsetType = UNSET


class UsageReportData(Struct):
    """The usage of a span of days."""

    total_usage: UsageBreakdown
    start_date: str
    end_date: str
    group_by: str | UnsetType = UNSET
    key_usages: list[KeyUsage] | UnsetType = UNSET
    key_and_day_usages: list[KeyUsage] | UnsetType = UNSET


class UsageReport(Struct):
    """The usage of a span of days."""

    usage_report: UsageReportData


class TagBreakdown(Struct):
    """Characters by what they were used for, under one tag."""

    total_characters: int
    text_translation_characters: int
    text_improvement_characters: int


class TagUsage(Struct):
    """The usage under one reporting tag."""

    custom_tag: str
    breakdown: TagBreakdown
    usage_date: str | UnsetType = UNSET


class TagReportData(Struct):
    """One page of the usage by reporting tag."""

    aggregate_by: str
    start_date: str
    end_date: str
    usage: list[TagUsage]
    next_page: int | None = None


class TagReport(Struct):
    """One page of the usage by reporting tag."""

    custom_tag_usage_report: TagReportData


class UsageLimits(Struct):
    """What an API key may use in a calendar month (UTC); absent what has no limit."""

    characters: int | UnsetType = UNSET


class DeveloperKey(Struct):
    """An API key. Its secret, `key`, stands in the answer that makes it and nowhere else."""

    key_id: UUID
    label: str
    creation_time: str
    is_deactivated: bool
    deactivated_time: str | UnsetType = UNSET
    key: str | UnsetType = UNSET
    usage_limits: UsageLimits | UnsetType = UNSET


def breakdown(text: int, document: int, write: int) -> UsageBreakdown:
    """Return characters by what they were used for."""
    return UsageBreakdown(text + document + write, text, document, write)


def key_usage(row: store.UsageRow, labels: dict[UUID, str]) -> KeyUsage:
    """Return what a key used, with its label, as the contract shows it."""
    shown = (
        "" if row.api_key_id is None else f"{row.api_key_id.hex[:4]}****{row.api_key_id.hex[-4:]}"
    )
    label = "" if row.api_key_id is None else labels.get(row.api_key_id, "")
    return KeyUsage(
        shown,
        label,
        breakdown(row.text_characters, row.document_characters, row.write_characters),
        UNSET if row.day is None else day(row.day),
    )


def developer_key(
    key: ApiKey, secret: str | None = None, *, limit: int | None = None
) -> DeveloperKey:
    """Return a key as the contract shows it; its secret only when it was just made."""
    return DeveloperKey(
        key_id=key.id,
        label=key.name,
        creation_time=key.created_at.isoformat(timespec="microseconds"),
        is_deactivated=key.revoked_at is not None,
        deactivated_time=UNSET
        if key.revoked_at is None
        else key.revoked_at.isoformat(timespec="microseconds"),
        key=secret or UNSET,
        usage_limits=UsageLimits(UNSET if limit is None else limit),
    )


def local(moment: datetime) -> str:
    """Write a time of a report, which is UTC without saying so."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def day(date_: date) -> str:
    """Write a day of a report."""
    return f"{date_.isoformat()}T00:00:00Z"
