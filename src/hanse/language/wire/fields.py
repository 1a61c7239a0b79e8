"""Values of single fields. No I/O."""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar
from uuid import UUID

from hanse.language.languages import find_code, root
from hanse.platform.problems import BadRequest

Value = TypeVar("Value")
TEXTS_MAX: Final = 50
NAME_CHARACTERS_MAX: Final = 1024
REPORTING_TAG_CHARACTERS_MAX: Final = 256


class InvalidParameter(BadRequest):
    """A parameter is missing, of the wrong type, or has a value that is not supported."""

    code = "invalid_parameter"
    title = "Invalid parameter"


def parse_reporting_tag(header: str | None) -> str | None:
    """Check the header X-DeepL-Reporting-Tag. Raises InvalidParameter."""
    if header is not None and len(header) > REPORTING_TAG_CHARACTERS_MAX:
        raise InvalidParameter(
            f"Header 'X-DeepL-Reporting-Tag' exceeds {REPORTING_TAG_CHARACTERS_MAX} characters."
        )
    return header or None


def parse_texts(fields: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the texts of a request. Raises InvalidParameter."""
    texts = fields.get("text")
    if texts is None:
        raise InvalidParameter("Parameter 'text' not specified.")
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise InvalidParameter("Parameter 'text' must be an array of strings.")
    if not texts:
        raise InvalidParameter("Parameter 'text' must have at least one text.")
    if len(texts) > TEXTS_MAX:
        raise InvalidParameter(
            f"Parameter 'text' has {len(texts)} texts; {TEXTS_MAX} are allowed in one request."
        )
    return tuple(texts)


def parse_id(text: str, parameter: str) -> UUID:
    """Return an id. Raises InvalidParameter."""
    try:
        return UUID(text)
    except ValueError:
        raise InvalidParameter(f"Value for '{parameter}' is not a valid id.") from None


def parse_name(fields: Mapping[str, Any]) -> str | None:
    """Return the name, None where there is none. Raises InvalidParameter."""
    name = single(fields, "name")
    if name is None:
        if fields.get("name") in ("", [""]):
            raise InvalidParameter("Value for 'name' is empty.")
        return None
    name = name.strip()
    if not name or len(name) > NAME_CHARACTERS_MAX or "\0" in name:
        raise InvalidParameter(f"A name has 1 to {NAME_CHARACTERS_MAX} characters.")
    return name


def required_name(fields: Mapping[str, Any]) -> str:
    """Return the name. Raises InvalidParameter."""
    name = parse_name(fields)
    if name is None:
        raise InvalidParameter("Parameter 'name' not specified.")
    return name


def parse_root(fields: Mapping[str, Any], parameter: str) -> str:
    """Return the root of a required language. Raises InvalidParameter."""
    value = single(fields, parameter)
    if value is None:
        raise InvalidParameter(f"Parameter '{parameter}' not specified.")
    code = find_code(value)
    if code is None:
        raise InvalidParameter(f"Value for '{parameter}' not supported.")
    return root(code)


def single(fields: Mapping[str, Any], parameter: str) -> str | None:
    """Return a parameter's text, or None where it is absent, null or empty.

    Raises InvalidParameter.
    """
    value = fields.get(parameter)
    if isinstance(value, list):
        if not value:
            return None
        if len(value) > 1:
            raise InvalidParameter(f"Parameter '{parameter}' must be given once.")
        value = value[0]
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise InvalidParameter(f"Parameter '{parameter}' must be a string.")
    return value


def language(fields: Mapping[str, Any], parameter: str) -> str | None:
    value = single(fields, parameter)
    if value is None:
        return None
    code = find_code(value)
    if code is None:
        raise InvalidParameter(f"Value for '{parameter}' not supported.")
    return code


def choice(
    fields: Mapping[str, Any], parameter: str, parse: Callable[[str], Value]
) -> Value | None:
    value = single(fields, parameter)
    if value is None:
        return None
    try:
        return parse(value.lower())
    except ValueError as error:
        raise InvalidParameter(f"Value for '{parameter}' not supported.") from error


def one_of(values: tuple[str, ...]) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value not in values:
            raise ValueError(value)
        return value

    return parse


def flag(fields: Mapping[str, Any], parameter: str) -> bool:
    """Return a boolean: true or false in JSON, "1" or "0" in a form, or the words."""
    value = fields.get(parameter)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, str):
        value = value.lower()
    if value is None or value in (False, 0, "", "0", "false"):
        return False
    if value in (True, 1, "1", "true"):
        return True
    raise InvalidParameter(f"Value for '{parameter}' not supported.")
