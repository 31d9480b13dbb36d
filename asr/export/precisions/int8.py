"""LSTMs and matrix products in int8, with scales that are found anew in every run; for onnxruntime on a CPU."""

from __future__ import annotations

import numpy as np
import onnx

from asr.export.precisions.rounding import SCALED, Weights, keep_rounded, rounded
from asr.export.rewriting import CONTRIBUTED, Rewriting, encoder

# Seven bits: processors without VNNI add two products of an unsigned and a signed byte in 16 bits, and 255 * 64 * 2 is
# the most that fits. With eight they would give other answers than those on which the file was measured.
LARGEST = 64


def int8(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a model whose LSTMs and products of its encoder compute in int8; the scales of a run span its batch.

    Weights that meet the outputs of a ReLU are stored in int8 and computed in fp32, as are convolutions: a few of those
    outputs are far above the rest, so that one scale for all would round most of them away.
    """
    graph = Rewriting(model, "int8_")
    within = [node.name for node in encoder(model)]
    made_by = {value: node for node in model.graph.node for value in node.output}
    for node in model.graph.node:
        if node.name not in within:
            graph.keep(node)
        elif node.op_type == "LSTM":
            _lstm(graph, node)
        elif node.op_type == "MatMul" and graph.weight(node.input[1]) is not None and not _rectified(node, made_by):
            _product(graph, node)
        else:
            keep_rounded(graph, node)
    return graph.finished()


def _lstm(graph: Rewriting, node: onnx.NodeProto) -> None:
    """Append onnxruntime's DynamicQuantizeLSTM: weights [directions, inputs, 4 * hidden], scales of their columns."""
    matrices, scales = [], []
    for place, axes in SCALED["LSTM"].items():
        integers, scale = rounded(graph.known(node.input[place]), axes, LARGEST)
        matrices.append(graph.constant(integers.transpose(0, 2, 1), np.int8))
        scales += _scale_and_zero(graph, scale[..., 0])
    others = [*node.input[3:], "", "", "", "", ""][:5]  # bias, lengths, states, peepholes
    inputs = [node.input[0], *matrices, *others, *scales]
    graph.replace(node, "DynamicQuantizeLSTM", *inputs, domain=CONTRIBUTED)


def _product(graph: Rewriting, node: onnx.NodeProto) -> None:
    integers, scale = rounded(graph.known(node.input[1]), SCALED["MatMul"][1], LARGEST)
    inputs = [node.input[0], graph.constant(integers, np.int8), *_scale_and_zero(graph, scale[0])]
    graph.replace(node, "DynamicQuantizeMatMul", *inputs, domain=CONTRIBUTED)


def _scale_and_zero(graph: Rewriting, scale: Weights) -> list[str]:
    return [graph.constant(scale), graph.constant(np.zeros(scale.shape), np.int8)]


def _rectified(node: onnx.NodeProto, made_by: dict[str, onnx.NodeProto]) -> bool:
    """Return whether what a node reads is the output of a ReLU, however it was laid out and masked since."""
    source = made_by[node.input[0]]
    while source.op_type in ("Reshape", "Transpose", "Mul"):  # the product is with a mask
        source = made_by[source.input[0]]
    return source.op_type == "Relu"
