"""Tensors in JSON, as the Open Inference Protocol v2 has them, and what a model says about its own.

This module is imported by worker processes: it stays free of everything but msgspec.
"""

from itertools import chain
from math import prod
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct, field

INFER: Final = "infer"
"""The task of models that read and give tensors."""

DIMENSIONS_MAX: Final = 8
TENSORS_MAX: Final = 64
NAME_CHARS_MAX: Final = 200

_WHOLE: Final = frozenset({int})
_NUMBER: Final = frozenset({int, float})
_KINDS: Final[dict[str, frozenset[type]]] = {
    "BOOL": frozenset({bool}),
    "BYTES": frozenset({str}),
    **{f"{sign}INT{bits}": _WHOLE for sign in ("", "U") for bits in (8, 16, 32, 64)},
    **{f"FP{bits}": _NUMBER for bits in (16, 32, 64)},
}
"""What JSON may hold for each datatype. BYTES are texts."""

Name = Annotated[str, Meta(min_length=1, max_length=NAME_CHARS_MAX)]
Shape = Annotated[list[Annotated[int, Meta(ge=0)]], Meta(max_length=DIMENSIONS_MAX)]


class InvalidTensor(ValueError):
    """A tensor is not what it says, or not what its model takes; the message says why."""


class Tensor(Struct, frozen=True):
    """One tensor: its values in row-major order, flat or nested as `shape` has it."""

    name: Name
    shape: Shape
    datatype: Annotated[str, Meta(max_length=16)]
    data: list[Any]


class TensorInfo(Struct, frozen=True):
    """What a model says about one of its tensors; -1 is a dimension of any length."""

    name: str
    datatype: str
    shape: list[int]


class Signature(Struct, frozen=True):
    """The tensors that a model reads and gives."""

    inputs: list[TensorInfo]
    outputs: list[TensorInfo]


class Query(Struct, frozen=True, omit_defaults=True):
    """An item: tensors to compute, or, without any, a question for the signature.

    `outputs` are the names of those that are wanted; none means all.
    """

    inputs: list[Tensor] | None = None
    outputs: list[str] = field(default_factory=list)


class Reply(Struct, frozen=True, omit_defaults=True):
    """A result: the tensors or the signature, or what is wrong with what was sent."""

    outputs: list[Tensor] | None = None
    signature: Signature | None = None
    error: str = ""


def written(query: Query) -> str:
    """Return a query as the item of a job. Raises UnicodeEncodeError for half a surrogate pair."""
    return msgspec.json.encode(query).decode()


def read_reply(result: bytes) -> Reply:
    """Return the reply that a result holds. Raises msgspec.MsgspecError for any other bytes."""
    return msgspec.json.decode(result, type=Reply)


def flat(tensor: Tensor) -> list[Any]:
    """Return the values of a tensor, once they are those of its shape and datatype.

    Raises InvalidTensor.
    """
    kinds = _KINDS.get(tensor.datatype)
    if kinds is None:
        raise InvalidTensor(
            f"Input '{tensor.name}': there is no datatype '{tensor.datatype}' here; there are "
            f"{', '.join(_KINDS)}."
        )
    values = tensor.data
    if any(type(value) is list for value in values):
        values = _flattened(tensor)
    if len(values) != prod(tensor.shape):
        raise InvalidTensor(
            f"Input '{tensor.name}' has {len(values)} values; its shape {tensor.shape} has "
            f"{prod(tensor.shape)}."
        )
    if not kinds.issuperset(map(type, values)):
        wrong = next(place for place, value in enumerate(values) if type(value) not in kinds)
        raise InvalidTensor(f"Input '{tensor.name}': value {wrong} is no {tensor.datatype}.")
    return values


def _flattened(tensor: Tensor) -> list[Any]:
    level, width = tensor.data, len(tensor.data)
    for depth, length in enumerate(tensor.shape):
        if depth:
            if any(type(part) is not list or len(part) != length for part in level):
                raise _nested_otherwise(tensor)
            level = list(chain.from_iterable(level))
        elif width != length:
            raise _nested_otherwise(tensor)
    return level


def _nested_otherwise(tensor: Tensor) -> InvalidTensor:
    return InvalidTensor(
        f"Input '{tensor.name}': its data are not nested as its shape {tensor.shape} says."
    )


def check_fits(tensor: Tensor, wanted: TensorInfo) -> None:
    """Raise InvalidTensor unless a tensor has the datatype and shape that its model takes."""
    if tensor.datatype != wanted.datatype:
        raise InvalidTensor(
            f"Input '{tensor.name}' is {tensor.datatype}; the model takes {wanted.datatype}."
        )
    fits = len(tensor.shape) == len(wanted.shape) and all(
        want in (-1, given) for given, want in zip(tensor.shape, wanted.shape, strict=True)
    )
    if not fits:
        raise InvalidTensor(
            f"Input '{tensor.name}' has the shape {tensor.shape}; the model takes {wanted.shape}, "
            "where -1 is any length."
        )
