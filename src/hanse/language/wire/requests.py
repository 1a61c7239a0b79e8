"""Requests to translate texts and documents. No I/O."""

import re
from collections.abc import Container, Mapping
from typing import Any, Final
from uuid import UUID

import msgspec

from hanse.language.languages import root
from hanse.language.revising.wishes import Formality, Wishes
from hanse.language.segment import SplitMode
from hanse.language.tags import TagOptions
from hanse.language.wire.fields import (
    InvalidParameter,
    choice,
    flag,
    language,
    one_of,
    parse_id,
    parse_texts,
    single,
)

INSTRUCTIONS_MAX: Final = 10
MEMORY_PERCENT_MIN: Final = 75
"""How like a sentence of a memory must be, if the request does not say."""
INSTRUCTION_CHARACTERS_MAX: Final = 300
_FORMALITIES: Final[Mapping[str, Formality | None]] = {
    "default": None,
    "more": "more",
    "less": "less",
    "prefer_more": "more",
    "prefer_less": "less",
}
FORMALITIES: Final = tuple(_FORMALITIES)
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
    wishes: Wishes = Wishes()


def parse_translate(
    fields: Mapping[str, Any], formal: Container[str] = frozenset()
) -> TranslateRequest:
    """Check the fields of `POST /v2/translate`. Raises InvalidParameter.

    `formal` has the roots of the languages that can be made more or less formal here.
    """
    target = language(fields, "target_lang")
    if target is None:
        raise InvalidParameter("Parameter 'target_lang' not specified.")
    tags = _tags(fields)
    request = TranslateRequest(
        texts=parse_texts(fields),
        target=target,
        source=language(fields, "source_lang"),
        split_mode=_split_mode(fields, is_html=tags is not None and tags.kind == "html"),
        shows_billed_characters=flag(fields, "show_billed_characters"),
        model_type=choice(fields, "model_type", one_of(MODEL_TYPES)),
        glossary_ids=_glossary_ids(fields),
        tags=tags,
        style_id=parse_id(style, "style_id") if (style := single(fields, "style_id")) else None,
        memory_id=parse_id(memory, "translation_memory_id")
        if (memory := single(fields, "translation_memory_id"))
        else None,
        memory_percent_min=_percent(fields, "translation_memory_threshold"),
        wishes=_wishes(fields),
    )
    if request.glossary_ids and request.source is None:
        raise InvalidParameter("Parameter 'source_lang' is required with a glossary.")
    flag(fields, "preserve_formatting")
    flag(fields, "enable_beta_languages")
    formality = choice(fields, "formality", one_of(FORMALITIES))
    if formality in ("more", "less") and root(target) not in formal:
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
    wishes: Wishes
    is_bilingual: bool


def parse_document(
    fields: Mapping[str, Any], formal: Container[str] = frozenset()
) -> DocumentRequest:
    """Check the fields of `POST /v2/document` besides the file. Raises InvalidParameter."""
    asked = parse_translate({**fields, "text": [""], "tag_handling": None}, formal)
    output = single(fields, "output_format")
    return DocumentRequest(
        target=asked.target,
        source=asked.source,
        glossary_ids=asked.glossary_ids,
        output_format=output.lower() if output else None,
        style_id=asked.style_id,
        memory_id=asked.memory_id,
        memory_percent_min=asked.memory_percent_min,
        wishes=asked.wishes,
        is_bilingual=flag(fields, "bilingual"),
    )


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


def _wishes(fields: Mapping[str, Any]) -> Wishes:
    formality = choice(fields, "formality", one_of(FORMALITIES)) or "default"
    return Wishes(
        context=single(fields, "context"),
        instructions=tuple(filter(str.strip, _instructions(fields))),
        formality=_FORMALITIES[formality],
    )


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


def _tags(fields: Mapping[str, Any]) -> TagOptions | None:
    kind = choice(fields, "tag_handling", one_of(TAG_HANDLINGS))
    if kind is None:
        return None
    version = choice(fields, "tag_handling_version", one_of(TAG_HANDLING_VERSIONS))
    return TagOptions(
        "html" if kind == "html" else "xml",
        "v1" if version == "v1" else "v2",
        fields.get("outline_detection") in (None, "", [""]) or flag(fields, "outline_detection"),
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
    return choice(fields, "split_sentences", SplitMode) or default
