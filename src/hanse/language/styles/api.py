"""Routes of style rules, as in the DeepL contract. Routes only."""

from typing import Annotated, Any, Final

from litestar import Request, Router, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from hanse.identity import Access
from hanse.language import contract
from hanse.language.styles import service, store, wire
from hanse.language.styles.store import CustomInstruction
from hanse.language.wire import decode_body, parse_id, parse_name, parse_root, required_name
from hanse.platform.database import Db

BODY_BYTES_MAX: Final = 512 * 1024
READ: Final = "style_rules:read"
WRITE: Final = "style_rules:write"
_TAGS: Final = ["Style rules"]
_REQUEST = Request[Any, Any, Any]
_INSTRUCTION: Final = contract.fields_operation(
    {"label": str, "prompt": str}, {"source_language": str}
)


async def _fields(request: _REQUEST) -> dict[str, Any]:
    return decode_body(await request.body(), request.headers.get("content-type"))


@get(
    "/v3/style_rules",
    operation_id="getStyleRuleLists",
    summary="List styles",
    tags=_TAGS,
    responses=contract.errors(),
)
async def list_styles(
    access: NamedDependency[Access],
    db: NamedDependency[Db],
    page: Annotated[int, QueryParameter(ge=0, le=1_000_000, description="From 0.")] = 0,
    page_size: Annotated[int, QueryParameter(ge=1, le=25, description="Styles a page.")] = 10,
    detailed: Annotated[bool, QueryParameter(description="With rules and instructions.")] = False,
) -> wire.StyleRuleLists:
    """List styles, oldest first."""
    access.require(READ)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        found = await store.list_styles(tx, page_size, page * page_size)
    return wire.StyleRuleLists([wire.style_rule_list(each, is_detailed=detailed) for each in found])


@post(
    "/v3/style_rules",
    operation_id="createStyleRuleList",
    operation_class=contract.fields_operation(
        {"name": str, "language": str}, {"configured_rules": dict, "custom_instructions": list}
    ),
    summary="Make a style",
    tags=_TAGS,
    responses=contract.errors(413, 415),
    request_max_body_size=BODY_BYTES_MAX,
)
async def create(
    request: _REQUEST, access: NamedDependency[Access], db: NamedDependency[Db]
) -> wire.StyleRuleList:
    """Make a style for texts of one language."""
    access.require(WRITE)
    fields = await _fields(request)
    name, language = required_name(fields), parse_root(fields, "language")
    rules = wire.parse_configured_rules(fields.get("configured_rules"))
    instructions = wire.parse_instructions(fields.get("custom_instructions"))
    async with db.tx(access.organisation_id, access.person_id) as tx:
        style = await service.create(tx, name, language, rules, instructions)
    return wire.style_rule_list(style)


@get(
    "/v3/style_rules/{style_id:str}",
    operation_id="getStyleRuleList",
    summary="Show a style",
    tags=_TAGS,
    responses=contract.errors(404),
)
async def show(
    style_id: str, access: NamedDependency[Access], db: NamedDependency[Db]
) -> wire.StyleRuleList:
    """Show a style with its rules and instructions."""
    access.require(READ)
    wanted = parse_id(style_id, "style_id")
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return wire.style_rule_list(await service.get(tx, wanted))


@patch(
    "/v3/style_rules/{style_id:str}",
    operation_id="updateStyleRuleList",
    operation_class=contract.fields_operation({}, {"name": str}),
    summary="Rename a style",
    tags=_TAGS,
    responses=contract.errors(404, 413, 415),
    request_max_body_size=BODY_BYTES_MAX,
)
async def rename(
    request: _REQUEST, style_id: str, access: NamedDependency[Access], db: NamedDependency[Db]
) -> wire.StyleRuleList:
    """Give a style another name."""
    access.require(WRITE)
    wanted = parse_id(style_id, "style_id")
    name = parse_name(await _fields(request))
    async with db.tx(access.organisation_id, access.person_id) as tx:
        if name is None:
            return wire.style_rule_list(await service.get(tx, wanted))
        return wire.style_rule_list(await service.change(tx, wanted, name=name))


@delete(
    "/v3/style_rules/{style_id:str}",
    operation_id="deleteStyleRuleList",
    summary="Delete a style",
    tags=_TAGS,
    responses=contract.errors(404),
)
async def delete_style(
    style_id: str, access: NamedDependency[Access], db: NamedDependency[Db]
) -> None:
    """Delete a style."""
    access.require(WRITE)
    wanted = parse_id(style_id, "style_id")
    async with db.tx(access.organisation_id, access.person_id) as tx:
        await service.delete(tx, wanted)


