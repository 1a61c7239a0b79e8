"""What a request in DeepL's form asks for: parsing and checking, without any I/O.

Values are read leniently where the official clients differ (case, "1" for true, null for absent)
and refused where a meaning would be lost. Fields that the contract does not know are ignored, as
the clients expect.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl
from uuid import UUID

import msgspec

from hanse.language.languages import find_code, root
from hanse.language.segment import SplitMode
from hanse.language.tags import TagOptions
from hanse.platform.problems import BadRequest, Problem

Value = TypeVar("Value")

TEXTS_MAX: Final = 50
FORM_FIELDS_MAX: Final = 1_000
NAME_CHARACTERS_MAX: Final = 1024
INSTRUCTIONS_MAX: Final = 10
MEMORY_PERCENT_MIN: Final = 75
"""How like a sentence of a memory must be, if the request does not say."""
INSTRUCTION_CHARACTERS_MAX: Final = 300
REPORTING_TAG_CHARACTERS_MAX: Final = 256

FORMALITIES: Final = ("default", "more", "less", "prefer_more", "prefer_less")
MODEL_TYPES: Final = ("quality_optimized", "prefer_quality_optimized", "latency_optimized")

WITHOUT_EFFECT: Final = (
    "tag_handling_version",
    "outline_detection",
    "splitting_tags",
    "non_splitting_tags",
    "ignore_tags",
)
"""Parameters that only say how to apply another one. Alone they change nothing, whatever they say:
the official command line always sends `outline_detection`."""

TAG_HANDLINGS: Final = ("html", "xml")
TAG_HANDLING_VERSIONS: Final = ("v1", "v2")
GLOSSARIES_MAX: Final = 5
"""Glossaries that one request may use; of a term that several have, the first decides."""

JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"

_LONE_SURROGATE: Final = re.compile(
    rb"(?<!\\)(?:\\\\){0,20}\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
)


class InvalidParameter(BadRequest):
    """A parameter is missing, of the wrong type, or has a value that is not supported."""

    code = "invalid_parameter"
    title = "Invalid parameter"


class MalformedBody(BadRequest):
    """The body cannot be read at all."""

    code = "malformed_body"
    title = "Malformed body"


class UnsupportedMediaType(Problem):
    """The body is in a format that this route does not read."""

    status = 415
    code = "unsupported_media_type"
    title = "Unsupported media type"


class TranslateRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A checked request; languages are canonical codes."""

    texts: tuple[str, ...]
    target: str
    source: str | None
    split_mode: SplitMode
    shows_billed_characters: bool
    model_type: str | None
    glossary_ids: tuple[UUID, ...] = ()
    tags: TagOptions | None = None
    style_id: UUID | None = None
    memory_id: UUID | None = None
    memory_percent_min: int = MEMORY_PERCENT_MIN
    without_effect: tuple[str, ...] = ()
    """Parameters that were given and that no engine of this server can heed."""


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


def parse_translate(fields: Mapping[str, Any]) -> TranslateRequest:
    """Check the fields of `POST /v2/translate`. Raises InvalidParameter."""
    target = _language(fields, "target_lang")
    if target is None:
        raise InvalidParameter("Parameter 'target_lang' not specified.")
    tags = _tags(fields)
    request = TranslateRequest(
        texts=parse_texts(fields),
        target=target,
        source=_language(fields, "source_lang"),
        split_mode=_split_mode(fields, is_html=tags is not None and tags.kind == "html"),
        shows_billed_characters=_flag(fields, "show_billed_characters"),
        model_type=_choice(fields, "model_type", _one_of(MODEL_TYPES)),
        glossary_ids=_glossary_ids(fields),
        tags=tags,
        style_id=parse_id(style, "style_id") if (style := single(fields, "style_id")) else None,
        memory_id=parse_id(memory, "translation_memory_id")
        if (memory := single(fields, "translation_memory_id"))
        else None,
        memory_percent_min=_percent(fields, "translation_memory_threshold"),
        without_effect=_without_effect(fields),
    )
    if request.glossary_ids and request.source is None:
        raise InvalidParameter("Parameter 'source_lang' is required with a glossary.")
    _flag(fields, "preserve_formatting")
    _flag(fields, "enable_beta_languages")
    formality = _choice(fields, "formality", _one_of(FORMALITIES))
    if formality in ("more", "less"):
        raise InvalidParameter(
            "Value for 'formality' not supported. "
            f"Target language '{target.upper()}' doesn't support formality."
        )
    return request


class DocumentRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A checked request to translate a document; languages are canonical codes."""

    target: str
    source: str | None
    glossary_ids: tuple[UUID, ...]
    output_format: str | None
    style_id: UUID | None
    memory_id: UUID | None
    memory_percent_min: int
    without_effect: tuple[str, ...]


def parse_document(fields: Mapping[str, Any]) -> DocumentRequest:
    """Check the fields of `POST /v2/document` besides the file. Raises InvalidParameter."""
    asked = parse_translate({**fields, "text": [""], "tag_handling": None})
    output = single(fields, "output_format")
    return DocumentRequest(
        target=asked.target,
        source=asked.source,
        glossary_ids=asked.glossary_ids,
        output_format=output.lower() if output else None,
        style_id=asked.style_id,
        memory_id=asked.memory_id,
        memory_percent_min=asked.memory_percent_min,
        without_effect=asked.without_effect,
    )


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


def _percent(fields: Mapping[str, Any], parameter: str) -> int:
    value = fields.get(parameter)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if value in (None, ""):
        return MEMORY_PERCENT_MIN
    if isinstance(value, str) and re.fullmatch("[0-9]{1,3}", value):
        value = int(value)
    if type(value) is not int or not 0 <= value <= 100:
        raise InvalidParameter(f"Value for '{parameter}' must be a number from 0 to 100.")
    return value


def _without_effect(fields: Mapping[str, Any]) -> tuple[str, ...]:
    given = {
        "context": single(fields, "context") is not None,
        "custom_instructions": bool(_instructions(fields)),
        "formality": single(fields, "formality") in ("prefer_more", "prefer_less"),
    }
    return tuple(parameter for parameter, is_given in given.items() if is_given)


def _instructions(fields: Mapping[str, Any]) -> list[str]:
    given = fields.get("custom_instructions")
    if given in (None, "", [], [""]):
        return []
    listed = [given] if isinstance(given, str) else given
    if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
        raise InvalidParameter("Parameter 'custom_instructions' must be an array of strings.")
    if len(listed) > INSTRUCTIONS_MAX or max(map(len, listed)) > INSTRUCTION_CHARACTERS_MAX:
        raise InvalidParameter(
            f"Parameter 'custom_instructions' may have {INSTRUCTIONS_MAX} instructions of "
            f"{INSTRUCTION_CHARACTERS_MAX} characters."
        )
    return listed


def _glossary_ids(fields: Mapping[str, Any]) -> tuple[UUID, ...]:
    one = single(fields, "glossary_id")
    many = fields.get("glossary_ids")
    if many in (None, "", [], [""]):
        return (parse_id(one, "glossary_id"),) if one else ()
    if one:
        raise InvalidParameter("Send 'glossary_id' or 'glossary_ids', not both.")
    if isinstance(many, str):
        many = many.split(",")
    if not isinstance(many, list) or not all(isinstance(each, str) for each in many):
        raise InvalidParameter("Parameter 'glossary_ids' must be an array of ids.")
    if len(many) > GLOSSARIES_MAX:
        raise InvalidParameter(f"Parameter 'glossary_ids' may have {GLOSSARIES_MAX} ids.")
    return tuple(dict.fromkeys(parse_id(each.strip(), "glossary_ids") for each in many))


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


def _language(fields: Mapping[str, Any], parameter: str) -> str | None:
    value = single(fields, parameter)
    if value is None:
        return None
    code = find_code(value)
    if code is None:
        raise InvalidParameter(f"Value for '{parameter}' not supported.")
    return code


def _tags(fields: Mapping[str, Any]) -> TagOptions | None:
    kind = _choice(fields, "tag_handling", _one_of(TAG_HANDLINGS))
    if kind is None:
        return None
    version = _choice(fields, "tag_handling_version", _one_of(TAG_HANDLING_VERSIONS))
    return TagOptions(
        "html" if kind == "html" else "xml",
        "v1" if version == "v1" else "v2",
        fields.get("outline_detection") in (None, "", [""]) or _flag(fields, "outline_detection"),
        *(_tag_names(fields, f"{each}_tags") for each in ("splitting", "non_splitting", "ignore")),
    )


def _tag_names(fields: Mapping[str, Any], parameter: str) -> frozenset[str]:
    given = fields.get(parameter)
    if given in (None, ""):
        return frozenset()
    listed = [given] if isinstance(given, str) else given
    if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
        raise InvalidParameter(f"Parameter '{parameter}' must be an array of tag names.")
    return frozenset(name.strip() for each in listed for name in each.split(",") if name.strip())


def _split_mode(fields: Mapping[str, Any], *, is_html: bool) -> SplitMode:
    value = fields.get("split_sentences")
    if type(value) is int:
        # The contract has a string, and clients that write "0" as a number mean the same.
        fields = {"split_sentences": str(value)}
    # A line break of HTML is a blank.
    default = SplitMode.PUNCTUATION if is_html else SplitMode.PUNCTUATION_AND_NEWLINES
    return _choice(fields, "split_sentences", SplitMode) or default


def _choice(
    fields: Mapping[str, Any], parameter: str, parse: Callable[[str], Value]
) -> Value | None:
    value = single(fields, parameter)
    if value is None:
        return None
    try:
        return parse(value.lower())
    except ValueError as error:
        raise InvalidParameter(f"Value for '{parameter}' not supported.") from error


def _one_of(values: tuple[str, ...]) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value not in values:
            raise ValueError(value)
        return value

    return parse


def _flag(fields: Mapping[str, Any], parameter: str) -> bool:
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
