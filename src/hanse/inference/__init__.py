"""Inference: every neural computation of Hanse, as jobs for one scheduler and one fleet of workers.

`serve` runs the scheduler and its worker processes; everybody else holds an `InferenceClient` and
asks it to `run` items through a model, saying how urgent that is and by when. The scheduler decides
item by item; nothing about one organisation's items is ever visible to another. The names to import
from here are those in `face` and `api_face`.
"""

from typing import TYPE_CHECKING

from hanse.platform.faces import lazy_face

if TYPE_CHECKING:
    from hanse.inference.api_face import *  # noqa: F403
    from hanse.inference.face import *  # noqa: F403
else:
    # Worker processes import this package, one a core, and need nothing of its face; the scheduler
    # and the supervisor need nothing of HTTP, which is tens of MB and a second of each start.
    __getattr__ = lazy_face(
        __name__,
        dict.fromkeys(
            (
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
            ),
            "api_face",
        ),
        rest="face",
    )
