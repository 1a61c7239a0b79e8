"""What identity providers send that RFC 7644 does not have, put into its terms. No I/O.

`schema.POLICY` covers the rest. Each rule here names who sends it.
"""

from collections.abc import Callable
from typing import Any, Final

from scim2_models import InvalidPathException

PATH_CHARACTERS_MAX: Final = 2000
_READ_ONLY = frozenset({"id", "meta", "groups"})
_MANAGER = "manager"


def tidy_resource(data: Any) -> Any:
    """Return a resource without what only the server writes (Okta sends `groups`)."""
    if not isinstance(data, dict):
        return data
    return {
        key: _with_manager(value) for key, value in data.items() if key.lower() not in _READ_ONLY
    }


def tidy_patch(data: Any) -> Any:
    """Return a PatchOp whose operations have the form of RFC 7644. Raises InvalidPathException."""
    return _each_operation(data, _tidy_operation)


def tidy_bulk(data: Any) -> Any:
    """Return a BulkRequest whose operations carry tidy bodies."""
    return _each_operation(data, _tidy_bulk_operation)


def _each_operation(data: Any, tidy: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    if not isinstance(data, dict):
        return data
    return {
        key: [tidy(each) if isinstance(each, dict) else each for each in value]
        if key.lower() == "operations" and isinstance(value, list)
        else value
        for key, value in data.items()
    }


def _tidy_bulk_operation(operation: dict[str, Any]) -> dict[str, Any]:
    tidy = tidy_patch if str(operation.get("method")).upper() == "PATCH" else tidy_resource
    return {
        key: tidy(value) if key.lower() == "data" else value for key, value in operation.items()
    }


def _tidy_operation(operation: dict[str, Any]) -> dict[str, Any]:
    fields = {key.lower(): key for key in operation}
    path = operation.get(fields.get("path", "path"))
    value_key = fields.get("value", "value")
    if isinstance(path, str) and len(path) > PATH_CHARACTERS_MAX:
        raise InvalidPathException(detail=f"A path has up to {PATH_CHARACTERS_MAX} characters.")
    if value_key not in operation:
        return operation
    value = operation[value_key]
    if isinstance(path, str) and path:
        if path.lower().endswith(f":{_MANAGER}"):
            value = _manager(value)
        elif isinstance(value, list):
            # Entra ID: members as {"$ref": null, "value": "..."}.
            value = [_without_nulls(each) for each in value]
    elif isinstance(value, dict):
        # Okta: {"op": "replace", "value": {"id": "...", "displayName": "..."}}.
        value = tidy_resource(value)
    return {**operation, value_key: value}


def _without_nulls(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: item for key, item in value.items() if item is not None}


def _with_manager(value: Any) -> Any:
    """Look for a manager in an extension's attributes."""
    if not isinstance(value, dict):
        return value
    return {key: _manager(item) if key.lower() == _MANAGER else item for key, item in value.items()}


def _manager(value: Any) -> Any:
    """Entra ID names a manager by id alone, or in a list of one."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, str):
        return {"value": value} if value else None
    return _without_nulls(value)