@put(
    "/v3/style_rules/{style_id:str}/configured_rules",
    operation_id="updateStyleRuleConfiguredRules",
    operation_class=contract.fields_operation({}, dict.fromkeys(wire.SETTINGS, dict)),
    summary="Choose the rules of a style",
    tags=_TAGS,
    responses=contract.errors(404, 413, 415),
    request_max_body_size=BODY_BYTES_MAX,
)
async def put_rules(
    request: _REQUEST, style_id: str, access: NamedDependency[Access], db: NamedDependency[Db]
) -> wire.StyleRuleList:
    """Put all rules of a style in place of what they were."""
    access.require(WRITE)
    wanted = parse_id(style_id, "style_id")
    rules = wire.parse_configured_rules(await _fields(request))
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return wire.style_rule_list(await service.change(tx, wanted, configured_rules=rules))


@post(
    "/v3/style_rules/{style_id:str}/custom_instructions",
    operation_id="createCustomInstruction",
    operation_class=_INSTRUCTION,
    summary="Add an instruction",
    tags=_TAGS,
    responses=contract.errors(404, 413, 415),
    request_max_body_size=BODY_BYTES_MAX,
)
async def add_instruction(
    request: _REQUEST, style_id: str, access: NamedDependency[Access], db: NamedDependency[Db]
) -> CustomInstruction:
    """Add an instruction in words to a style."""
    access.require(WRITE)
    wanted = parse_id(style_id, "style_id")
    instruction = wire.parse_instruction(await _fields(request))
    async with db.tx(access.organisation_id, access.person_id) as tx:
        await service.add_instruction(tx, wanted, instruction)
    return instruction


@get(
    "/v3/style_rules/{style_id:str}/custom_instructions/{instruction_id:str}",
    operation_id="getCustomInstruction",
    summary="Show an instruction",
    tags=_TAGS,
    responses=contract.errors(404),
)
async def show_instruction(
    style_id: str,
    instruction_id: str,
    access: NamedDependency[Access],
    db: NamedDependency[Db],
) -> CustomInstruction:
    """Show an instruction of a style."""
    access.require(READ)
    ids = parse_id(style_id, "style_id"), parse_id(instruction_id, "instruction_id")
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await service.get_instruction(tx, *ids)


@put(
    "/v3/style_rules/{style_id:str}/custom_instructions/{instruction_id:str}",
    operation_id="updateCustomInstruction",
    operation_class=_INSTRUCTION,
    summary="Change an instruction",
    tags=_TAGS,
    responses=contract.errors(404, 413, 415),
    request_max_body_size=BODY_BYTES_MAX,
)
async def put_instruction(
    request: _REQUEST,
    style_id: str,
    instruction_id: str,
    access: NamedDependency[Access],
    db: NamedDependency[Db],
) -> CustomInstruction:
    """Put an instruction in place of what it was."""
    access.require(WRITE)
    ids = parse_id(style_id, "style_id"), parse_id(instruction_id, "instruction_id")
    instruction = wire.parse_instruction(await _fields(request), ids[1])
    async with db.tx(access.organisation_id, access.person_id) as tx:
        await service.replace_instruction(tx, *ids, instruction)
    return instruction


@delete(
    "/v3/style_rules/{style_id:str}/custom_instructions/{instruction_id:str}",
    operation_id="deleteCustomInstruction",
    summary="Delete an instruction",
    tags=_TAGS,
    responses=contract.errors(404),
)
async def delete_instruction(
    style_id: str,
    instruction_id: str,
    access: NamedDependency[Access],
    db: NamedDependency[Db],
) -> None:
    """Delete an instruction of a style."""
    access.require(WRITE)
    ids = parse_id(style_id, "style_id"), parse_id(instruction_id, "instruction_id")
    async with db.tx(access.organisation_id, access.person_id) as tx:
        await service.replace_instruction(tx, *ids, None)


router: Final = Router(
    "/",
    route_handlers=[
        list_styles,
        create,
        show,
        rename,
        delete_style,
        put_rules,
        add_instruction,
        show_instruction,
        put_instruction,
        delete_instruction,
    ],
)
