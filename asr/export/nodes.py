"""A growing list of ONNX nodes and constants, and the model made of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from asr.export.carried import Carried

# Old enough for every onnxruntime that the package allows (and for 1.14); 17 is the first with LayerNormalization.
OPSET = 17
IR_VERSION = 8

Value = str  # the name of a tensor in the graph


class Nodes:
    """The graph under construction: each `add` returns the name of what the new node computes."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[tuple[str, tuple[int, ...], bytes], onnx.TensorProto] = {}
        self.carried: Carried | None = None  # what goes from piece to piece
        self.optional: dict[str, tuple[Sequence[str | int], onnx.TensorProto]] = {}

    def add(self, operator: str, *inputs: Value, output: Value | None = None, **attributes: Any) -> Value:
        """Append a node and return its (first) output."""
        return self.add_many(operator, *inputs, outputs=(output or f"{operator}_{len(self.nodes)}",), **attributes)[0]

    def add_many(self, operator: str, *inputs: Value, outputs: Sequence[Value], **attributes: Any) -> tuple[Value, ...]:
        """Append a node with the outputs of these names."""
        self.nodes.append(helper.make_node(operator, inputs, outputs, name=f"node_{len(self.nodes)}", **attributes))
        return tuple(outputs)

    def split(self, value: Value, parts: int, axis: int) -> tuple[Value, ...]:
        """Return a value in equal parts along an axis."""
        names = [f"Split_{len(self.nodes)}_{part}" for part in range(parts)]
        return self.add_many("Split", value, outputs=names, axis=axis)

    def split_off(self, value: Value, parts: int) -> tuple[Value, ...]:
        """Return the members of the first axis, without it."""
        axes = self.integers(0)
        return tuple(self.add("Squeeze", part, axes) for part in self.split(value, parts, axis=0))

    def given(self, name: str, default: npt.NDArray[Any], shape: Sequence[str | int]) -> Value:
        """Return an input that may be left out: it has a default, which ONNX calls an initializer."""
        self.optional[name] = (shape, numpy_helper.from_array(default, name=name))
        return name

    def constant(self, array: npt.ArrayLike, dtype: npt.DTypeLike = np.float32) -> Value:
        """Return the name of a constant; equal constants are stored once."""
        array = np.asarray(array, dtype=dtype, order="C")
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self.constants:
            self.constants[key] = numpy_helper.from_array(array, name=f"constant_{len(self.constants)}")
        return self.constants[key].name

    def integers(self, *numbers: int) -> Value:
        """Return a constant vector of int64, as shapes and axes are given."""
        return self.constant(numbers, np.int64)

    def integer(self, number: int) -> Value:
        """Return a constant int64 scalar."""
        return self.constant(number, np.int64)

    def size(self, value: Value, axis: int) -> Value:
        """Return the size of an axis as an int64 scalar."""
        return self.add("Gather", self.add("Shape", value), self.integer(axis), axis=0)

    def count(self, size: Value) -> Value:
        """Return 0, 1, ..., size - 1 in int64."""
        return self.add("Range", self.integer(0), size, self.integer(1))

    def unsqueezed(self, value: Value, *axes: int) -> Value:
        return self.add("Unsqueeze", value, self.integers(*axes))

    def model(self, inputs: dict[str, Sequence[str | int]], outputs: dict[str, Sequence[str | int]]) -> onnx.ModelProto:
        """Return the checked model; vectors of one axis are int64, everything else is float32."""
        graph = helper.make_graph(
            self.nodes,
            "asr",
            [_described(name, shape) for name, shape in inputs.items()]
            + [_described(name, shape) for name, (shape, _) in self.optional.items()],
            [_described(name, shape) for name, shape in outputs.items()],
            [*self.constants.values(), *(default for _, default in self.optional.values())],
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="bilstm-asr"
        )
        onnx.checker.check_model(model, full_check=True)
        return model


def _described(name: str, shape: Sequence[str | int]) -> onnx.ValueInfoProto:
    kind = TensorProto.INT64 if len(shape) == 1 else TensorProto.FLOAT
    return helper.make_tensor_value_info(name, kind, shape)
