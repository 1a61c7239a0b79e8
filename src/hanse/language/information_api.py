"""Routes that tell about this server: its languages, its resources, and the usage. Routes only."""

from collections.abc import Set
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from litestar import Request, Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from msgspec import UNSET, Struct, UnsetType

from hanse.identity import Access
from hanse.inference import InferenceClient
from hanse.language import contract, routing, service, store, wire
from hanse.language.languages import listed_targets, name, root, v2
from hanse.language.quotas import Quotas
from hanse.language.revising.service import formal_languages
from hanse.language.wire import InvalidParameter
from hanse.language.writing.service import Writing
from hanse.platform.database import Db

GET_BODY_BYTES_MAX: Final = 4 * 1024
NO_LIMIT: Final = 1_000_000_000_000
"""How the contract writes "no limit"."""

_INFORMATION: Final = ["Languages and usage"]


class LanguageV2(Struct):
    """A language as `GET /v2/languages` lists it."""

    language: str
    name: str
    supports_formality: bool | UnsetType = UNSET


class FeatureStatus(Struct):
    """How far a feature is."""

    status: Literal["stable", "beta", "early_access"] = "stable"


class LanguageV3(Struct):
    """A language as `GET /v3/languages` lists it."""

    lang: str
    name: str
    usable_as_source: bool
    usable_as_target: bool
    status: Literal["stable", "beta", "early_access"]
    features: dict[str, FeatureStatus]


class ResourceFeature(Struct):
    """A feature of a resource, and which of a pair's languages must have it."""

    name: str
    needs_source_support: bool = False
    needs_target_support: bool = False


class Resource(Struct):
    """A part of the API with its features."""

    name: str
    features: list[ResourceFeature]


class ProductUsage(Struct):
    """What one product was used for, by this API key and by the whole organisation."""

    product_type: str
    billing_unit: str
    api_key_unit_count: int
    account_unit_count: int
    api_key_character_count: int
    character_count: int


class UsageResponse(Struct):
    """The usage of the current calendar month (UTC)."""

    character_count: int
    character_limit: int
    products: list[ProductUsage]
    api_key_character_count: int
    api_key_character_limit: int
    speech_to_text_milliseconds_count: int
    speech_to_text_milliseconds_limit: int
    speech_to_text_minutes_count: int
    speech_to_text_minutes_limit: int
    start_time: str
    end_time: str


@get(
    "/v2/languages",
    operation_id="listLanguagesV2",
    summary="List languages",
    tags=_INFORMATION,
    responses=contract.errors(413),
    request_max_body_size=GET_BODY_BYTES_MAX,
)
async def list_languages_v2(
    request: Request[Any, Any, Any],
    access: NamedDependency[Access],
    inference: NamedDependency[InferenceClient],
    generation: NamedDependency[InferenceClient | None],
    kind: Annotated[
        str | None,
        QueryParameter(
            name="type",
            description="Which side to list; `source` when left out.",
            schema_extra={"enum": ["source", "target"]},
        ),
    ] = None,
) -> list[LanguageV2]:
    """List the languages that texts can be translated from, or into."""
    access.require("languages:read")
    # The official Python client sends `type` as a form in the body of its GET request.
    if kind is None and request.headers.get("content-type", "").startswith(wire.FORM):
        kind = wire.decode_form(await request.body()).get("type", [None])[0]
    models = await inference.models()
    formal = formal_languages(generation)
    match kind or "source":
        case "source":
            return [LanguageV2(v2(code), name(code)) for code in sorted(routing.sources(models))]
        case "target":
            return [
                LanguageV2(v2(code), name(code), supports_formality=root(code) in formal)
                for code in listed_targets(routing.targets(models))
            ]
    raise InvalidParameter("Value for 'type' not supported.")


@get(
    "/v3/languages",
    operation_id="listLanguages",
    operation_class=contract.ListLanguagesOperation,
    summary="List the languages of a resource",
    tags=_INFORMATION,
    responses=contract.errors(),
)
async def list_languages(
    request: Request[Any, Any, Any],
    access: NamedDependency[Access],
    inference: NamedDependency[InferenceClient],
    generation: NamedDependency[InferenceClient | None],
    writing: NamedDependency[Writing],
    resource: Annotated[
        str | None,
        QueryParameter(description="The part of the API to list languages of."),
    ] = None,
    include: Annotated[
        list[str] | None,
        QueryParameter(
            description="Accepted; this server has nothing in beta and nothing external.",
        ),
    ] = None,
) -> list[LanguageV3]:
    """List languages with what they can be used for. Empty for what is not offered yet."""
    access.require("languages:read")
    if "product" in request.query_params:
        raise InvalidParameter("Parameter 'product' has been renamed to 'resource'.")
    if not resource:
        raise InvalidParameter("Parameter 'resource' not specified.")
    if resource not in contract.RESOURCES:
        raise InvalidParameter("Value for 'resource' not supported.")
    if any(each not in contract.INCLUDES for each in include or ()):
        raise InvalidParameter("Value for 'include' not supported.")
    models = await inference.models()
    sources, targets = routing.sources(models), routing.targets(models)
    if resource in ("translate_text", "translate_document"):
        formal = formal_languages(generation)
        return _languages_v3(sources, set(listed_targets(targets)), "auto_detection", formal=formal)
    if resource == "glossary":
        return _languages_v3(sources, {root(code) for code in targets})
    if resource == "translation_memory":
        return _languages_v3(sources, {root(code) for code in targets})
    if resource == "style_rules":
        return _languages_v3(set(), {root(code) for code in targets})
    if resource == "write":
        return await _writing_languages(writing)
    return []


