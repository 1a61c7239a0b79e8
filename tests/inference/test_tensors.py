"""Tensors in JSON: what they say about themselves must be true."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

from hanse.inference.tensors import InvalidTensor, Tensor, flat


@given(shape=array_shapes(max_dims=4, max_side=4))
def test_nested_and_flat_values_are_the_same_tensor(shape: tuple[int, ...]) -> None:
    array = np.arange(np.prod(shape)).reshape(shape)
    values = array.ravel().tolist()
    for data in (values, array.tolist()):
        assert flat(Tensor("t", list(shape), "INT64", data)) == values


@given(shape=array_shapes(min_dims=2, max_dims=4, max_side=4), extra=st.integers(1, 3))
def test_data_nested_otherwise_than_the_shape_are_refused(
    shape: tuple[int, ...], extra: int
) -> None:
    data = np.zeros(shape, int).tolist()
    data[-1] = data[-1] + [0] * extra if len(shape) == 2 else data[-1][0]
    with pytest.raises(InvalidTensor, match="not nested as its shape"):
        flat(Tensor("t", list(shape), "INT64", data))


def test_texts_and_truths_have_datatypes_of_their_own() -> None:
    assert flat(Tensor("t", [2], "BYTES", ["a", "ü"])) == ["a", "ü"]
    assert flat(Tensor("t", [1, 2], "BOOL", [[True, False]])) == [True, False]
    assert flat(Tensor("t", [0, 3], "FP32", [])) == []


@pytest.mark.parametrize(
    ("datatype", "shape", "data", "complaint"),
    [
        ("INT64", [2], [1, 2, 3], "has 3 values; its shape [2] has 2"),
        ("INT64", [2], [1, 2.5], "value 1 is no INT64"),
        ("INT64", [1], [True], "value 0 is no INT64"),
        ("FP32", [1], ["1"], "value 0 is no FP32"),
        ("FP32", [1], [None], "value 0 is no FP32"),
        ("BOOL", [1], [1], "value 0 is no BOOL"),
        ("BYTES", [1], [1], "value 0 is no BYTES"),
        ("BF16", [1], [1], "no datatype 'BF16'"),
        ("INT64", [2, 2], [[1, 2], 3], "not nested"),
        ("INT64", [1], [[1]], "value 0 is no INT64"),
    ],
)
def test_what_is_wrong_is_said(
    datatype: str, shape: list[int], data: list[Any], complaint: str
) -> None:
    with pytest.raises(InvalidTensor) as caught:
        flat(Tensor("t", shape, datatype, data))
    assert complaint in str(caught.value)
