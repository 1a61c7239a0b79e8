"""How the routes of the DeepL wire are described in the OpenAPI document."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import (
    OpenAPIFormat,
    OpenAPIMediaType,
    OpenAPIType,
    Operation,
    Parameter,
    RequestBody,
    Schema,
)
from msgspec import UNSET, Struct, UnsetType

from hanse.language.documents.formats import BILINGUAL_KINDS
from hanse.language.segment import SplitMode
from hanse.language.wire import (
    FORM,
    FORMALITIES,
    GLOSSARIES_MAX,
    INSTRUCTION_CHARACTERS_MAX,
    INSTRUCTIONS_MAX,
    JSON,
    MODEL_TYPES,
    TEXTS_MAX,
)

LANGUAGE_PATTERN: Final = "^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$"

RESOURCES: Final = (
    "translate_text",
    "translate_document",
    "glossary",
    "voice",
    "write",
    "style_rules",
    "translation_memory",
)
INCLUDES: Final = ("beta", "external")

ERRORS: Final = {
    400: "A parameter is missing or not supported; `message` names it.",
    401: "No credentials.",
    403: "Wrong credentials, or a scope is missing.",
    404: "The organisation has nothing of this id.",
    409: "Not in this state.",
    413: "The body is too large.",
    415: "The body is neither JSON nor a form.",
    456: "The characters of this month are used up.",
    429: "Too many requests; see `Retry-After`.",
    500: "A mistake of this server.",
    501: "This server cannot do that.",
    503: "A part of this server is away or busy; see `Retry-After`.",
}


class DeeplError(Struct):
    """An error in DeepL's form; `code` is stable."""

    message: str
    code: str
    detail: str | UnsetType = UNSET


def errors(*statuses: int) -> dict[int, ResponseSpec]:
    """Describe the errors of a route."""
    return {
        status: ResponseSpec(
            data_container=DeeplError, description=ERRORS[status], generate_examples=False
        )
        for status in (400, 401, 403, 429, 500, 503, *statuses)
    }


def _string(description: str, **more: object) -> Schema:
    return Schema(type=OpenAPIType.STRING, description=description, **more)  # type: ignore[arg-type]


def _flag(description: str, *, form: bool) -> Schema:
    if form:
        return _string(description, enum=["0", "1"])
    return Schema(type=OpenAPIType.BOOLEAN, description=description)


_BY_A_MODEL: Final = (
    "A language model revises the translation, where the operator has named one; what has no "
    "effect stands in `not_applied`."
)


def _translate_schema(*, form: bool) -> Schema:
    return Schema(
        type=OpenAPIType.OBJECT,
        required=["text", "target_lang"],
        description="Other fields are ignored.",
        properties={
            "text": Schema(
                type=OpenAPIType.ARRAY,
                items=_string("A text to translate."),
                min_items=1,
                max_items=TEXTS_MAX,
                description="Answered in the same order.",
            ),
            "target_lang": _string(
                "Language code in any case: `pt-BR`, `EN-GB`, `de`.",
                pattern=LANGUAGE_PATTERN,
                examples=["PT-BR", "en-GB"],
            ),
            "source_lang": _string(
                "Language code; recognised for each text when left out.",
                pattern=LANGUAGE_PATTERN,
                examples=["EN", "pt"],
            ),
            "context": _string(
                f"What the texts are about; not billed. {_BY_A_MODEL} Of a longer one, the first "
                "4,000 characters count."
            ),
            "style_id": _string(
                "A style of the target language. `not_applied` names its rules that this server "
                "cannot carry out."
            ),
            "translation_memory_id": _string(
                "A translation memory. Its sentences are taken where they are the same, or differ "
                "in numbers alone; what else is like them stands in `translation_memory_matches`."
            ),
            "translation_memory_threshold": Schema(
                type=OpenAPIType.INTEGER,
                minimum=0,
                maximum=100,
                default=75,
                description="How like, in per cent, a sentence of the memory must be.",
            ),
            "custom_instructions": Schema(
                type=OpenAPIType.ARRAY,
                items=_string("An instruction.", max_length=INSTRUCTION_CHARACTERS_MAX),
                max_items=INSTRUCTIONS_MAX,
                description=f"What the translation is to heed, in words. {_BY_A_MODEL}",
            ),
            "split_sentences": _string(
                "`1`: at punctuation and line breaks, `nonewlines`: at punctuation, `0`: at line "
                "breaks, tabs and runs of blanks alone.",
                enum=[mode.value for mode in SplitMode],
                default="1",
            ),
            "preserve_formatting": _flag(
                "Without effect: white space and line breaks are always kept, only that inside a "
                "sentence a single space of any width becomes a plain one, and with "
                "`split_sentences=nonewlines` a single line break too.",
                form=form,
            ),
            "formality": _string(
                "`more` and `less` are refused where `supports_formality` of the target language "
                f"is false. {_BY_A_MODEL}",
                enum=list(FORMALITIES),
                default="default",
            ),
            "model_type": _string(
                "Accepted; `model_type_used` says which kind made the text.",
                enum=list(MODEL_TYPES),
            ),
            "glossary_id": _string(
                "A glossary to enforce; needs `source_lang`. What became of each term stands in "
                "`glossary_terms` of the answer."
            ),
            "glossary_ids": Schema(
                type=OpenAPIType.ARRAY,
                items=_string("A glossary."),
                max_items=GLOSSARIES_MAX,
                description="Several, instead of `glossary_id`; of a term that more than one has, "
                "the first decides.",
            ),
            "show_billed_characters": _flag("Adds `billed_characters` to each answer.", form=form),
            "enable_beta_languages": _flag("Without effect.", form=form),
        },
    )


