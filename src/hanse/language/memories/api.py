"""Routes of translation memories, as the official clients call them. Routes only.

Making an empty memory and adding segments are additions of ours: that is how an application keeps
what its people have accepted or corrected.
"""

from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Request, Response, Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from hanse.identity import Access
from hanse.language import contract
from hanse.language.memories import service, store, wire
from hanse.language.memories.store import JobRow
from hanse.language.wire import (
    InvalidParameter,
    decode_body,
    parse_id,
    parse_root,
    required_name,
)
from hanse.platform.database import Db

BODY_BYTES_MAX: Final = 12 * 1024 * 1024
READ: Final = "translation_memories:read"
WRITE: Final = "translation_memories:write"
FILES: Final = "/v3/translation_memories/files/"
TMX: Final = "application/x-tmx+xml"
_TAGS: Final = ["Translation memories"]
_REQUEST = Request[Any, Any, Any]


async def _fields(request: _REQUEST) -> dict[str, Any]:
    return decode_body(await request.body(), request.headers.get("content-type"))


def _file_url(request: _REQUEST, access: Access, job: JobRow) -> str:
    token = service.token_of(job, access.organisation_id)
    return f"{str(request.base_url).rstrip('/')}{FILES}{token}"


@get(
    "/v3/translation_memories",
    operation_id="listTranslationMemories",
    summary="List translation memories",
    tags=_TAGS,
    responses=contract.errors(),
)
async def list_memories(
    access: NamedDependency[Access],
    db: NamedDependency[Db],
    page: Annotated[int, QueryParameter(ge=0, le=1_000_000, description="From 0.")] = 0,
    page_size: Annotated[int, QueryParameter(ge=1, le=25, description="Memories a page.")] = 10,
) -> wire.TranslationMemories:
    """List memories, oldest first."""
    access.require(READ)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        found = await store.list_memories(tx, page_size, page * page_size)
        total = await store.count(tx)
    return wire.TranslationMemories([wire.memory(each) for each in found], total)


@post(
    "/v3/translation_memories",
    operation_id="createTranslationMemory",
    operation_class=contract.fields_operation({"name": str, "source_language": str}, {}),
    summary="Make a translation memory",
    tags=_TAGS,
    responses=contract.errors(413, 415),
    request_max_body_size=BODY_BYTES_MAX,
)
async def create(
    request: _REQUEST, access: NamedDependency[Access], db: NamedDependency[Db]
) -> wire.TranslationMemory:
    """Make an empty memory for texts of one language."""
    access.require(WRITE)
    fields = await _fields(request)
    name, source = required_name(fields), parse_root(fields, "source_language")
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return wire.memory(await service.create(tx, name, source))


@get(
    "/v3/translation_memories/{translation_memory_id:str}",
    operation_id="getTranslationMemory",
    summary="Show a translation memory",
    tags=_TAGS,
    responses=contract.errors(404),
)
async def show(
    translation_memory_id: str, access: NamedDependency[Access], db: NamedDependency[Db]
) -> wire.TranslationMemory:
    """Show a memory without its segments."""
    access.require(READ)
    wanted = parse_id(translation_memory_id, "translation_memory_id")
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return wire.memory(await service.get(tx, wanted))


@delete(
    "/v3/translation_memories/{translation_memory_id:str}",
    operation_id="deleteTranslationMemory",
    summary="Delete a translation memory",
    tags=_TAGS,
    responses=contract.errors(404),
)
async def delete_memory(
    translation_memory_id: str, access: NamedDependency[Access], db: NamedDependency[Db]
) -> None:
    """Delete a memory with its segments."""
    access.require(WRITE)
    wanted = parse_id(translation_memory_id, "translation_memory_id")
    async with db.tx(access.organisation_id, access.person_id) as tx:
        await service.delete(tx, wanted)


@get(
    "/v3/translation_memories/{translation_memory_id:str}/segments",
    operation_id="listTranslationMemorySegments",
    summary="List the segments of a translation memory",
    tags=_TAGS,
    responses=contract.errors(404),
)
async def list_segments(
    translation_memory_id: str,
    access: NamedDependency[Access],
    db: NamedDependency[Db],
    page_size: Annotated[int, QueryParameter(ge=1, le=100, description="Segments a page.")] = 50,
    page_cursor: Annotated[
        str | None, QueryParameter(description="`next_page_cursor` of the page before.")
    ] = None,
    filter_text: Annotated[
        str | None,
        QueryParameter(
            min_length=2, max_length=1000, description="Only segments that have it on a side."
        ),
    ] = None,
    filter_case_sensitive: Annotated[
        bool, QueryParameter(description="Tell capitals from small letters in `filter_text`.")
    ] = False,
) -> wire.Segments:
    """List segments with their translations, oldest first."""
    access.require(READ)
    wanted = parse_id(translation_memory_id, "translation_memory_id")
    after = parse_id(page_cursor, "page_cursor") if page_cursor else None
    if filter_text is not None and "\0" in filter_text:
        raise InvalidParameter("Value for 'filter_text' not supported.")
    async with db.tx(access.organisation_id, access.person_id) as tx:
        memory = await service.get(tx, wanted)
        found = await store.list_segments(
            tx,
            wanted,
            after=after,
            text=filter_text,
            is_case_sensitive=filter_case_sensitive,
            limit=page_size + 1,
        )
    page = wire.Segments([wire.segment(each) for each in found[:page_size]], memory.segment_count)
    if len(found) > page_size:
        page.next_page_cursor = str(found[page_size - 1].id)
    return page


