"""Weights in int8, computing in fp32: standard operators alone, for runtimes that have no others."""

from __future__ import annotations

import onnx

from asr.export.precisions.rounding import keep_rounded
from asr.export.rewriting import Rewriting, encoder


def weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a model whose encoder keeps its matrices as int8; a runtime multiplies them out when it loads the file."""
    graph = Rewriting(model, "weights_")
    within = [node.name for node in encoder(model)]
    for node in model.graph.node:
        if node.name in within:
            keep_rounded(graph, node)
        else:
            graph.keep(node)
    return graph.finished()