def fields_operation(required: Mapping[str, type], optional: Mapping[str, type]) -> type[Operation]:
    """Return an operation whose body is an object of these fields, in JSON or as a form.

    A list is one of objects; those only JSON can carry.
    """
    schemas: dict[type, Schema] = {
        str: Schema(type=OpenAPIType.STRING),
        int: Schema(type=[OpenAPIType.INTEGER, OpenAPIType.NULL], minimum=0),
        list: Schema(type=OpenAPIType.ARRAY, items=Schema(type=OpenAPIType.OBJECT)),
        dict: Schema(type=OpenAPIType.OBJECT),
        list[str]: Schema(
            type=OpenAPIType.ARRAY,
            items=Schema(type=OpenAPIType.STRING),
            min_items=1,
            max_items=TEXTS_MAX,
        ),
    }
    fields = {**required, **optional}
    body = Schema(
        type=OpenAPIType.OBJECT,
        required=list(required),
        properties={name: schemas[kind] for name, kind in fields.items()},
    )
    kinds = (JSON,) if {list, dict} & set(fields.values()) else (JSON, FORM)

    @dataclass
    class FieldsOperation(Operation):
        def __post_init__(self) -> None:
            self.request_body = RequestBody(
                required=True, content={kind: OpenAPIMediaType(schema=body) for kind in kinds}
            )

    return FieldsOperation


@dataclass
class UploadOperation(Operation):
    """The operation of `POST /v2/document`."""

    def __post_init__(self) -> None:
        """Describe the body."""
        schema = Schema(
            type=OpenAPIType.OBJECT,
            required=["target_lang", "file"],
            properties={
                "file": Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY),
                "filename": _string("The file's name, if the part of the file has none."),
                "target_lang": _string("Language code.", pattern=LANGUAGE_PATTERN),
                "source_lang": _string(
                    "Language code; recognised when left out.", pattern=LANGUAGE_PATTERN
                ),
                "glossary_id": _string("A glossary to enforce; needs `source_lang`."),
                "glossary_ids": _string("Up to five glossaries, with commas between them."),
                "output_format": _string(
                    "The extension of the file; or `xlf`, `xliff` or `tmx` for its texts with "
                    "their translations."
                ),
                "formality": _string("As for texts.", enum=list(FORMALITIES)),
                "context": _string("As for texts."),
                "custom_instructions": Schema(
                    type=OpenAPIType.ARRAY,
                    items=_string("An instruction.", max_length=INSTRUCTION_CHARACTERS_MAX),
                    max_items=INSTRUCTIONS_MAX,
                    description="As for texts; the field may be repeated.",
                ),
                "bilingual": _string(
                    "`1`: each paragraph is followed by its translation, in the same file format "
                    f"({', '.join(BILINGUAL_KINDS)}).",
                    enum=["0", "1"],
                ),
            },
        )
        self.request_body = RequestBody(
            required=True, content={"multipart/form-data": OpenAPIMediaType(schema=schema)}
        )


@dataclass
class QualityOperation(Operation):
    """The operation of `POST /v1/quality-evaluation`."""

    def __post_init__(self) -> None:
        """Describe the body."""

        def described(**properties: Schema) -> Schema:
            return Schema(
                type=OpenAPIType.OBJECT, required=list(properties), properties={**properties}
            )

        languages = ("source_language", "target_language")
        segment = described(source=_string("A text."), target=_string("Its translation."))
        schema = described(
            metadata=described(
                **{each: _string("A code.", pattern=LANGUAGE_PATTERN) for each in languages}
            ),
            segments=Schema(type=OpenAPIType.ARRAY, items=segment, min_items=1, max_items=500),
        )
        self.request_body = RequestBody(
            required=True, content={JSON: OpenAPIMediaType(schema=schema)}
        )


@dataclass
class DocumentKeyOperation(Operation):
    """An operation on a document: its key stands in the body, or with GET in the query."""

    def __post_init__(self) -> None:
        """Describe the key."""
        key = _string("The key that was given for the document.", pattern="^[0-9A-Fa-f]{64}$")
        if (self.operation_id or "").startswith("get"):
            self.parameters = [
                *(self.parameters or ()),
                Parameter(name="document_key", param_in="query", required=True, schema=key),
            ]
            return
        schema = Schema(
            type=OpenAPIType.OBJECT, required=["document_key"], properties={"document_key": key}
        )
        self.request_body = RequestBody(
            required=True,
            content={kind: OpenAPIMediaType(schema=schema) for kind in (FORM, JSON)},
        )


@dataclass
class ListLanguagesOperation(Operation):
    """The operation of `GET /v3/languages`, whose handler refuses a missing `resource` itself."""

    def __post_init__(self) -> None:
        """Mark what is required."""
        for parameter in self.parameters or ():
            if isinstance(parameter, Parameter) and parameter.name == "resource":
                parameter.required = True
                parameter.schema = _string("The part of the API.", enum=list(RESOURCES))
            elif isinstance(parameter, Parameter) and parameter.name == "include":
                parameter.schema = Schema(
                    type=OpenAPIType.ARRAY, items=_string("A stage.", enum=list(INCLUDES))
                )


@dataclass
class TranslateOperation(Operation):
    """The operation of `POST /v2/translate`: its body in both media types."""

    def __post_init__(self) -> None:
        """Describe the body."""
        self.request_body = RequestBody(
            required=True,
            content={
                JSON: OpenAPIMediaType(schema=_translate_schema(form=False)),
                FORM: OpenAPIMediaType(schema=_translate_schema(form=True)),
            },
        )