@post(
    "/v3/translation_memories/{translation_memory_id:str}/segments",
    operation_id="addTranslationMemorySegments",
    operation_class=contract.fields_operation({"segments": list}, {}),
    status_code=200,
    summary="Add segments to a translation memory",
    tags=_TAGS,
    responses=contract.errors(404, 413, 415),
    request_max_body_size=BODY_BYTES_MAX,
)
async def add_segments(
    request: _REQUEST,
    translation_memory_id: str,
    access: NamedDependency[Access],
    db: NamedDependency[Db],
) -> wire.TranslationMemory:
    """Add up to 1000 segments: `source_text`, `target_text`, `target_language`.

    The translation of a source that is there is replaced.
    """
    access.require(WRITE)
    wanted = parse_id(translation_memory_id, "translation_memory_id")
    units = wire.parse_units(await _fields(request))
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return wire.memory(await service.add(tx, wanted, units))


@post(
    "/v3/translation_memories/import",
    operation_id="importTranslationMemory",
    operation_class=contract.fields_operation({"source_file": dict}, {"parameters": dict}),
    summary="Begin an import of a translation memory",
    tags=_TAGS,
    responses=contract.errors(413, 415),
    request_max_body_size=BODY_BYTES_MAX,
)
async def import_memory(
    request: _REQUEST, access: NamedDependency[Access], db: NamedDependency[Db]
) -> wire.ImportHandle:
    """Announce a TMX file of up to 50 MiB; it is then PUT to `upload_url`."""
    access.require(WRITE)
    announced = wire.parse_import(await _fields(request))
    async with db.tx(access.organisation_id, access.person_id) as tx:
        job = await service.begin_import(tx, *announced)
    return wire.ImportHandle(job.id, _file_url(request, access, job), wire.time(job.expires_at))


@post(
    "/v3/translation_memories/{translation_memory_id:str}/export",
    operation_id="exportTranslationMemory",
    status_code=202,
    summary="Begin an export of a translation memory",
    tags=_TAGS,
    responses=contract.errors(404),
)
async def export_memory(
    translation_memory_id: str, access: NamedDependency[Access], db: NamedDependency[Db]
) -> Response[wire.ExportHandle]:
    """Write a memory into a TMX file; 200 if one of the same segments is there already."""
    access.require(READ)
    wanted = parse_id(translation_memory_id, "translation_memory_id")
    async with db.tx(access.organisation_id, access.person_id) as tx:
        job, is_there = await service.begin_export(tx, wanted)
    handle = wire.ExportHandle(job.id, wire.ExportParameters(job.memory_id))
    return Response(handle, status_code=200 if is_there else 202)


@get(
    "/v3/translation_memories/jobs/{job_id:str}",
    operation_id="getTranslationMemoryJob",
    summary="Show an import or export",
    tags=_TAGS,
    responses=contract.errors(404),
)
async def show_job(
    request: _REQUEST, job_id: str, access: NamedDependency[Access], db: NamedDependency[Db]
) -> wire.Job:
    """Show how far an import or export is, and where the file of a finished export is."""
    access.require(READ)
    wanted = parse_id(job_id, "job_id")
    async with db.tx(access.organisation_id, access.person_id) as tx:
        job = await service.get_job(tx, wanted)
    return wire.job(job, _file_url(request, access, job))


@put(
    FILES + "{token:str}",
    operation_id="uploadTranslationMemoryFile",
    summary="Send the file of an import",
    tags=_TAGS,
    responses=contract.errors(404, 409, 413),
    status_code=200,
    request_max_body_size=service.FILE_BYTES_MAX,
)
async def upload(request: _REQUEST, token: str, db: NamedDependency[Db]) -> None:
    """Take a TMX file; its address is the credential, as the clients send no other."""
    organisation_id, job_id, key = service.parse_token(token)
    await _require_job(db, organisation_id, job_id, key)
    data = await request.body()
    async with db.tx(organisation_id) as tx:
        await service.take_file(tx, job_id, key, data)


@get(
    FILES + "{token:str}",
    operation_id="downloadTranslationMemoryFile",
    summary="Fetch the file of an export",
    tags=_TAGS,
    responses=contract.errors(404),
    media_type=TMX,
)
async def download(token: str, db: NamedDependency[Db]) -> Response[bytes]:
    """Return a TMX file; its address is the credential, as the clients send no other."""
    organisation_id, job_id, key = service.parse_token(token)
    async with db.tx(organisation_id) as tx:
        data = await service.read_file(tx, job_id, key)
    return Response(
        data,
        media_type=TMX,
        headers={
            "Content-Disposition": 'attachment; filename="translation-memory.tmx"',
            "X-Content-Type-Options": "nosniff",
        },
    )


async def _require_job(db: Db, organisation_id: UUID, job_id: UUID, key: bytes) -> None:
    """Refuse strangers before their file is read."""
    async with db.tx(organisation_id) as tx:
        await service.get_job(tx, job_id, key=key)


router: Final = Router(
    "/",
    route_handlers=[
        list_memories,
        create,
        show,
        delete_memory,
        list_segments,
        add_segments,
        import_memory,
        export_memory,
        show_job,
        upload,
        download,
    ],
)
