"""The wire of the Open Inference Protocol v2 (KServe's HTTP/REST), for registered ONNX models.

Tensors travel as JSON; the extension for binary ones is not served and refused where it is asked
for. A model has one version, which is the start of the hash of its files.
"""

from importlib.metadata import version
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import HeaderParameter, PathParameter
from msgspec import Meta, Struct, field

from hanse.identity import Access
from hanse.inference.client import InferenceClient
from hanse.inference.engines import onnx
from hanse.inference.errors import InferenceUnavailable, ItemFailed
from hanse.inference.job import ModelInfo, ServiceClass
from hanse.inference.tensors import (
    NAME_CHARS_MAX,
    TENSORS_MAX,
    Name,
    Query,
    Reply,
    Tensor,
    TensorInfo,
    read_reply,
    written,
)
from hanse.platform.http import answer_headers, as_problem
from hanse.platform.problems import BadRequest, NotFound, Problem

BODY_BYTES_MAX: Final = 4 * 1024 * 1024
PATHS: Final = ("/v2/models/", "/v2/health/")
DEADLINE_S: Final = 30.0
VERSION_CHARS: Final = 12
PERMISSION: Final = "models:infer"

_TAGS: Final = ["Registered models"]
_BINARY_HEADER: Final = "inference-header-content-length"
_BINARY: Final = frozenset({"binary_data", "binary_data_size", "binary_data_output"})


class ModelMissing(NotFound):
    """No registered model has this name, or not in this version."""

    code = "model_not_found"
    title = "Unknown model"


class InvalidTensors(BadRequest):
    """The tensors of a request are not what they say, or not what the model takes."""

    code = "invalid_tensors"
    title = "Invalid tensors"


class ProtocolError(Struct):
    """What went wrong, as the protocol says it."""

    error: str


def is_open_inference(path: str) -> bool:
    """Say whether a path belongs to this protocol; all others under `/v2` are DeepL's."""
    return path == "/v2" or path.startswith(PATHS)


def open_inference_error_response(
    _request: Request[Any, Any, Any], error: Exception
) -> Response[ProtocolError]:
    """Render any exception in the protocol's form."""
    problem = as_problem(error)
    message = problem.detail
    for invalid in problem.facts.get("errors") or ():
        message += f" {invalid.get('key')}: {invalid.get('message')}."
    status = 401 if problem.code == "wrong_credentials" else problem.status
    return Response(ProtocolError(message), status_code=status, headers=answer_headers(problem))


def _errors(*statuses: int) -> dict[int, ResponseSpec]:
    return {
        status: ResponseSpec(
            data_container=ProtocolError,
            description="In the protocol's form.",
            generate_examples=False,
        )
        for status in (400, 401, 403, 429, 500, 503, *statuses)
    }


class ServerMetadata(Struct):
    """What this server is."""

    name: str
    version: str
    extensions: list[str]


class ServerLive(Struct):
    """This process answers."""

    live: bool


class ServerReady(Struct):
    """Whether inference can be asked."""

    ready: bool


class ModelReady(Struct):
    """Whether a model can be asked for."""

    name: str
    ready: bool


