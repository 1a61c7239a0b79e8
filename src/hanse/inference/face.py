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
    UnknownModel,
)
from hanse.inference.fetch import FetchFailed, NoSuchPair, add_model
from hanse.inference.host import serve_workers
from hanse.inference.job import Limits, ModelInfo, ServiceClass
from hanse.inference.registry import Locate, Registry, cell_located, located
from hanse.inference.report import written
from hanse.inference.role import Door, Standing, installed_models, serve, serve_generation

__all__ = [
    "Address",
    "AddressError",
    "CellsClient",
    "DeadlineExceeded",
    "Door",
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
    "NoSuchPair",
    "OrganisationOverloaded",
    "Outcome",
    "Overloaded",
    "Prompt",
    "Registry",
    "RequestTooLarge",
    "Role",
    "ServiceClass",
    "Standing",
    "TlsAddress",
    "TlsFiles",
    "UnixAddress",
    "UnknownModel",
    "add_model",
    "cell_located",
    "installed_models",
    "located",
    "parse_address",
    "serve",
    "serve_generation",
    "serve_workers",
    "written",
]
