"""The names that others may import, but those in `api_face`."""

from hanse.inference.addresses import (
    Address,
    AddressError,
    Role,
    TlsAddress,
    TlsFiles,
    UnixAddress,
    parse_address,
)
from hanse.inference.cells_client import CellsClient
from hanse.inference.client import Ended, InferenceClient
from hanse.inference.engines.generation import Message, Prompt
from hanse.inference.errors import (
    DeadlineExceeded,
    InferenceUnavailable,
    InvalidItem,
    ItemFailed,
    ItemTooLong,
    ModelFailed,
    ModelTooLarge,
    OrganisationOverloaded,
    Outcome,
    Overloaded,
    RequestTooLarge,
    TextOutcome,
    UnknownModel,
)
from hanse.inference.fetch import FetchFailed, NoSuchPair, add_model
from hanse.inference.host import serve_workers
from hanse.inference.job import Limits, ModelInfo, Output, Result, ServiceClass
from hanse.inference.registry import Locate, Registry, cell_located, located
from hanse.inference.report import written
from hanse.inference.role import Door, Standing, installed_models, serve, serve_generation
from hanse.inference.scored import Scored, Token
from hanse.inference.scored import decode as decode_scored
from hanse.inference.scored import pair as rated_item
from hanse.inference.vectors import DEFAULT_MODEL, Purpose, Vector

__all__ = [
    "DEFAULT_MODEL",
    "Address",
    "AddressError",
    "CellsClient",
    "DeadlineExceeded",
    "Door",
    "Ended",
    "FetchFailed",
    "InferenceClient",
    "InferenceUnavailable",
    "InvalidItem",
    "ItemFailed",
    "ItemTooLong",
    "Limits",
    "Locate",
    "Message",
    "ModelFailed",
    "ModelInfo",
    "ModelTooLarge",
    "NoSuchPair",
    "OrganisationOverloaded",
    "Outcome",
    "Output",
    "Overloaded",
    "Prompt",
    "Purpose",
    "Registry",
    "RequestTooLarge",
    "Result",
    "Role",
    "Scored",
    "ServiceClass",
    "Standing",
    "TextOutcome",
    "TlsAddress",
    "TlsFiles",
    "Token",
    "UnixAddress",
    "UnknownModel",
    "Vector",
    "add_model",
    "cell_located",
    "decode_scored",
    "installed_models",
    "located",
    "parse_address",
    "rated_item",
    "serve",
    "serve_generation",
    "serve_workers",
    "written",
]
