"""The names that others may import and that speak HTTP, or know who asks."""

from hanse.inference.chat_api import routes as chat_routes
from hanse.inference.embedding import (
    InputTooLong,
    NoEmbeddingModel,
    TextsEmbedded,
    embed,
    embed_texts,
)
from hanse.inference.embedding import examples as event_examples
from hanse.inference.open_inference_api import is_open_inference, open_inference_error_response
from hanse.inference.open_inference_api import routes as open_inference_routes
from hanse.inference.openai_api import openai_error_response
from hanse.inference.openai_api import routes as openai_routes
from hanse.inference.status_api import routes as status_routes

routes = (*openai_routes, *chat_routes, *open_inference_routes, *status_routes)

__all__ = [
    "InputTooLong",
    "NoEmbeddingModel",
    "TextsEmbedded",
    "embed",
    "embed_texts",
    "event_examples",
    "is_open_inference",
    "open_inference_error_response",
    "openai_error_response",
    "routes",
]
