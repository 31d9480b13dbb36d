"""Weights as small integers times a scale."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from asr.export.nodes import Value
from asr.export.rewriting import Rewriting

Weights = npt.NDArray[np.float32]
# Operator -> its inputs that are weights -> the axes along which each place has a scale of its own: rows of an LSTM's
# matrices, columns of a product's, filters of a convolution.
SCALED: dict[str, dict[int, tuple[int, ...]]] = {
    "LSTM": {1: (0, 1), 2: (0, 1)},
    "MatMul": {1: (1,)},
    "Conv": {1: (0,)},
}
SHARES = np.linspace(1.0, 0.7, 16)  # of the scale at which the largest weight is kept; at most 32, as np.choose has it


def rounded(weights: Weights, axes: tuple[int, ...], largest: int) -> tuple[npt.NDArray[np.int8], Weights]:
    """Return integers from -largest to largest and the scales by which they are multiplied, of as many axes.

    Of several scales the one with the smallest squared error is taken: cutting the few largest weights off a little can
    be worth finer steps for all others.
    """
    others = tuple(axis for axis in range(weights.ndim) if axis not in axes)
    peaks = np.abs(weights).max(axis=others, keepdims=True)
    widest = (np.where(peaks > 0, peaks, 1.0) / largest).astype(np.float32)
    tried = [widest * np.float32(share) for share in SHARES]
    errors = np.stack(
        [np.square(_integers(weights, scales, largest) * scales - weights).sum(others) for scales in tried]
    )
    best = errors.argmin(axis=0).reshape(widest.shape)
    scales = np.choose(best, tried)
    return _integers(weights, scales, largest).astype(np.int8), scales


def _integers(weights: Weights, scales: Weights, largest: int) -> Weights:
    return np.clip(np.rint(weights / scales), -largest, largest)


def weights_of(graph: Rewriting, node: onnx.NodeProto) -> Iterator[tuple[Value, Any, tuple[int, ...]]]:
    """Yield (name, weights, axes with scales) of the constants of a node that are worth rounding."""
    for place, axes in SCALED.get(node.op_type, {}).items():
        weights = graph.weight(node.input[place])
        if weights is not None:
            yield node.input[place], weights, axes


def keep_rounded(graph: Rewriting, node: onnx.NodeProto) -> None:
    """Append a node whose weights are stored in int8 and multiplied out when the graph is loaded."""
    stored = {}
    for name, weights, axes in weights_of(graph, node):
        integers, scales = rounded(weights, axes, largest=127)
        # Not DequantizeLinear: onnxruntime computes it in every run, and it has no scales for two axes.
        floats = graph.add("Cast", graph.constant(integers, np.int8), to=onnx.TensorProto.FLOAT)
        stored[name] = graph.add("Mul", floats, graph.constant(scales))
    graph.keep(node, **stored)
