"""Routes of glossaries, v2 and v3 of the DeepL contract, over one store.

v2 knows glossaries of one direction and cannot change them: a glossary with more than one
dictionary is not shown there. v3 shows all.
"""

from typing import Any, Final

from litestar import Request, Response, Router, delete, get, patch, post, put
from litestar.di import NamedDependency

from hanse.identity import Access
from hanse.inference import InferenceClient
from hanse.language import contract, routing
from hanse.language.glossaries import entries, service, store, wire
from hanse.language.wire import decode_body, parse_id, parse_name, required_name
from hanse.platform.database import Db
from hanse.platform.problems import Problem

BODY_BYTES_MAX: Final = 11 * 1024 * 1024
READ: Final = "glossaries:read"
WRITE: Final = "glossaries:write"
TSV: Final = "text/tab-separated-values"
_TAGS: Final = ["Glossaries"]
_REQUEST = Request[Any, Any, Any]


class NotAcceptable(Problem):
    """The entries are to be had in another media type alone."""

    status = 415
    code = "unsupported_media_type"
    title = "Unsupported media type"


@get(
    "/v2/glossary-language-pairs",
    operation_id="listGlossaryLanguages",
    summary="List the language pairs of glossaries",
    tags=_TAGS,
    responses=contract.errors(),
)
async def list_pairs(
    access: NamedDependency[Access], inference: NamedDependency[InferenceClient]
) -> wire.LanguagePairs:
    """List the directions that texts can be translated in, by root languages."""
    access.require(READ)
    models = await inference.models()
    sources, targets = routing.sources(models), routing.targets(models)
    pairs = sorted({(a, b) for a in sources for b in targets if a != b and "-" not in b})
    return wire.LanguagePairs([wire.LanguagePair(*pair) for pair in pairs])


@post(
    "/v2/glossaries",
    operation_id="createGlossary",
    operation_class=contract.fields_operation(
        {"name": str, "source_lang": str, "target_lang": str, "entries": str},
        {"entries_format": str},
    ),
    summary="Make a glossary of one direction",
    tags=_TAGS,
    responses=contract.errors(413, 415),
    request_max_body_size=BODY_BYTES_MAX,
)
async def create_v2(
    request: _REQUEST, access: NamedDependency[Access], db: NamedDependency[Db]
) -> wire.GlossaryV2:
    """Make a glossary; it can be used at once."""
    access.require(WRITE)
    fields = decode_body(await request.body(), request.headers.get("content-type"))
    name, dictionary = required_name(fields), wire.parse_dictionary(fields)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return wire.glossary_v2(await service.create(tx, name, [dictionary]))


@get(
    "/v2/glossaries",
    operation_id="listGlossaries",
    summary="List glossaries of one direction",
    tags=_TAGS,
    responses=contract.errors(),
)
async def list_v2(access: NamedDependency[Access], db: NamedDependency[Db]) -> wire.GlossariesV2:
    """List the glossaries that have one direction, oldest first."""
    access.require(READ)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        glossaries = await store.list_glossaries(tx)
    return wire.GlossariesV2([wire.glossary_v2(each) for each in glossaries if wire.is_v2(each)])


@get(
    "/v2/glossaries/{glossary_id:str}",
    operation_id="getGlossary",
    summary="Show a glossary of one direction",
    tags=_TAGS,
    responses=contract.errors(404),
)
async def get_v2(
    glossary_id: str, access: NamedDependency[Access], db: NamedDependency[Db]
) -> wire.GlossaryV2:
    """Show a glossary without its entries."""
    access.require(READ)
    return wire.glossary_v2(await _v2(access, db, glossary_id))


