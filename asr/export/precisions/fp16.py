"""The encoder in half precision, for GPUs; features and the softmax stay in fp32."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto

from asr.export.rewriting import Rewriting, encoder, normalised


def fp16(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a model whose encoder computes in fp16; inputs and outputs stay as they are."""
    graph = Rewriting(model, "fp16_")
    features = normalised(model)
    within = [node.name for node in encoder(model)]
    halves: dict[str, str] = {}
    for node in model.graph.node:
        if node.name in within:
            _keep_half(graph, node, halves)
        elif node.op_type == "LogSoftmax":  # sums of exponentials need the digits
            graph.keep(node, **{node.input[0]: graph.add("Cast", node.input[0], to=TensorProto.FLOAT)})
        else:
            graph.keep(node)
        if features in node.output:
            halves[features] = graph.add("Cast", features, to=TensorProto.FLOAT16)
    return graph.finished()


def _keep_half(graph: Rewriting, node: onnx.NodeProto, halves: dict[str, str]) -> None:
    constants = {value: graph.weight(value) for value in node.input}
    smaller = halves | {
        value: graph.constant(array, np.float16)
        for value, array in constants.items()
        if array is not None and array.dtype == np.float32
    }
    if node.op_type == "LSTM":
        _keep_lstm(graph, node, smaller)
        return
    graph.keep(node, **smaller)
    if node.op_type == "Cast":
        for attribute in graph.nodes[-1].attribute:
            if attribute.i == TensorProto.FLOAT:
                attribute.i = TensorProto.FLOAT16


def _keep_lstm(graph: Rewriting, node: onnx.NodeProto, smaller: dict[str, str]) -> None:
    """Append an LSTM; the states that go into it and come out of it, from piece to piece, stay in fp32."""
    states = {value: graph.add("Cast", value, to=TensorProto.FLOAT16) for value in node.input[5:7]}
    graph.keep(node, **smaller, **states)
    for place, value in list(enumerate(node.output))[1:]:
        graph.nodes[-1 - (place - 1)].output[place] = f"{graph.prefix}{value}"
        graph.add("Cast", f"{graph.prefix}{value}", output=value, to=TensorProto.FLOAT)