async def _writing_languages(writing: Writing) -> list[LanguageV3]:
    rephrased = set(await writing.languages("rephrase"))
    corrected = set(await writing.languages("correct"))
    return [
        LanguageV3(
            lang=code,
            name=name(code),
            usable_as_source=code == root(code),
            usable_as_target=True,
            status="stable",
            features={
                feature: FeatureStatus()
                for feature, codes in (
                    ("correct", corrected),
                    ("tone", rephrased),
                    ("writing_style", rephrased),
                )
                if code in codes
            },
        )
        for code in sorted(rephrased | corrected)
    ]


def _languages_v3(
    sources: Set[str],
    targets: Set[str],
    *source_features: str,
    formal: Set[str] = frozenset(),
) -> list[LanguageV3]:
    return [
        LanguageV3(
            lang=code,
            name=name(code),
            usable_as_source=code in sources,
            usable_as_target=code in targets,
            status="stable",
            features={
                **{each: FeatureStatus() for each in source_features if code in sources},
                **(
                    {"formality": FeatureStatus()}
                    if code in targets and root(code) in formal
                    else {}
                ),
            },
        )
        for code in sorted(sources | targets)
    ]


@get(
    "/v3/languages/resources",
    operation_id="listLanguageResources",
    summary="List the resources and their features",
    tags=_INFORMATION,
    responses=contract.errors(),
    sync_to_thread=False,
)
def list_resources(
    access: NamedDependency[Access], generation: NamedDependency[InferenceClient | None]
) -> list[Resource]:
    """List the parts of the API that this server offers, with the features of each."""
    access.require("languages:read")
    detection = ResourceFeature("auto_detection", needs_source_support=True)
    style = ResourceFeature("style_rules", needs_target_support=True)
    memory = ResourceFeature(
        "translation_memory", needs_source_support=True, needs_target_support=True
    )
    glossary = ResourceFeature("glossary", needs_source_support=True, needs_target_support=True)
    formality = ResourceFeature("formality", needs_target_support=True)
    revised = [] if generation is None else [formality]
    return [
        Resource("translate_text", [detection, *revised, glossary, style, memory]),
        Resource("translate_document", [detection, *revised, glossary]),
        Resource("glossary", []),
        Resource("style_rules", []),
        Resource("translation_memory", []),
        Resource(
            "write",
            [
                ResourceFeature(each, needs_target_support=True)
                for each in ("tone", "writing_style")
            ],
        ),
    ]


@get(
    "/v2/usage",
    operation_id="getUsage",
    summary="Show the usage of this month",
    tags=_INFORMATION,
    responses=contract.errors(),
)
async def get_usage(
    access: NamedDependency[Access], db: NamedDependency[Db], quotas: NamedDependency[Quotas]
) -> UsageResponse:
    """Show the characters translated this month; the last moments may not be counted yet."""
    access.require("usage:read")
    async with db.tx(access.organisation_id, access.person_id) as tx:
        usage = await service.usage(tx, access.api_key_id, datetime.now(UTC))
        key_limit = await store.read_key_limit(tx, access.api_key_id) if access.api_key_id else None
    return UsageResponse(
        character_count=usage.organisation_characters,
        character_limit=quotas.organisation_characters_max or NO_LIMIT,
        products=[
            ProductUsage(
                product_type="translate",
                billing_unit="characters",
                api_key_unit_count=usage.key_characters,
                account_unit_count=usage.organisation_characters,
                api_key_character_count=usage.key_characters,
                character_count=usage.organisation_characters,
            )
        ],
        api_key_character_count=usage.key_characters,
        api_key_character_limit=NO_LIMIT if key_limit is None else key_limit,
        speech_to_text_milliseconds_count=0,
        speech_to_text_milliseconds_limit=0,
        speech_to_text_minutes_count=0,
        speech_to_text_minutes_limit=0,
        start_time=_timestamp(usage.start),
        end_time=_timestamp(usage.end),
    )


def _timestamp(moment: datetime) -> str:
    """Write a time as the official clients parse it: with a fraction of a second and an offset."""
    return moment.isoformat(timespec="microseconds")


router: Final = Router(
    "/",
    route_handlers=[list_languages_v2, list_languages, list_resources, get_usage],
)
