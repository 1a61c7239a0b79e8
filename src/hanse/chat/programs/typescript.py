"""`hanse.d.ts`: the types of events and effects as a program's author sees them. Pure."""

import inspect
from collections.abc import Iterable
from typing import Any, Final

import msgspec.inspect as types

from hanse.chat.programs.effects import Effect
from hanse.chat.programs.events import Event

_HEAD: Final = """\
// Written by `hanse program types`. Put it beside your program, and before onEvent:
//   /** @type {import("./hanse").Handler<State>} */

/** `state` left out: it stays as it was. */
export interface Answer<State> {
  state?: State;
  effects?: Effect[];
}

/** What a program exports as onEvent. It answers at once; nothing but its state is kept. */
export type Handler<State> = (event: Event, state: State) => Answer<State> | void;
"""

_PLAIN: Final[dict[type, str]] = {
    types.StrType: "string",
    types.IntType: "number",
    types.BoolType: "boolean",
    types.UUIDType: "string",
    types.DateTimeType: "string",
    types.NoneType: "null",
}


def declarations() -> str:
    """Return the text of `hanse.d.ts`."""
    event, effects = types.multi_type_info([Event, Effect])
    assert isinstance(effects, types.UnionType)
    structs: dict[str, types.StructType] = {}
    for root in (event, *effects.types):
        _collect(root, structs)
    union = " | ".join(_typescript(each) for each in effects.types)
    parts = [_HEAD, f"export type Effect = {union};\n"]
    return "\n".join(parts + [_interface(each) for each in structs.values()])


def _collect(found: types.Type, structs: dict[str, types.StructType]) -> None:
    if isinstance(found, types.StructType) and found.cls.__name__ not in structs:
        structs[found.cls.__name__] = found
    for inner in _inside(found):
        _collect(inner, structs)


def _inside(found: types.Type) -> Iterable[types.Type]:
    if isinstance(found, types.StructType):
        return [field.type for field in found.fields]
    if isinstance(found, types.UnionType):
        return found.types
    if isinstance(found, types.VarTupleType):
        return [found.item_type]
    return []


def _interface(struct: types.StructType) -> str:
    lines = [_comment(struct.cls.__doc__ or ""), f"export interface {struct.cls.__name__} {{"]
    if struct.tag is not None:
        lines.append(f'  {struct.tag_field}: "{struct.tag}";')
    for field in struct.fields:
        mark = "" if field.required else "?"
        limit = _limit(field.type)
        lines += [f"  /** {limit} */"] * bool(limit)
        lines.append(f"  {field.encode_name}{mark}: {_typescript(field.type)};")
    return "\n".join([*lines, "}\n"])


def _comment(docstring: str) -> str:
    lines = inspect.cleandoc(docstring).splitlines()
    if len(lines) == 1:
        return f"/** {lines[0]} */"
    return "\n".join(["/**", *(f" * {line}".rstrip() for line in lines), " */"])


def _typescript(found: types.Type) -> str:
    if plain := _PLAIN.get(type(found)):
        return plain
    match found:
        case types.StructType():
            return found.cls.__name__
        case types.EnumType():
            return " | ".join(f'"{each.value}"' for each in found.cls)
        case types.LiteralType():
            return " | ".join(f'"{each}"' for each in found.values)
        case types.UnionType():
            return " | ".join(_typescript(each) for each in found.types)
        case types.VarTupleType():
            inner = _typescript(found.item_type)
            return f"({inner})[]" if "|" in inner else f"{inner}[]"
        case types.DictType():
            return f"Record<string, {_typescript(found.value_type)}>"
        case _:
            raise TypeError(f"{found} has no form in TypeScript here.")


def _limit(found: types.Type) -> str:
    """Say what TypeScript's types cannot."""
    if isinstance(found, types.UnionType):
        return next(filter(None, map(_limit, found.types)), "")
    unit, least, most = _bounds(found)
    if most is not None:
        return f"{least or 0} to {most}{unit}."
    return ""


def _bounds(found: types.Type) -> tuple[str, Any, Any]:
    match found:
        case types.StrType():
            return " characters", found.min_length, found.max_length
        case types.VarTupleType() | types.DictType():
            return " of them", found.min_length, found.max_length
        case types.IntType():
            return "", found.ge, found.le
        case _:
            return "", None, None
