"""What a request in DeepL's form asks for: parsing and checking, without any I/O.

Values are read leniently where the official clients differ (case, "1" for true, null for absent)
and refused where a meaning would be lost. Fields that the contract does not know are ignored, as
the clients expect.
"""

from hanse.language.wire.bodies import (
    FORM,
    FORM_FIELDS_MAX,
    JSON,
    MalformedBody,
    UnsupportedMediaType,
    decode_body,
    decode_form,
)
from hanse.language.wire.fields import (
    NAME_CHARACTERS_MAX,
    REPORTING_TAG_CHARACTERS_MAX,
    TEXTS_MAX,
    InvalidParameter,
    parse_id,
    parse_name,
    parse_reporting_tag,
    parse_root,
    parse_texts,
    required_name,
    single,
)
from hanse.language.wire.requests import (
    FORMALITIES,
    GLOSSARIES_MAX,
    INSTRUCTION_CHARACTERS_MAX,
    INSTRUCTIONS_MAX,
    MEMORY_PERCENT_MIN,
    MODEL_TYPES,
    WITHOUT_EFFECT,
    DocumentRequest,
    TranslateRequest,
    parse_document,
    parse_translate,
)

__all__ = [
    "FORM",
    "FORMALITIES",
    "FORM_FIELDS_MAX",
    "GLOSSARIES_MAX",
    "INSTRUCTIONS_MAX",
    "INSTRUCTION_CHARACTERS_MAX",
    "JSON",
    "MEMORY_PERCENT_MIN",
    "MODEL_TYPES",
    "NAME_CHARACTERS_MAX",
    "REPORTING_TAG_CHARACTERS_MAX",
    "TEXTS_MAX",
    "WITHOUT_EFFECT",
    "DocumentRequest",
    "InvalidParameter",
    "MalformedBody",
    "TranslateRequest",
    "UnsupportedMediaType",
    "decode_body",
    "decode_form",
    "parse_document",
    "parse_id",
    "parse_name",
    "parse_reporting_tag",
    "parse_root",
    "parse_texts",
    "parse_translate",
    "required_name",
    "single",
]
