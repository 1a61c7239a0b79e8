"""The wire of OpenAI's API for vectors: `/v1/embeddings` and `/v1/models`. Routes only.

Where the contract has a field that Hanse does not serve, the request is refused; fields that Hanse
does not know are ignored. `input_type`, an addition, says what the vectors are for.
"""

import base64
from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import HeaderParameter
from msgspec import Meta, Struct

from hanse.identity import Access
from hanse.inference.client import InferenceClient
from hanse.inference.embedding import TEXTS_MAX, embed, embed_texts
from hanse.inference.errors import UnknownModel
from hanse.inference.job import ServiceClass
from hanse.inference.vectors import DEFAULT_MODEL, EMBED, Purpose, Vector
from hanse.platform.database import Db
from hanse.platform.http import answer_headers, as_problem
from hanse.platform.problems import BadRequest, NotFound

BODY_BYTES_MAX: Final = 2 * 1024 * 1024

_TAGS: Final = ["Vectors"]


class InvalidInput(BadRequest):
    """A field of the request cannot be served."""

    code = "invalid_value"
    title = "Invalid value"


class ModelNotFound(NotFound):
    """No model has this name."""

    code = "model_not_found"
    title = "Unknown model"


class OpenAIErrorDetail(Struct):
    """What went wrong, as OpenAI says it."""

    message: str
    type: str
    param: str | None
    code: str | None


class OpenAIError(Struct):
    """An error in OpenAI's form."""

    error: OpenAIErrorDetail


_TYPES: Final = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}


def openai_error_response(_request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Render any exception in OpenAI's form."""
    problem = as_problem(error)
    # Clients of OpenAI know a wrong key by 401.
    status = 401 if problem.code == "wrong_credentials" else problem.status
    message = problem.detail
    for invalid in problem.facts.get("errors") or ():
        message += f" {invalid.get('key')}: {invalid.get('message')}."
    kind = "server_error" if status >= 500 else _TYPES.get(status, "invalid_request_error")
    body = OpenAIError(OpenAIErrorDetail(message, kind, problem.facts.get("param"), problem.code))
    return Response(body, status_code=status, headers=answer_headers(problem))


def errors(*statuses: int) -> dict[int, ResponseSpec]:
    """Describe the errors of a route."""
    return {
        status: ResponseSpec(
            data_container=OpenAIError, description="In OpenAI's form.", generate_examples=False
        )
        for status in (400, 401, 403, 429, 500, 503, *statuses)
    }


class EmbeddingsRequest(Struct):
    """Texts to make vectors of. `input_type` says whether they are searched or searched for."""

    input: str | Annotated[list[str | int | list[int]], Meta(min_length=1, max_length=TEXTS_MAX)]
    model: Annotated[str, Meta(max_length=200)] = DEFAULT_MODEL
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: Annotated[int, Meta(ge=1)] | None = None
    input_type: Purpose = Purpose.PASSAGE


class EmbeddingEntry(Struct):
    """The vector of one text: numbers, or their little-endian float32 bytes in base64."""

    index: int
    embedding: list[float] | str
    object: Literal["embedding"] = "embedding"


class EmbeddingsUsage(Struct):
    """The tokens of all texts, with those that the model adds."""

    prompt_tokens: int
    total_tokens: int


class EmbeddingsResponse(Struct):
    """The vectors, in the order of the texts."""

    data: list[EmbeddingEntry]
    model: str
    usage: EmbeddingsUsage
    object: Literal["list"] = "list"


class ModelEntry(Struct):
    """A model that can be asked for; `task` and `ready`, whether a worker has it, are additions."""

    id: str
    task: str
    ready: bool
    created: int = 0
    owned_by: str = "hanse"
    object: Literal["model"] = "model"


class ModelList(Struct):
    """The models that can be asked for."""

    data: list[ModelEntry]
    object: Literal["list"] = "list"


@post(
    "/v1/embeddings",
    status_code=200,
    operation_id="createEmbeddings",
    summary="Make vectors of texts",
    tags=_TAGS,
    responses=errors(413, 501),
    request_max_body_size=BODY_BYTES_MAX,
)
async def create_embeddings(
    data: EmbeddingsRequest,
    access: NamedDependency[Access],
    db: NamedDependency[Db],
    inference: NamedDependency[InferenceClient],
    urgency: Annotated[
        ServiceClass | None,
        HeaderParameter(
            name="X-Hanse-Service-Class",
            description="How urgent it is; by default `interactive` for up to 16 texts, else "
            "`bulk`.",
        ),
    ] = None,
) -> EmbeddingsResponse:
    """Return a vector for each text, as OpenAI's API does. The texts are kept nowhere."""
    access.require("embeddings")
    texts = _texts(data.input)
    try:
        made = await embed(
            inference,
            db,
            access,
            texts,
            model=data.model,
            purpose=data.input_type,
            service_class=urgency,
        )
    except UnknownModel as error:
        raise ModelNotFound(error.detail, param="model") from None
    if data.dimensions not in (None, made.vectors[0].dimensions):
        raise InvalidInput(
            f"The vectors of '{made.model}' have {made.vectors[0].dimensions} dimensions, and "
            "lose their meaning when they are cut.",
            param="dimensions",
        )
    return EmbeddingsResponse(
        data=[
            EmbeddingEntry(index, _written(vector, data.encoding_format))
            for index, vector in enumerate(made.vectors)
        ],
        model=made.model,
        usage=EmbeddingsUsage(made.tokens, made.tokens),
    )


def _texts(given: str | list[str | int | list[int]]) -> Sequence[str]:
    texts = [given] if isinstance(given, str) else given
    found = [text for text in texts if isinstance(text, str)]
    if len(found) != len(texts):
        raise InvalidInput(
            "'input' has token ids; they mean nothing to this model. Send texts.", param="input"
        )
    return embed_texts(found)


def _written(vector: Vector, encoding: str) -> list[float] | str:
    if encoding == "base64":
        return base64.b64encode(vector.data).decode()
    return vector.numbers()


@get(
    "/v1/models",
    operation_id="listModels",
    summary="List the models for vectors",
    tags=_TAGS,
    responses=errors(),
)
async def list_models(
    access: NamedDependency[Access], inference: NamedDependency[InferenceClient]
) -> ModelList:
    """List the models that `/v1/embeddings` serves."""
    access.require("embeddings")
    ready = inference.ready_models()
    return ModelList(
        [
            ModelEntry(model.name, model.task, model.name in ready)
            for model in await inference.models()
            if model.task == EMBED
        ]
    )


routes: Final = (Router("/", route_handlers=[create_embeddings, list_models]),)
