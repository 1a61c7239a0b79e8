"""SCIM filters and orders as SQL: names from a list, values only ever as parameters. No I/O.

`hanse.identity.scim.store` has the lists. What a filter means is what `ScimFilter.match` of
scim2-models says, against which the tests compare.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum, auto
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from scim2_models import InvalidFilterException, InvalidPathException, Path
from scim2_models.path import (
    AttrPath,
    CompareOperator,
    Comparison,
    FilterNode,
    FilterVisitor,
    LogicalExpr,
    LogicalOperator,
    Not,
    Present,
    ValuePath,
)

FILTER_CHARACTERS_MAX: Final = 4000


class Kind(Enum):
    """How a column is compared."""

    FOLDED = auto()
    """Text that is kept in small letters."""
    TEXT = auto()
    """Text whose case does not matter."""
    EXACT = auto()
    ID = auto()
    BOOL = auto()
    TIME = auto()


class Column(NamedTuple):
    """An attribute with one value: an SQL expression."""

    sql: str
    kind: Kind


class Many(NamedTuple):
    """An attribute with many values: a `from` with its `where`, and the columns of each value."""

    source: str
    columns: Mapping[str, Column]


class Table(NamedTuple):
    """The attributes of a resource type by their names in small letters."""

    schemas: Mapping[str, str]
    """Prefixes of names by the schema that qualifies an attribute."""
    columns: Mapping[str, Column]
    many: Mapping[str, Many]
    id: str


class Condition(NamedTuple):
    """An SQL condition, and the values of its parameters."""

    sql: str
    arguments: list[Any]


def condition_of(table: Table, node: FilterNode, first: int, *, strict: bool) -> Condition:
    """Return a filter as a condition whose parameters are numbered from `first` on.

    An attribute that the table does not have matches nothing, or raises InvalidFilterException if
    `strict`.
    """
    compiler = _Compiler(table, first, strict)
    return Condition(compiler.visit(node), compiler.arguments)


def order_of(table: Table, path: Path[Any] | None, *, descending: bool) -> str:
    """Return what to order by, the id last. Raises InvalidPathException."""
    if path is None:
        return table.id
    column = _find(table, path.ast) if isinstance(path.ast, AttrPath) else None
    if column is None:
        raise InvalidPathException(detail=f"Resources cannot be sorted by '{path}' here.")
    return f"{_comparable(column)} {'desc' if descending else 'asc'}, {table.id}"


def _find(table: Table, path: AttrPath) -> Column | None:
    name = _name(table, path)
    return table.columns.get(name) or table.columns.get(f"{name}.value")


def _name(table: Table, path: AttrPath) -> str:
    prefix = "" if path.uri is None else table.schemas.get(path.uri.lower(), "?")
    sub = f".{path.sub_attr}" if path.sub_attr else ""
    return f"{prefix}{path.attr}{sub}".lower()


def _comparable(column: Column) -> str:
    """The expression by which a column is ordered: text by code points, as Python does."""
    match column.kind:
        case Kind.TEXT:
            return f"lower({column.sql}){_BY_CODE}"
        case Kind.FOLDED | Kind.EXACT:
            return f"({column.sql}){_BY_CODE}"
        case Kind.ID:
            return f"({column.sql})::text{_BY_CODE}"
        case _:
            return column.sql


_BY_CODE = ' collate "C"'
_EQUALITY = (CompareOperator.eq, CompareOperator.ne)
_ORDERS = {
    CompareOperator.gt: ">",
    CompareOperator.ge: ">=",
    CompareOperator.lt: "<",
    CompareOperator.le: "<=",
}


class _Compiler(FilterVisitor[str]):
    def __init__(self, table: Table, first: int, strict: bool) -> None:
        self.arguments: list[Any] = []
        self._table = table
        self._first = first
        self._strict = strict
        # Within `emails[...]` and `members[...]`: what the names in there stand for.
        self._inner: Mapping[str, Column] | None = None

    def visit_not(self, node: Not) -> str:
        # A comparison with a missing value is null in SQL and false in SCIM.
        return f"({self.visit(node.expr)}) is not true"

    def visit_logical_expr(self, node: LogicalExpr) -> str:
        word = " and " if node.op is LogicalOperator.and_ else " or "
        return "(" + word.join(self.visit(term) for term in node.terms) + ")"

    def visit_present(self, node: Present) -> str:
        name = self._name(node.attr_path)
        many, sub = self._many(name)
        if many is not None:
            columns = [many.columns[sub]] if sub in many.columns else list(many.columns.values())
            return _exists(many, " or ".join(_present(column) for column in columns))
        found = [
            column
            for key, column in self._columns().items()
            if key == name or key.startswith(f"{name}.")
        ]
        return f"({' or '.join(map(_present, found))})" if found else self._unknown(node.attr_path)

    def visit_comparison(self, node: Comparison) -> str:
        name = self._name(node.attr_path)
        many, sub = self._many(name)
        if many is not None:
            column = many.columns.get(sub or "value")
            if column is None:
                return self._unknown(node.attr_path)
            if node.op is CompareOperator.ne:
                # Of many values, none is equal.
                return f"not {_exists(many, self._compare(column, CompareOperator.eq, node.value))}"
            return _exists(many, self._compare(column, node.op, node.value))
        columns = self._columns()
        column = columns.get(name) or columns.get(f"{name}.value")
        if column is None:
            return self._unknown(node.attr_path)
        return self._compare(column, node.op, node.value)

    def visit_value_path(self, node: ValuePath) -> str:
        name = self._name(node.attr_path)
        many, _ = self._many(name)
        inner = many.columns if many is not None else self._within(name)
        if not inner or self._inner is not None:
            return self._unknown(node.attr_path)
        self._inner = inner
        try:
            condition = self.visit(node.val_filter)
        finally:
            self._inner = None
        return condition if many is None else _exists(many, condition)

    def _columns(self) -> Mapping[str, Column]:
        return self._table.columns if self._inner is None else self._inner

    def _within(self, name: str) -> dict[str, Column]:
        return {
            key.removeprefix(f"{name}."): column
            for key, column in self._table.columns.items()
            if key.startswith(f"{name}.")
        }

    def _name(self, path: AttrPath) -> str:
        return _name(self._table, path)

    def _many(self, name: str) -> tuple[Many | None, str]:
        if self._inner is not None:
            return None, ""
        head, _, sub = name.partition(".")
        return self._table.many.get(head), sub

    def _unknown(self, path: AttrPath) -> str:
        if self._strict:
            raise InvalidFilterException(detail=f"Resources cannot be filtered by '{path}' here.")
        return "false"

    def _compare(self, column: Column, op: CompareOperator, value: Any) -> str:
        if value is None:
            nothing = {CompareOperator.eq: "is null", CompareOperator.ne: "is not null"}.get(op)
            return f"({column.sql}) {nothing}" if nothing else "false"
        if column.kind is Kind.ID and op in _EQUALITY:
            return self._compare_id(column, op, value)
        if column.kind is Kind.BOOL:
            if op not in _EQUALITY:
                return "false"
            return _equal(column.sql, op, f"{self._bind(value is True)}::boolean")
        if column.kind is Kind.TIME:
            return self._compare_time(column, op, value)
        text = f"{self._bind(str(value))}::text"
        left = _comparable(column)
        right = f"lower({text})" if column.kind in (Kind.TEXT, Kind.FOLDED) else text
        match op:
            case CompareOperator.eq | CompareOperator.ne:
                # Without the collation, which would keep the index from being used.
                return _equal(left.removesuffix(_BY_CODE), op, right)
            case CompareOperator.co:
                return f"strpos({left}, {right}) > 0"
            case CompareOperator.sw:
                return f"starts_with({left}, {right})"
            case CompareOperator.ew:
                return f"right({left}, length({right})) = {right}"
            case _:
                return f"{left} {_ORDERS[op]} {right}"

    def _compare_id(self, column: Column, op: CompareOperator, value: Any) -> str:
        try:
            id = UUID(str(value))
        except ValueError:
            return "false" if op is CompareOperator.eq else "true"
        return _equal(column.sql, op, f"{self._bind(id)}::uuid")

    def _compare_time(self, column: Column, op: CompareOperator, value: Any) -> str:
        if op not in _EQUALITY and op not in _ORDERS:
            return "false"
        try:
            at = msgspec.convert(value, datetime)
        except msgspec.ValidationError:
            return "false"
        if at.tzinfo is None:
            raise InvalidFilterException(detail="Write times with their zone, such as Z.")
        bound = f"{self._bind(at)}::timestamptz"
        if op in _ORDERS:
            return f"{column.sql} {_ORDERS[op]} {bound}"
        return _equal(column.sql, op, bound)

    def _bind(self, value: Any) -> str:
        self.arguments.append(value)
        return f"${self._first + len(self.arguments) - 1}"


def _equal(left: str, op: CompareOperator, right: str) -> str:
    return f"{left} {'=' if op is CompareOperator.eq else 'is distinct from'} {right}"


def _present(column: Column) -> str:
    if column.kind in (Kind.TEXT, Kind.FOLDED, Kind.EXACT):
        return f"coalesce({column.sql}, '') <> ''"
    return f"({column.sql}) is not null"


def _exists(many: Many, condition: str) -> str:
    return f"exists ({many.source} and ({condition}))"
