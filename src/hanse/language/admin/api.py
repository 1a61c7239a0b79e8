"""Routes of the contract for administrators: usage reports and developer keys. Routes only."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Request, Router, get, post, put
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from msgspec import UNSET

from hanse import identity
from hanse.identity import Access, ApiKey
from hanse.language import contract, wire
from hanse.language.admin import store
from hanse.language.admin.wire import (
    DeveloperKey,
    TagBreakdown,
    TagReport,
    TagReportData,
    TagUsage,
    UsageReport,
    UsageReportData,
    breakdown,
    day,
    developer_key,
    key_usage,
    local,
)
from hanse.language.store import read_key_limit, read_key_limits, set_key_limit
from hanse.platform.database import Db, Tx
from hanse.platform.problems import NotFound

DAYS_MAX: Final = 366
TAGS_PER_PAGE: Final = 100
PAGES_MAX: Final = 100_000
KEYS_MAX: Final = 10_000
CHARACTERS_MAX: Final = 1_000_000_000_000
BODY_BYTES_MAX: Final = 16 * 1024
READ: Final = "api_keys:read"
_TAGS: Final = ["Administration"]
_REQUEST = Request[Any, Any, Any]
_Day = Annotated[str, QueryParameter(description="A day, as 2026-05-17.")]


@get(
    "/v2/admin/analytics",
    operation_id="adminGetAnalytics",
    summary="Show who used how much",
    tags=_TAGS,
    responses=contract.errors(),
)
async def show_usage(
    access: NamedDependency[Access],
    db: NamedDependency[Db],
    start_date: _Day = "",
    end_date: _Day = "",
    group_by: Annotated[
        str,
        QueryParameter(
            description="How to tell apart.", schema_extra={"enum": ["key", "key_and_day"]}
        ),
    ] = "",
) -> UsageReport:
    """Show the characters of up to 366 days (UTC, both ends included)."""
    access.require(READ)
    start, end = _span(start_date, end_date)
    if group_by not in ("", "key", "key_and_day"):
        raise wire.InvalidParameter(
            "Value for 'group_by' not supported. Allowed: '', 'key', 'key_and_day'."
        )
    async with db.tx(access.organisation_id, access.person_id) as tx:
        rows = await store.usage_by_key(
            tx, start, end + timedelta(days=1), by_day=group_by == "key_and_day"
        )
        labels = {key.id: key.name for key in await _keys(tx)} if group_by else {}
    usages = [key_usage(row, labels) for row in rows] if group_by else UNSET
    return UsageReport(
        UsageReportData(
            total_usage=breakdown(
                sum(row.text_characters for row in rows),
                sum(row.document_characters for row in rows),
                sum(row.write_characters for row in rows),
            ),
            start_date=local(start),
            end_date=local(end),
            group_by=group_by or UNSET,
            key_usages=usages if group_by == "key" else UNSET,
            key_and_day_usages=usages if group_by == "key_and_day" else UNSET,
        )
    )


@get(
    "/v2/admin/analytics/custom-tags",
    operation_id="adminGetCustomTagAnalytics",
    summary="Show how much was used under each reporting tag",
    tags=_TAGS,
    responses=contract.errors(),
)
async def show_tags(
    access: NamedDependency[Access],
    db: NamedDependency[Db],
    start_date: _Day = "",
    end_date: _Day = "",
    aggregate_by: Annotated[
        str,
        QueryParameter(description="How to tell apart.", schema_extra={"enum": ["period", "day"]}),
    ] = "period",
    page: str = "1",
) -> TagReport:
    """Show the characters under each value of `X-DeepL-Reporting-Tag`, a hundred a page."""
    access.require(READ)
    start, end = _span(start_date, end_date)
    if aggregate_by not in ("period", "day"):
        raise wire.InvalidParameter(
            "Value for 'aggregate_by' not supported. Allowed: 'period', 'day'."
        )
    if not page.isascii() or not page.isdigit() or not 1 <= int(page[:9]) <= PAGES_MAX:
        raise wire.InvalidParameter("Value for 'page' not supported.")
    number = int(page)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        rows = await store.usage_by_tag(
            tx,
            start,
            end + timedelta(days=1),
            by_day=aggregate_by == "day",
            limit=TAGS_PER_PAGE + 1,
            offset=(number - 1) * TAGS_PER_PAGE,
        )
    usage = [
        TagUsage(
            row.tag,
            TagBreakdown(row.total_characters, row.text_characters, row.write_characters),
            UNSET if row.day is None else day(row.day),
        )
        for row in rows[:TAGS_PER_PAGE]
    ]
    is_more = len(rows) > TAGS_PER_PAGE
    return TagReport(
        TagReportData(
            aggregate_by, local(start), local(end), usage, number + 1 if is_more else None
        )
    )


@post(
    "/v2/admin/developer-keys",
    status_code=200,
    operation_id="adminCreateDeveloperKey",
    operation_class=contract.fields_operation({}, {"label": str}),
    summary="Make a developer key",
    tags=_TAGS,
    responses=contract.errors(413, 415),
    request_max_body_size=BODY_BYTES_MAX,
)
async def create_key(
    request: _REQUEST, access: NamedDependency[Access], db: NamedDependency[Db]
) -> DeveloperKey:
    """Make an API key for the text API; its secret is shown this once."""
    body = await request.body()
    fields = wire.decode_body(body, request.headers.get("content-type")) if body else {}
    label = wire.single(fields, "label") or "DeepL API Key"
    async with db.tx(access.organisation_id, access.person_id) as tx:
        key, secret = await identity.create_api_key(tx, access, name=label)
    return developer_key(key, secret)


@get(
    "/v2/admin/developer-keys",
    operation_id="adminGetDeveloperKeys",
    summary="List developer keys",
    tags=_TAGS,
    responses=contract.errors(),
)
async def list_keys(access: NamedDependency[Access], db: NamedDependency[Db]) -> list[DeveloperKey]:
    """List all API keys, without their secrets, oldest first."""
    access.require(READ)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        limits = await read_key_limits(tx)
        return [developer_key(key, limit=limits.get(key.id)) for key in await _keys(tx)]


@put(
    "/v2/admin/developer-keys/deactivate",
    operation_id="adminDeactivateDeveloperKey",
    operation_class=contract.fields_operation({"key_id": str}, {}),
    summary="Deactivate a developer key",
    tags=_TAGS,
    responses=contract.errors(404, 413, 415),
    request_max_body_size=BODY_BYTES_MAX,
)
async def deactivate_key(
    request: _REQUEST, access: NamedDependency[Access], db: NamedDependency[Db]
) -> DeveloperKey:
    """Deactivate an API key for ever: within two seconds nobody can use it any more."""
    fields = wire.decode_body(await request.body(), request.headers.get("content-type"))
    async with db.tx(access.organisation_id, access.person_id) as tx:
        key = await identity.revoke_api_key(tx, access, _key_id(fields))
        return developer_key(key, limit=await read_key_limit(tx, key.id))


@put(
    "/v2/admin/developer-keys/label",
    operation_id="adminRenameDeveloperKey",
    operation_class=contract.fields_operation({"key_id": str, "label": str}, {}),
    summary="Rename a developer key",
    tags=_TAGS,
    responses=contract.errors(404, 413, 415),
    request_max_body_size=BODY_BYTES_MAX,
)
async def rename_key(
    request: _REQUEST, access: NamedDependency[Access], db: NamedDependency[Db]
) -> DeveloperKey:
    """Give an API key another label."""
    fields = wire.decode_body(await request.body(), request.headers.get("content-type"))
    label = wire.single(fields, "label")
    if label is None:
        raise wire.InvalidParameter("Parameter 'label' not specified.")
    async with db.tx(access.organisation_id, access.person_id) as tx:
        key = await identity.rename_api_key(tx, access, _key_id(fields), label)
        return developer_key(key, limit=await read_key_limit(tx, key.id))


@put(
    "/v2/admin/developer-keys/limits",
    status_code=200,
    operation_id="adminSetDeveloperKeyUsageLimits",
    operation_class=contract.fields_operation({"key_id": str}, {"characters": int}),
    summary="Limit a developer key",
    tags=_TAGS,
    responses=contract.errors(404, 413, 415),
    request_max_body_size=BODY_BYTES_MAX,
)
async def limit_key(
    request: _REQUEST, access: NamedDependency[Access], db: NamedDependency[Db]
) -> DeveloperKey:
    """Limit the characters that an API key may use in a month; null takes the limit away."""
    access.require(identity.Permission.API_KEYS_WRITE)
    fields = wire.decode_body(await request.body(), request.headers.get("content-type"))
    characters = _characters(fields)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        key_id = _key_id(fields)
        key = next((key for key in await _keys(tx) if key.id == key_id), None)
        if key is None:
            raise NotFound("There is no such API key.")
        await set_key_limit(tx, key.id, characters)
    return developer_key(key, limit=characters)


def _characters(fields: dict[str, Any]) -> int | None:
    value = fields.get("characters")
    if isinstance(value, list) and len(value) == 1 and str(value[0]).isascii():
        value = int(value[0]) if value[0].isdigit() else value[0] or None
    if value is None:
        return None
    if type(value) is not int or not 0 <= value <= CHARACTERS_MAX:
        raise wire.InvalidParameter(
            f"Parameter 'characters' must be null or a number from 0 to {CHARACTERS_MAX}."
        )
    return value


async def _keys(tx: Tx) -> list[ApiKey]:
    return await identity.list_api_keys(tx, None, KEYS_MAX)


def _key_id(fields: dict[str, Any]) -> UUID:
    key_id = wire.single(fields, "key_id")
    if key_id is None:
        raise wire.InvalidParameter("Parameter 'key_id' not specified.")
    return wire.parse_id(key_id, "key_id")


def _span(start: str, end: str) -> tuple[datetime, datetime]:
    """Return the beginnings of the first and the last day. Raises InvalidParameter."""
    days = []
    for name, text in (("start_date", start), ("end_date", end)):
        if not text:
            raise wire.InvalidParameter(f"Parameter '{name}' not specified.")
        try:
            days.append(datetime.combine(date.fromisoformat(text), time(), UTC))
        except ValueError:
            raise wire.InvalidParameter(f"Value for '{name}' is not a date.") from None
    first, last = days
    if last < first:
        raise wire.InvalidParameter("'end_date' is before 'start_date'.")
    if (last - first).days >= DAYS_MAX or last.year > 9000:
        raise wire.InvalidParameter(f"Date range cannot exceed {DAYS_MAX} days.")
    return first, last


router: Final = Router(
    "/",
    route_handlers=[
        show_usage,
        show_tags,
        create_key,
        list_keys,
        deactivate_key,
        rename_key,
        limit_key,
    ],
)
