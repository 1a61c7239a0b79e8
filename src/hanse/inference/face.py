"""The names that others may import, as `from hanse.inference import ...`."""

from hanse.inference.client import InferenceClient
from hanse.inference.embedding import (
    InputTooLong,
    NoEmbeddingModel,
    TextsEmbedded,
    embed,
    embed_texts,
)
from hanse.inference.engines.generation import Message, Prompt
from hanse.inference.errors import (
    DeadlineExceeded,
    InferenceUnavailable,
    InvalidItem,
    ItemFailed,
    ItemTooLong,
    ModelFailed,
    OrganisationOverloaded,
    Outcome,
    Overloaded,
    RequestTooLarge,
    TextOutcome,
    UnknownModel,
)
from hanse.inference.fetch import FetchFailed, NoSuchPair, add_model
from hanse.inference.job import Limits, ModelInfo, Result, ServiceClass
from hanse.inference.openai_api import openai_error_response, routes
from hanse.inference.report import written
from hanse.inference.role import installed_models, serve, serve_generation
from hanse.inference.vectors import DEFAULT_MODEL, Purpose, Vector

__all__ = [
    "DEFAULT_MODEL",
    "DeadlineExceeded",
    "FetchFailed",
    "InferenceClient",
    "InferenceUnavailable",
    "InputTooLong",
    "InvalidItem",
    "ItemFailed",
    "ItemTooLong",
    "Limits",
    "Message",
    "ModelFailed",
    "ModelInfo",
    "NoEmbeddingModel",
    "NoSuchPair",
    "OrganisationOverloaded",
    "Outcome",
    "Overloaded",
    "Prompt",
    "Purpose",
    "RequestTooLarge",
    "Result",
    "ServiceClass",
    "TextOutcome",
    "TextsEmbedded",
    "UnknownModel",
    "Vector",
    "add_model",
    "embed",
    "embed_texts",
    "installed_models",
    "openai_error_response",
    "routes",
    "serve",
    "serve_generation",
    "written",
]
