"""Bodies of requests as fields. No I/O."""

import re
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

from hanse.platform.problems import BadRequest, Problem

FORM_FIELDS_MAX: Final = 1_000
JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
_LONE_SURROGATE: Final = re.compile(
    rb"(?<!\\)(?:\\\\){0,20}\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
)


class MalformedBody(BadRequest):
    """The body cannot be read at all."""

    code = "malformed_body"
    title = "Malformed body"


class UnsupportedMediaType(Problem):
    """The body is in a format that this route does not read."""

    status = 415
    code = "unsupported_media_type"
    title = "Unsupported media type"


def decode_body(body: bytes, content_type: str | None) -> dict[str, Any]:
    """Return the fields of a JSON or form body; a form's fields are lists of strings.

    Raises MalformedBody, UnsupportedMediaType.
    """
    media_type = (content_type or "").partition(";")[0].strip().lower()
    if not media_type:
        media_type = JSON if body.lstrip()[:1] == b"{" else FORM
    if media_type == JSON:
        return _decode_json(body)
    if media_type == FORM:
        return decode_form(body)
    raise UnsupportedMediaType(f"Send the body as {JSON} or as {FORM}.")


def _decode_json(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except UnicodeDecodeError as error:
        raise MalformedBody("The body is not valid UTF-8.") from error
    except msgspec.ValidationError as error:
        if "out of range" in str(error):
            raise MalformedBody("The body has a number that is out of range.") from error
        raise MalformedBody("The body must be a JSON object.") from error
    except (msgspec.DecodeError, RecursionError) as error:
        if _LONE_SURROGATE.search(body):
            # The decoder calls this truncated input.
            raise MalformedBody(
                "The body is not valid JSON: a string has half of a surrogate pair."
            ) from error
        raise MalformedBody(f"The body is not valid JSON: {error}.") from error


def decode_form(body: bytes) -> dict[str, Any]:
    """Return the fields of a form, each a list of strings. Raises MalformedBody."""
    try:
        pairs = parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=FORM_FIELDS_MAX,
        )
    except UnicodeDecodeError as error:
        raise MalformedBody("The body is not valid UTF-8.") from error
    except ValueError as error:
        raise MalformedBody(f"A form may have {FORM_FIELDS_MAX} fields at most.") from error
    fields: dict[str, Any] = {}
    for key, value in pairs:
        fields.setdefault(key, []).append(value)
    return fields
