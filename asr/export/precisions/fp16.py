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
    graph.keep(node, **halves, **{
        value: graph.constant(array, np.float16)
        for value, array in constants.items()
        if array is not None and array.dtype == np.float32
    })  # fmt: skip
    if node.op_type == "Cast":
        for attribute in graph.nodes[-1].attribute:
            if attribute.i == TensorProto.FLOAT:
                attribute.i = TensorProto.FLOAT16