@get(
    "/v2/glossaries/{glossary_id:str}/entries",
    operation_id="getGlossaryEntries",
    summary="Show the entries of a glossary",
    tags=_TAGS,
    media_type=TSV,
    responses=contract.errors(404, 415),
)
async def get_entries_v2(
    request: _REQUEST,
    glossary_id: str,
    access: NamedDependency[Access],
    db: NamedDependency[Db],
) -> Response[str]:
    """Return the entries as tab-separated values."""
    access.require(READ)
    accepted = request.headers.get("accept", "*/*").lower()
    if not any(kind in accepted for kind in (TSV, "*/*", "text/*")):
        raise NotAcceptable(f"Entries are sent as {TSV} alone.")
    (dictionary,) = (await _v2(access, db, glossary_id)).dictionaries
    async with db.tx(access.organisation_id, access.person_id) as tx:
        found = await store.read_entries(tx, dictionary.id)
    return Response(entries.write_tsv(found), media_type=TSV)


@delete(
    "/v2/glossaries/{glossary_id:str}",
    operation_id="deleteGlossary",
    summary="Delete a glossary of one direction",
    tags=_TAGS,
    responses=contract.errors(404),
)
async def delete_v2(
    glossary_id: str, access: NamedDependency[Access], db: NamedDependency[Db]
) -> None:
    """Delete a glossary."""
    access.require(WRITE)
    glossary = await _v2(access, db, glossary_id)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        await service.delete(tx, glossary.id)


async def _v2(access: Access, db: Db, glossary_id: str) -> store.GlossaryRow:
    wanted = parse_id(glossary_id, "glossary_id")
    async with db.tx(access.organisation_id, access.person_id) as tx:
        glossary = await service.get(tx, wanted)
    if not wire.is_v2(glossary):
        raise service.GlossaryNotFound("This glossary has several directions. Use /v3/glossaries.")
    return glossary


@post(
    "/v3/glossaries",
    operation_id="createMultilingualGlossary",
    operation_class=contract.fields_operation({"name": str, "dictionaries": list}, {}),
    summary="Make a glossary",
    tags=_TAGS,
    responses=contract.errors(413, 415),
    request_max_body_size=BODY_BYTES_MAX,
)
async def create_v3(
    request: _REQUEST, access: NamedDependency[Access], db: NamedDependency[Db]
) -> wire.GlossaryV3:
    """Make a glossary of any number of directions."""
    access.require(WRITE)
    fields = decode_body(await request.body(), request.headers.get("content-type"))
    name, dictionaries = required_name(fields), wire.parse_dictionaries(fields)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return wire.glossary_v3(await service.create(tx, name, dictionaries))


@get(
    "/v3/glossaries",
    operation_id="listMultilingualGlossaries",
    summary="List glossaries",
    tags=_TAGS,
    responses=contract.errors(),
)
async def list_v3(access: NamedDependency[Access], db: NamedDependency[Db]) -> wire.GlossariesV3:
    """List all glossaries, oldest first."""
    access.require(READ)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        glossaries = await store.list_glossaries(tx)
    return wire.GlossariesV3([wire.glossary_v3(each) for each in glossaries])


@get(
    "/v3/glossaries/{glossary_id:str}",
    operation_id="getMultilingualGlossary",
    summary="Show a glossary",
    tags=_TAGS,
    responses=contract.errors(404),
)
async def get_v3(
    glossary_id: str, access: NamedDependency[Access], db: NamedDependency[Db]
) -> wire.GlossaryV3:
    """Show a glossary without its entries."""
    access.require(READ)
    wanted = parse_id(glossary_id, "glossary_id")
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return wire.glossary_v3(await service.get(tx, wanted))


@patch(
    "/v3/glossaries/{glossary_id:str}",
    operation_id="patchMultilingualGlossary",
    operation_class=contract.fields_operation({}, {"name": str, "dictionaries": list}),
    summary="Change a glossary",
    tags=_TAGS,
    responses=contract.errors(404, 413, 415),
    request_max_body_size=BODY_BYTES_MAX,
)
async def patch_v3(
    request: _REQUEST,
    glossary_id: str,
    access: NamedDependency[Access],
    db: NamedDependency[Db],
) -> wire.GlossaryV3:
    """Rename a glossary, or add entries; an entry of the same source is replaced."""
    access.require(WRITE)
    wanted = parse_id(glossary_id, "glossary_id")
    fields = decode_body(await request.body(), request.headers.get("content-type"))
    name, dictionaries = parse_name(fields), wire.parse_dictionaries(fields)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        changed = await service.merge(tx, wanted, name=name, dictionaries=dictionaries)
    return wire.glossary_v3(changed)