class ModelMetadata(Struct):
    """A model and its tensors; -1 is a dimension of any length."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorInfo]
    outputs: list[TensorInfo]


class InputTensor(Tensor, frozen=True, kw_only=True):
    """A tensor of a request."""

    parameters: dict[str, Any] = field(default_factory=dict)


class WantedOutput(Struct, frozen=True):
    """An output that is wanted."""

    name: Name
    parameters: dict[str, Any] = field(default_factory=dict)


class InferRequest(Struct, frozen=True, kw_only=True):
    """Tensors to compute. Without `outputs`, all outputs are given."""

    id: Annotated[str, Meta(max_length=NAME_CHARS_MAX)] | None = None
    inputs: Annotated[list[InputTensor], Meta(min_length=1, max_length=TENSORS_MAX)]
    outputs: Annotated[list[WantedOutput], Meta(max_length=TENSORS_MAX)] = field(
        default_factory=list
    )
    parameters: dict[str, Any] = field(default_factory=dict)


class InferResponse(Struct, omit_defaults=True):
    """The outputs, with their values in row-major order."""

    model_name: str
    model_version: str
    outputs: list[Tensor]
    id: str | None = None


ModelName = Annotated[str, PathParameter(max_length=NAME_CHARS_MAX)]
Inference = NamedDependency[InferenceClient]
Caller = NamedDependency[Access]


@get(
    "/v2",
    operation_id="serverMetadata",
    summary="Which server is this",
    tags=_TAGS,
    responses=_errors(),
)
async def server_metadata(access: Caller) -> ServerMetadata:
    """Say which server this is."""
    access.require(PERMISSION)
    return ServerMetadata("hanse", version("hanse"), [])


@get(
    "/v2/health/live",
    operation_id="serverLive",
    summary="Is this process alive",
    tags=_TAGS,
    security=[{}],
)
async def server_live() -> ServerLive:
    """Answer as long as this process serves requests at all. Needs no key."""
    return ServerLive(True)


@get(
    "/v2/health/ready",
    operation_id="serverReady",
    summary="Can inference be asked",
    tags=_TAGS,
    security=[{}],
)
async def server_ready(inference: Inference) -> Response[ServerReady]:
    """Answer 200 if inference can be reached, else 503. Needs no key."""
    try:
        await inference.status()
    except InferenceUnavailable:
        return Response(ServerReady(False), status_code=503, headers={"Retry-After": "1"})
    return Response(ServerReady(True))


@get(
    ["/v2/models/{name:str}", "/v2/models/{name:str}/versions/{number:str}"],
    summary="Which tensors a model reads and gives",
    tags=_TAGS,
    responses=_errors(404),
)
async def model_metadata(
    name: ModelName, access: Caller, inference: Inference, number: str | None = None
) -> ModelMetadata:
    """Say what a model reads and gives, as its file says. This may load it."""
    access.require(PERMISSION)
    model = await _found(inference, name, number)
    reply = await _asked(inference, access, model, Query(), ServiceClass.INTERACTIVE)
    if reply.signature is None:
        raise ItemFailed("The model's answer is no signature.")
    return ModelMetadata(
        name=model.name,
        versions=[_version(model)],
        platform="onnxruntime_onnx",
        inputs=reply.signature.inputs,
        outputs=reply.signature.outputs,
    )


@get(
    ["/v2/models/{name:str}/ready", "/v2/models/{name:str}/versions/{number:str}/ready"],
    summary="Can a model be asked for",
    tags=_TAGS,
    responses=_errors(404),
)
async def model_ready(
    name: ModelName, access: Caller, inference: Inference, number: str | None = None
) -> ModelReady:
    """Say that a model can be asked for. A worker loads it with the first request."""
    access.require(PERMISSION)
    model = await _found(inference, name, number)
    return ModelReady(model.name, True)


@post(
    ["/v2/models/{name:str}/infer", "/v2/models/{name:str}/versions/{number:str}/infer"],
    status_code=200,
    summary="Compute tensors by a model",
    tags=_TAGS,
    responses=_errors(404, 413),
    request_max_body_size=BODY_BYTES_MAX,
)
async def infer(
    data: InferRequest,
    name: ModelName,
    request: Request[Any, Any, Any],
    access: Caller,
    inference: Inference,
    number: str | None = None,
    urgency: Annotated[
        ServiceClass | None,
        HeaderParameter(name="X-Hanse-Service-Class", description="How urgent it is."),
    ] = None,
) -> InferResponse:
    """Return the outputs of a model for these inputs. The tensors are kept nowhere."""
    access.require(PERMISSION)
    _refuse_binary(request, data)
    model = await _found(inference, name, number)
    query = Query(
        [Tensor(each.name, each.shape, each.datatype, each.data) for each in data.inputs],
        [each.name for each in data.outputs],
    )
    reply = await _asked(inference, access, model, query, urgency or ServiceClass.INTERACTIVE)
    if reply.outputs is None:
        raise ItemFailed("The model's answer is no tensor.")
    return InferResponse(model.name, _version(model), reply.outputs, data.id)


def _refuse_binary(request: Request[Any, Any, Any], data: InferRequest) -> None:
    asked = [
        data.parameters,
        *(each.parameters for each in data.inputs),
        *(each.parameters for each in data.outputs),
    ]
    wanted = any(each.get(name) for each in asked for name in _BINARY)
    if wanted or _BINARY_HEADER in request.headers:
        raise InvalidTensors("Binary tensors are not served here; send and ask for JSON.")


def _version(model: ModelInfo) -> str:
    return model.hash[:VERSION_CHARS]


async def _found(inference: InferenceClient, name: str, number: str | None) -> ModelInfo:
    for model in await inference.models():
        if model.name == name and model.engine == onnx.engine.name:
            if number not in (None, _version(model)):
                raise ModelMissing(
                    f"The model '{name}' has the version {_version(model)}, not '{number}'."
                )
            return model
    raise ModelMissing(f"No model '{name}' is registered.")


async def _asked(
    inference: InferenceClient,
    access: Access,
    model: ModelInfo,
    query: Query,
    service_class: ServiceClass,
) -> Reply:
    try:
        item = written(query)
    except UnicodeEncodeError as error:
        raise InvalidTensors("A text has half a surrogate pair.") from error
    [outcome] = await inference.compute(
        organisation_id=access.organisation_id,
        model=model.name,
        items=[item],
        service_class=service_class,
        deadline_s=DEADLINE_S,
    )
    if isinstance(outcome, Problem):
        raise outcome
    if isinstance(outcome, str):
        raise ItemFailed("The model's answer is no tensor.")
    try:
        reply = read_reply(outcome)
    except msgspec.MsgspecError as error:
        raise ItemFailed("The model's answer is no tensor.") from error
    if reply.error:
        raise InvalidTensors(reply.error)
    return reply


routes: Final = (
    Router(
        "/",
        route_handlers=[
            server_metadata,
            server_live,
            server_ready,
            model_metadata,
            model_ready,
            infer,
        ],
    ),
)
