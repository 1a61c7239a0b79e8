"""The part of ONNX's file format that our graphs need, as protobuf messages.

The package `onnx` would bring 20 MB for writing a few kinds of nodes. Field numbers are those of
onnx.proto (ONNX IR version 8), which may never change.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

IR_VERSION = 8
OPSETS = {"": 17, "com.microsoft": 1}

_TYPES = descriptor_pb2.FieldDescriptorProto
_KINDS = {
    "int": _TYPES.TYPE_INT64,
    "float": _TYPES.TYPE_FLOAT,
    "string": _TYPES.TYPE_STRING,
    "bytes": _TYPES.TYPE_BYTES,
}
# name: number, kind (a star: repeated)
_MESSAGES: dict[str, dict[str, tuple[int, str]]] = {
    "OperatorSetId": {"domain": (1, "string"), "version": (2, "int")},
    "Dimension": {"dim_value": (1, "int"), "dim_param": (2, "string")},
    "Shape": {"dim": (1, "Dimension*")},
    "TensorType": {"elem_type": (1, "int"), "shape": (2, "Shape")},
    "Type": {"tensor_type": (1, "TensorType")},
    "ValueInfo": {"name": (1, "string"), "type": (2, "Type")},
    "Tensor": {
        "dims": (1, "int*"),
        "data_type": (2, "int"),
        "name": (8, "string"),
        "raw_data": (9, "bytes"),
    },
    "Attribute": {
        "name": (1, "string"),
        "f": (2, "float"),
        "i": (3, "int"),
        "ints": (8, "int*"),
        "type": (20, "int"),
    },
    "Node": {
        "input": (1, "string*"),
        "output": (2, "string*"),
        "op_type": (4, "string"),
        "attribute": (5, "Attribute*"),
        "domain": (7, "string"),
    },
    "Graph": {
        "node": (1, "Node*"),
        "name": (2, "string"),
        "initializer": (5, "Tensor*"),
        "input": (11, "ValueInfo*"),
        "output": (12, "ValueInfo*"),
    },
    "Model": {
        "ir_version": (1, "int"),
        "graph": (7, "Graph"),
        "opset_import": (8, "OperatorSetId*"),
    },
}
_ELEMENTS = {"float32": 1, "uint8": 2, "int8": 3, "int32": 6, "int64": 7}
_ATTRIBUTE_FLOAT, _ATTRIBUTE_INT, _ATTRIBUTE_INTS = 1, 2, 7


def _classes() -> dict[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(name="hanse_onnx.proto", package="onnx")
    for message, fields in _MESSAGES.items():
        described = file.message_type.add(name=message)
        for name, (number, kind) in fields.items():
            is_repeated, bare = kind.endswith("*"), kind.rstrip("*")
            described.field.add(
                name=name,
                number=number,
                label=_TYPES.LABEL_REPEATED if is_repeated else _TYPES.LABEL_OPTIONAL,
                type=_KINDS.get(bare, _TYPES.TYPE_MESSAGE),
                type_name=None if bare in _KINDS else f".onnx.{bare}",
            )
    # A pool of our own: another package may have the real onnx.proto in the common one.
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"onnx.{name}"))
        for name in _MESSAGES
    }


_CLASSES = _classes()


class Graph:
    """A graph in the making: operators are added in order and named by their outputs."""

    def __init__(self, name: str) -> None:
        self._graph = _CLASSES["Graph"](name=name)
        self._count = 0

    def add(
        self, operator: str, *inputs: str, domain: str = "", **attributes: float | list[int]
    ) -> str:
        """Add an operator with one output, and return the output's name."""
        self._count += 1
        output = f"v{self._count}"
        node = self._graph.node.add(
            op_type=operator, domain=domain, input=list(inputs), output=[output]
        )
        for name, value in attributes.items():
            if isinstance(value, list):
                node.attribute.add(name=name, ints=value, type=_ATTRIBUTE_INTS)
            elif isinstance(value, float):
                node.attribute.add(name=name, f=value, type=_ATTRIBUTE_FLOAT)
            else:
                node.attribute.add(name=name, i=value, type=_ATTRIBUTE_INT)
        return output

    def constant(self, array: npt.NDArray[Any]) -> str:
        """Add a tensor that never changes, and return its name."""
        self._count += 1
        name = f"c{self._count}"
        self._graph.initializer.add(
            name=name,
            dims=array.shape,
            data_type=_ELEMENTS[array.dtype.name],
            raw_data=np.ascontiguousarray(array).tobytes(),
        )
        return name

    def input(self, name: str, element: str, *dims: int | str) -> str:
        """Declare an input; a dimension is a number or the name of an unknown one."""
        self._declare(self._graph.input, name, element, dims)
        return name

    def output(self, value: str, name: str, element: str, *dims: int | str) -> str:
        """Make `value` the output `name`, which is its only name from here on."""
        for node in self._graph.node:
            for names in (node.input, node.output):
                names[:] = [name if each == value else each for each in names]
        self._declare(self._graph.output, name, element, dims)
        return name

    def model(self) -> bytes:
        """The whole as an ONNX model."""
        model = _CLASSES["Model"](ir_version=IR_VERSION, graph=self._graph)
        for domain, version in OPSETS.items():
            model.opset_import.add(domain=domain, version=version)
        content: bytes = model.SerializeToString()
        return content

    @staticmethod
    def _declare(values: Any, name: str, element: str, dims: tuple[int | str, ...]) -> None:
        value = values.add(name=name)
        tensor = value.type.tensor_type
        tensor.elem_type = _ELEMENTS[element]
        for dim in dims:
            if isinstance(dim, int):
                tensor.shape.dim.add(dim_value=dim)
            else:
                tensor.shape.dim.add(dim_param=dim)
