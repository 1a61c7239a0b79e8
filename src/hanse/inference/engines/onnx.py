"""Any ONNX model that an operator registers, through ONNX Runtime: tensors in, tensors out.

A model is a folder with `model.onnx` and `model.json`, a `ModelOptions`. An item is the JSON of a
`Query`, its result the JSON of a `Reply` (see `tensors`): what is wrong with what a caller sent is
a reply, too, so that it is told with all particulars. Each item is computed alone.
"""

from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from hanse.inference.engines import LoadedModel
from hanse.inference.job import CostPrior, ModelSpec, Traits
from hanse.inference.messages import ItemError
from hanse.inference.tensors import (
    INFER,
    InvalidTensor,
    Query,
    Reply,
    Signature,
    Tensor,
    TensorInfo,
    check_fits,
    flat,
)

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

TASK: Final = INFER
MODEL_FILE: Final = "model.onnx"
OPTIONS_FILE: Final = "model.json"
ITEM_CHARS_MAX: Final = 2_000_000
VALUES_MAX: Final = 1_000_000
"""The bound of the limits that an operator may set: JSON of so many values fits into a frame."""

_DETAIL_CHARS_MAX: Final = 300
_TYPES: Final = {
    "tensor(bool)": ("BOOL", "bool"),
    "tensor(string)": ("BYTES", "object"),
    "tensor(float16)": ("FP16", "float16"),
    "tensor(float)": ("FP32", "float32"),
    "tensor(double)": ("FP64", "float64"),
    **{
        f"tensor({sign}int{bits})": (f"{sign.upper()}INT{bits}", f"{sign}int{bits}")
        for sign in ("", "u")
        for bits in (8, 16, 32, 64)
    },
}
"""Datatype and NumPy type for each type of ONNX Runtime."""
_DTYPES: Final = dict(_TYPES.values())

Values = Annotated[int, Meta(ge=1, le=VALUES_MAX)]


class ModelOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an operator says about a model.

    A request may have `input_values_max` values in all of its tensors together, and get
    `output_values_max`: how much memory the graph takes for them, only the operator knows.
    """

    task: Literal["infer"] = INFER
    input_values_max: Values
    output_values_max: Values = VALUES_MAX


class Onnx:
    """The engine `onnx`."""

    name = "onnx"
    version = "1"
    traits = Traits(
        batch_items_max=1,
        pads=False,
        prior=CostPrior(fixed_s=0.002, item_s=0.003, char_s=0.000002),
        item_chars_max=ITEM_CHARS_MAX,
    )

    def load(self, model: ModelSpec) -> LoadedModel:
        """Load the model in `model.directory`. Raises ValueError if it reads other than tensors."""
        if model.directory is None:
            raise ValueError("The model has no files.")
        return _Model(Path(model.directory))


def read_options(folder: Path) -> ModelOptions:
    """Return the options of a model's folder. Raises OSError or ValueError."""
    return msgspec.json.decode((folder / OPTIONS_FILE).read_bytes(), type=ModelOptions)


class _Model:
    def __init__(self, folder: Path) -> None:
        from hanse.inference.engines.sessions import open_session

        self._options = read_options(folder)
        self._session = open_session(folder / MODEL_FILE)
        self._signature = _signature(self._session)

    def run(self, items: Sequence[str]) -> list[bytes | ItemError]:
        return [msgspec.json.encode(self._reply(item)) for item in items]

    def _reply(self, item: str) -> Reply:
        query = msgspec.json.decode(item, type=Query)
        if query.inputs is None:
            return Reply(signature=self._signature)
        try:
            return Reply(outputs=self._computed(query.inputs, query.outputs))
        except InvalidTensor as error:
            return Reply(error=str(error))

    def _computed(self, inputs: list[Tensor], wanted: list[str]) -> list[Tensor]:
        known = {each.name: each for each in self._signature.outputs}
        for name in wanted:
            if name not in known:
                raise InvalidTensor(f"There is no output '{name}'; there are {_listed(known)}.")
        names = list(dict.fromkeys(wanted)) or list(known)
        found = self._run(names, self._feeds(inputs))
        total = sum(each.size for each in found)
        if total > self._options.output_values_max:
            raise InvalidTensor(
                f"The outputs have {total} values; this model may give "
                f"{self._options.output_values_max}. Ask for fewer outputs, or send smaller inputs."
            )
        return [
            Tensor(name, list(each.shape), known[name].datatype, each.ravel().tolist())
            for name, each in zip(names, found, strict=True)
        ]

    def _feeds(self, inputs: list[Tensor]) -> dict[str, Any]:
        limit = self._options.input_values_max
        total = sum(prod(each.shape) for each in inputs)
        if total > limit:
            raise InvalidTensor(f"The inputs have {total} values; this model takes {limit}.")
        wanted = {each.name: each for each in self._signature.inputs}
        feeds: dict[str, Any] = {}
        for tensor in inputs:
            if tensor.name not in wanted:
                raise InvalidTensor(
                    f"There is no input '{tensor.name}'; there are {_listed(wanted)}."
                )
            if tensor.name in feeds:
                raise InvalidTensor(f"Input '{tensor.name}' is there twice.")
            check_fits(tensor, wanted[tensor.name])
            feeds[tensor.name] = _array(tensor)
        missing = [name for name in wanted if name not in feeds]
        if missing:
            raise InvalidTensor(f"Input '{missing[0]}' is missing.")
        return feeds

    def _run(self, names: list[str], feeds: dict[str, Any]) -> list[Any]:
        from onnxruntime.capi import onnxruntime_pybind11_state as runtime

        # Shapes that do not fit each other, or an index beyond a table: only the graph knows.
        refused = (runtime.InvalidArgument, runtime.Fail, runtime.RuntimeException)
        try:
            return list(self._session.run(names, feeds))
        except refused as error:
            reason = str(error).rpartition("Status Message: ")[2][:_DETAIL_CHARS_MAX]
            raise InvalidTensor(f"The model cannot compute these inputs: {reason}") from error


def _array(tensor: Tensor) -> Any:
    import numpy as np

    values = flat(tensor)
    dtype = np.dtype(_DTYPES[tensor.datatype])
    if dtype.kind in "iu" and values:
        bounds = np.iinfo(dtype)
        if min(values) < bounds.min or max(values) > bounds.max:
            raise InvalidTensor(f"Input '{tensor.name}' has a value beyond {tensor.datatype}.")
    with np.errstate(over="ignore"):
        array = np.array(values, dtype).reshape(tensor.shape)
    if dtype.kind == "f" and not np.isfinite(array).all():
        raise InvalidTensor(f"Input '{tensor.name}' has a value beyond {tensor.datatype}.")
    return array


def _listed(names: dict[str, TensorInfo]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _signature(session: "InferenceSession") -> Signature:
    inputs, outputs = session.get_inputs(), session.get_outputs()
    strange = [each.name for each in inputs if each.type not in _TYPES]
    # Classifiers of scikit-learn give maps beside tensors: those cannot be asked for.
    given = [each for each in outputs if each.type in _TYPES]
    if strange or not given:
        raise ValueError("The model reads or gives other than tensors.")
    return Signature([_info(each) for each in inputs], [_info(each) for each in given])


def _info(about: Any) -> TensorInfo:
    shape = [length if isinstance(length, int) else -1 for length in about.shape]
    return TensorInfo(about.name, _TYPES[about.type][0], shape)


engine = Onnx()
