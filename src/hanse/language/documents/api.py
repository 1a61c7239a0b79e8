"""Routes of documents, as the DeepL contract has them. Routes only."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote
from uuid import UUID

from litestar import HttpMethod, Request, Response, Router, post, route
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.exceptions import ClientException
from litestar.params import HeaderParameter
from msgspec import UNSET, Struct, UnsetType

from hanse.identity import Access
from hanse.inference import InferenceClient
from hanse.language import contract, routing, wire
from hanse.language.documents import bilingual, service
from hanse.language.documents.formats import BYTES_MAX, kind_of
from hanse.language.glossaries import service as glossaries
from hanse.language.memories import service as memories
from hanse.language.quotas import Quotas
from hanse.language.revising.service import formal_languages
from hanse.language.styles import service as styles
from hanse.platform.database import Db
from hanse.platform.http import by_method
from hanse.platform.problems import Problem

BODY_BYTES_MAX: Final = BYTES_MAX + 1024 * 1024
HANDLE_BYTES_MAX: Final = 16 * 1024
SCOPE: Final = "translate:document"
_TAGS: Final = ["Documents"]
_REQUEST = Request[Any, Any, Any]


class WrongMediaType(Problem):
    """A document is sent as multipart/form-data."""

    status = 415
    code = "unsupported_media_type"
    title = "Unsupported media type"


class DocumentHandle(Struct):
    """What to keep of a document that was handed in: both are needed to ask for it."""

    document_id: str
    document_key: str


class DocumentStatus(Struct):
    """How far a document is.

    `not_applied`, an addition to the contract like the segments, names what was asked for and has
    no effect on it.
    """

    document_id: str
    status: Literal["queued", "translating", "done", "error"]
    seconds_remaining: int | UnsetType = UNSET
    billed_characters: int | UnsetType = UNSET
    error_message: str | UnsetType = UNSET
    message: str | UnsetType = UNSET
    segments: int | UnsetType = UNSET
    segments_done: int | UnsetType = UNSET
    not_applied: list[str] | UnsetType = UNSET


@post(
    "/v2/document",
    status_code=200,
    operation_id="translateDocument",
    operation_class=contract.UploadOperation,
    summary="Hand in a document to translate",
    tags=_TAGS,
    responses=contract.errors(404, 413, 415, 456),
    request_max_body_size=BODY_BYTES_MAX,
)
async def hand_in(
    request: _REQUEST,
    access: NamedDependency[Access],
    db: NamedDependency[Db],
    inference: NamedDependency[InferenceClient],
    quotas: NamedDependency[Quotas],
    generation: NamedDependency[InferenceClient | None],
    reporting_tag: Annotated[
        str | None,
        HeaderParameter(
            name="X-DeepL-Reporting-Tag",
            description="A word of yours that is kept with the record of this document.",
            schema_extra={"maxLength": wire.REPORTING_TAG_CHARACTERS_MAX},
        ),
    ] = None,
) -> DocumentHandle:
    """Take a document; its translation goes on by itself, whatever is restarted meanwhile."""
    access.require(SCOPE)
    filename, data, fields = await _upload(request)
    asked = wire.parse_document(fields, formal_languages(generation))
    tag = wire.parse_reporting_tag(reporting_tag)
    await quotas.require(access)
    if asked.source is not None:
        routing.route(await inference.models(), asked.source, asked.target)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        for glossary_id in asked.glossary_ids:
            await glossaries.get(tx, glossary_id)
        style = None
        if asked.style_id is not None:
            style = await styles.get_for(tx, asked.style_id, asked.target)
        # What a language model does not heed either, the job adds.
        left = [] if generation else list(styles.wishes(asked.wishes, style).names)
        left += styles.rules_not_applied(style)
        if asked.memory_id is not None:
            await memories.get(tx, asked.memory_id)
        handle = await service.hand_in(
            tx,
            access,
            filename=filename,
            data=data,
            asked=asked,
            not_applied=left,
            output_format=_output_format(asked.output_format, filename),
            reporting_tag=tag,
        )
    return DocumentHandle(handle.document_id.hex.upper(), handle.document_key)


@route(
    "/v2/document/{document_id:str}",
    http_method=[HttpMethod.GET, HttpMethod.POST],
    status_code=200,
    operation_id=by_method("DocumentStatus"),
    operation_class=contract.DocumentKeyOperation,
    summary="Show how far a document is",
    tags=_TAGS,
    responses=contract.errors(404),
    request_max_body_size=HANDLE_BYTES_MAX,
)
async def show_status(
    request: _REQUEST,
    document_id: str,
    access: NamedDependency[Access],
    db: NamedDependency[Db],
) -> DocumentStatus:
    """Show how far a document is; its key stands in the body, or with GET in the query."""
    access.require(SCOPE)
    wanted, key = _parse_id(document_id), await _key(request)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        row = await service.find(tx, wanted, key)
    left = service.seconds_remaining(row, datetime.now(UTC))
    return DocumentStatus(
        document_id=row.id.hex.upper(),
        status=row.status,  # type: ignore[arg-type]  # the table allows no other
        seconds_remaining=UNSET if left is None else left,
        billed_characters=row.characters if row.status == "done" else UNSET,
        error_message=row.error or UNSET,
        message=row.error or UNSET,
        segments=row.segments if row.started_at else UNSET,
        segments_done=row.segments_done if row.started_at else UNSET,
        not_applied=row.not_applied or UNSET,
    )


@route(
    "/v2/document/{document_id:str}/result",
    http_method=[HttpMethod.GET, HttpMethod.POST],
    status_code=200,
    operation_id=by_method("DocumentResult"),
    operation_class=contract.DocumentKeyOperation,
    summary="Fetch a translated document",
    tags=_TAGS,
    responses=contract.errors(404),
    request_max_body_size=HANDLE_BYTES_MAX,
)
async def fetch_result(
    request: _REQUEST,
    document_id: str,
    access: NamedDependency[Access],
    db: NamedDependency[Db],
) -> Response[bytes]:
    """Return the translated file, as often as wanted until it expires; 503 until it is there."""
    access.require(SCOPE)
    wanted, key = _parse_id(document_id), await _key(request)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        row, result = await service.fetch(tx, wanted, key)
    filename, media_type = row.filename, kind_of(row.filename).media_type
    if row.output_format is not None:
        filename = f"{filename}.{row.output_format}"
        media_type = bilingual.MEDIA_TYPES[row.output_format]
    name = quote(filename, safe="")
    return Response(
        result,
        media_type=media_type,
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
            "X-Content-Type-Options": "nosniff",
        },
    )


def _output_format(asked: str | None, filename: str) -> str | None:
    """Return a bilingual format, or None for that of the file. Raises InvalidParameter."""
    if asked is None or filename.lower().endswith(f".{asked}"):
        return None
    if asked not in bilingual.MEDIA_TYPES:
        raise wire.InvalidParameter(
            "Value for 'output_format' not supported. It may be that of the file, "
            f"{' or '.join(bilingual.MEDIA_TYPES)}."
        )
    return asked


def _parse_id(text: str) -> UUID:
    return wire.parse_id(text, "document_id")


async def _key(request: _REQUEST) -> str:
    body = await request.body()
    fields = wire.decode_body(body, request.headers.get("content-type")) if body else {}
    key = wire.single(fields, "document_key") or request.query_params.get("document_key")
    if not key:
        raise wire.InvalidParameter("Parameter 'document_key' not specified.")
    return str(key)


async def _upload(request: _REQUEST) -> tuple[str, bytes, dict[str, Any]]:
    """Return the name and content of the uploaded file, and the other fields as lists."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "multipart/form-data":
        raise WrongMediaType("Send the document as multipart/form-data.")
    try:
        form = await request.form()
    except (ClientException, ValueError) as error:
        raise wire.MalformedBody("The body is not valid multipart/form-data.") from error
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise wire.InvalidParameter("Parameter 'file' not specified.")
    fields = {
        name: [value for value in form.getall(name) if isinstance(value, str)] for name in form
    }
    name = wire.single(fields, "filename") or file.filename or ""
    return name.replace("\\", "/").rpartition("/")[2], await file.read(), fields


router: Final = Router("/", route_handlers=[hand_in, show_status, fetch_result])
