"""The names that others may import, as `from hanse.inference import ...`."""

from hanse.inference.client import InferenceClient
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
from hanse.inference.job import Limits, ModelInfo, Output, Result, ServiceClass
from hanse.inference.report import written
from hanse.inference.role import installed_models, serve, serve_generation
from hanse.inference.scored import Scored, Token
from hanse.inference.scored import decode as decode_scored
from hanse.inference.scored import pair as rated_item

__all__ = [
    "DeadlineExceeded",
    "FetchFailed",
    "InferenceClient",
    "InferenceUnavailable",
    "InvalidItem",
    "ItemFailed",
    "ItemTooLong",
    "Limits",
    "Message",
    "ModelFailed",
    "ModelInfo",
    "NoSuchPair",
    "OrganisationOverloaded",
    "Outcome",
    "Output",
    "Overloaded",
    "Prompt",
    "RequestTooLarge",
    "Result",
    "Scored",
    "ServiceClass",
    "TextOutcome",
    "Token",
    "UnknownModel",
    "add_model",
    "decode_scored",
    "installed_models",
    "rated_item",
    "serve",
    "serve_generation",
    "written",
]
