"""The names that others may import, as `from hanse.inference import ...`."""

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
from hanse.inference.chat_api import routes as chat_routes
from hanse.inference.client import Ended, InferenceClient
from hanse.inference.embedding import (
    InputTooLong,
    NoEmbeddingModel,
    TextsEmbedded,
    embed,
    embed_texts,
)
from hanse.inference.embedding import examples as event_examples
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
from hanse.inference.host import serve_workers
from hanse.inference.job import Limits, ModelInfo, Output, Result, ServiceClass
from hanse.inference.open_inference_api import is_open_inference, open_inference_error_response
from hanse.inference.open_inference_api import routes as open_inference_routes
from hanse.inference.openai_api import openai_error_response
from hanse.inference.openai_api import routes as openai_routes
from hanse.inference.registry import Locate, Registry, cell_located, located
from hanse.inference.report import written
from hanse.inference.role import Door, Standing, installed_models, serve, serve_generation
from hanse.inference.scored import Scored, Token
from hanse.inference.scored import decode as decode_scored
from hanse.inference.scored import pair as rated_item
from hanse.inference.status_api import routes as status_routes
from hanse.inference.vectors import DEFAULT_MODEL, Purpose, Vector

routes = (*openai_routes, *chat_routes, *open_inference_routes, *status_routes)

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
    "InputTooLong",
    "InvalidItem",
    "ItemFailed",
    "ItemTooLong",
    "Limits",
    "Locate",
    "Message",
    "ModelFailed",
    "ModelInfo",
    "NoEmbeddingModel",
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
    "TextsEmbedded",
    "TlsAddress",
    "TlsFiles",
    "Token",
    "UnixAddress",
    "UnknownModel",
    "Vector",
    "add_model",
    "cell_located",
    "decode_scored",
    "embed",
    "embed_texts",
    "event_examples",
    "installed_models",
    "is_open_inference",
    "located",
    "open_inference_error_response",
    "openai_error_response",
    "parse_address",
    "rated_item",
    "routes",
    "serve",
    "serve_generation",
    "serve_workers",
    "written",
]
