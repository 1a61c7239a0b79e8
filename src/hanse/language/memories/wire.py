"""What the DeepL API says about translation memories: fields in, shapes out. No I/O."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from hanse.language.languages import find_code
from hanse.language.memories.store import JobRow, MemoryRow, SegmentRow
from hanse.language.memories.tmx import SEGMENT_CHARACTERS_MAX
from hanse.language.wire import InvalidParameter, parse_name, single

UNITS_MAX = 1_000
"""Segments that one request may add."""


class TranslationMemory(Struct):
    """A memory without its segments."""

    translation_memory_id: UUID
    name: str
    source_language: str
    target_languages: list[str]
    segment_count: int
    creation_time: str
    updated_time: str


class TranslationMemories(Struct):
    """A page of memories."""

    translation_memories: list[TranslationMemory]
    total_count: int


class TargetSegment(Struct):
    """A translation of a segment."""

    target_segment_id: UUID
    target_language: str
    target_text: str
    creation_time: str
    updated_time: str


class Segment(Struct):
    """A segment with its translations."""

    source_segment_id: UUID
    source_text: str
    targets: list[TargetSegment]
    creation_time: str


class Segments(Struct):
    """A page of segments; `segment_count` is that of the whole memory."""

    segments: list[Segment]
    segment_count: int
    next_page_cursor: str | UnsetType = UNSET


class ImportHandle(Struct):
    """An import, and where its file goes: by PUT, without credentials."""

    job_id: UUID
    upload_url: str
    expires_at: str


class ExportParameters(Struct):
    """What is exported."""

    translation_memory_id: UUID | None


class ExportHandle(Struct):
    """An export."""

    job_id: UUID
    parameters: ExportParameters


class RequiredAction(Struct):
    """What the caller has to do."""

    required_action: str


class JobError(Struct):
    """Why it did not work."""

    message: str


class JobResult(Struct):
    """How far an import or export is."""

    status: str
    status_metadata: RequiredAction | UnsetType = UNSET
    download_url: str | UnsetType = UNSET
    expires_at: str | UnsetType = UNSET
    error: JobError | UnsetType = UNSET
    translation_memory_id: UUID | UnsetType = UNSET
    skipped_segment_count: int | UnsetType = UNSET


class JobParameters(Struct):
    """What an import or export was asked for."""

    display_name: str | UnsetType = UNSET
    translation_memory_id: UUID | UnsetType = UNSET


class SourceFile(Struct):
    """The file that an import was announced with."""

    content_length: int
    content_type: str | UnsetType = UNSET


class Job(Struct):
    """An import or export, with its one result."""

    job_id: UUID
    product: str
    operation: str
    results: list[JobResult]
    creation_time: str
    updated_time: str
    parameters: JobParameters
    source_file: SourceFile | UnsetType = UNSET


def time(moment: datetime) -> str:
    """Write a time with a fraction of a second: the official clients parse no other."""
    return moment.isoformat(timespec="microseconds")


def memory(row: MemoryRow) -> TranslationMemory:
    """Return the form of the API."""
    return TranslationMemory(
        translation_memory_id=row.id,
        name=row.name,
        source_language=row.source_language,
        target_languages=[language.lower() for language in row.target_languages],
        segment_count=row.segment_count,
        creation_time=time(row.created_at),
        updated_time=time(row.updated_at),
    )


def segment(row: SegmentRow) -> Segment:
    """Return the form of the API."""
    return Segment(
        source_segment_id=row.id,
        source_text=row.source,
        targets=[
            TargetSegment(
                each.id,
                each.language.lower(),
                each.text,
                time(each.created_at),
                time(each.updated_at),
            )
            for each in row.targets
        ],
        creation_time=time(row.created_at),
    )


def job(row: JobRow, file_url: str) -> Job:
    """Return the form of the API; `file_url` is where the job's file is put or fetched."""
    is_fetched = row.operation == "export" and row.status in ("completed", "downloaded")
    result = JobResult(
        status=row.status,
        status_metadata=RequiredAction("upload_file") if row.status == "awaiting_input" else UNSET,
        download_url=file_url if is_fetched else UNSET,
        expires_at=time(row.expires_at),
        error=JobError(row.error) if row.error else UNSET,
        translation_memory_id=row.memory_id or UNSET,
        skipped_segment_count=UNSET if row.skipped is None else row.skipped,
    )
    return Job(
        job_id=row.id,
        product="translation_memory",
        operation=row.operation,
        results=[result],
        creation_time=time(row.created_at),
        updated_time=time(row.updated_at),
        parameters=JobParameters(
            row.name or UNSET, row.memory_id or UNSET if row.operation == "export" else UNSET
        ),
        source_file=UNSET
        if row.content_length is None
        else SourceFile(row.content_length, row.content_type or UNSET),
    )


def parse_import(fields: Mapping[str, Any]) -> tuple[str, str | None, int]:
    """Return the name, content type and length of a file to come. Raises InvalidParameter."""
    file, parameters = fields.get("source_file"), fields.get("parameters") or {}
    if not isinstance(file, dict) or not isinstance(parameters, dict):
        raise InvalidParameter("Parameter 'source_file' must be an object.")
    filename, length = single(file, "file_name"), file.get("content_length")
    if filename is None:
        raise InvalidParameter("Parameter 'file_name' not specified.")
    if type(length) is not int or length <= 0:
        raise InvalidParameter("Parameter 'content_length' must be a number of bytes.")
    if not filename.lower().endswith((".tmx", ".xml")):
        raise InvalidParameter("Value for 'file_name' not supported: send a .tmx file.")
    content_type = (single(file, "content_type") or "")[:255] or None
    if (name := parse_name({"name": single(parameters, "display_name")})) is None:
        name = filename.rpartition(".")[0][:1024].strip() or "Translation memory"
    return name, content_type, length


def parse_units(fields: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Return segments to add: translations by language, by source. Raises InvalidParameter."""
    given = fields.get("segments")
    if not isinstance(given, list) or not given or len(given) > UNITS_MAX:
        raise InvalidParameter(f"Parameter 'segments' must be an array of 1 to {UNITS_MAX}.")
    units: dict[str, dict[str, str]] = {}
    for each in given:
        if not isinstance(each, dict):
            raise InvalidParameter("Parameter 'segments' must be an array of objects.")
        source, target = (_text(each, name) for name in ("source_text", "target_text"))
        code = find_code(single(each, "target_language") or "")
        if code is None:
            raise InvalidParameter("Value for 'target_language' not supported.")
        units.setdefault(source, {})[code] = target
    return units


def _text(fields: Mapping[str, Any], parameter: str) -> str:
    text = (single(fields, parameter) or "").strip()
    if not text or len(text) > SEGMENT_CHARACTERS_MAX or "\0" in text:
        raise InvalidParameter(
            f"Parameter '{parameter}' must have 1 to {SEGMENT_CHARACTERS_MAX} characters."
        )
    return text