@delete(
    "/v3/glossaries/{glossary_id:str}",
    operation_id="deleteMultilingualGlossary",
    summary="Delete a glossary",
    tags=_TAGS,
    responses=contract.errors(404),
)
async def delete_v3(
    glossary_id: str, access: NamedDependency[Access], db: NamedDependency[Db]
) -> None:
    """Delete a glossary with all its dictionaries."""
    access.require(WRITE)
    wanted = parse_id(glossary_id, "glossary_id")
    async with db.tx(access.organisation_id, access.person_id) as tx:
        await service.delete(tx, wanted)


@get(
    "/v3/glossaries/{glossary_id:str}/entries",
    operation_id="getMultilingualGlossaryEntries",
    summary="Show the entries of a dictionary",
    tags=_TAGS,
    responses=contract.errors(404),
)
async def get_entries_v3(
    glossary_id: str,
    access: NamedDependency[Access],
    db: NamedDependency[Db],
    source_lang: str = "",
    target_lang: str = "",
) -> wire.GlossaryEntries:
    """Return the entries of one direction as tab-separated values."""
    access.require(READ)
    wanted = parse_id(glossary_id, "glossary_id")
    pair = wire.parse_pair({"source_lang": source_lang, "target_lang": target_lang})
    async with db.tx(access.organisation_id, access.person_id) as tx:
        found = await service.read(tx, wanted, *pair)
    return wire.GlossaryEntries([wire.DictionaryEntries(*pair, entries.write_tsv(found), "tsv")])


@put(
    "/v3/glossaries/{glossary_id:str}/dictionaries",
    operation_id="replaceDictionary",
    operation_class=contract.fields_operation(
        {"source_lang": str, "target_lang": str, "entries": str}, {"entries_format": str}
    ),
    summary="Put a dictionary in place of what it was",
    tags=_TAGS,
    responses=contract.errors(404, 413, 415),
    request_max_body_size=BODY_BYTES_MAX,
)
async def put_dictionary(
    request: _REQUEST,
    glossary_id: str,
    access: NamedDependency[Access],
    db: NamedDependency[Db],
) -> wire.DictionaryV3:
    """Replace all entries of one direction, or make the direction."""
    access.require(WRITE)
    wanted = parse_id(glossary_id, "glossary_id")
    fields = decode_body(await request.body(), request.headers.get("content-type"))
    dictionary = wire.parse_dictionary(fields)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return wire.dictionary_v3(await service.replace_dictionary(tx, wanted, dictionary))


@delete(
    "/v3/glossaries/{glossary_id:str}/dictionaries",
    operation_id="deleteDictionary",
    summary="Delete a dictionary",
    tags=_TAGS,
    responses=contract.errors(404),
)
async def delete_dictionary(
    glossary_id: str,
    access: NamedDependency[Access],
    db: NamedDependency[Db],
    source_lang: str = "",
    target_lang: str = "",
) -> None:
    """Delete one direction of a glossary."""
    access.require(WRITE)
    wanted = parse_id(glossary_id, "glossary_id")
    pair = wire.parse_pair({"source_lang": source_lang, "target_lang": target_lang})
    async with db.tx(access.organisation_id, access.person_id) as tx:
        await service.delete_dictionary(tx, wanted, *pair)


router: Final = Router(
    "/",
    route_handlers=[
        list_pairs,
        create_v2,
        list_v2,
        get_v2,
        get_entries_v2,
        delete_v2,
        create_v3,
        list_v3,
        get_v3,
        patch_v3,
        delete_v3,
        get_entries_v3,
        put_dictionary,
        delete_dictionary,
    ],
)
