"""The features of a model file as this version computes them, in place of those that it was exported with."""

from __future__ import annotations

from collections.abc import Sequence

import onnx

from asr.errors import ModelError
from asr.export.frontend import features
from asr.export.nodes import Value
from asr.export.resampling import RATE
from asr.export.rewriting import Rewriting, normalised
from asr.mel import FeatureSpec

PREFIXES = ("renewed_", "anew_")  # of names; what was renewed before has one of them, which is free afterwards


def with_features(model: onnx.ModelProto, spec: FeatureSpec) -> onnx.ModelProto:
    """Return a model that makes its features as a graph that is exported now does; the encoder stays as it is.

    Raises ModelError for a graph without features of ours, and for one that resamples.
    """
    if any(value.name == RATE for value in model.graph.input):
        raise ModelError("the graph resamples already; name the file that it was made from")
    names = [node.name for node in model.graph.node]
    graph = Rewriting(model, next(free for free in PREFIXES if not any(name.startswith(free) for name in names)))
    values, _ = features(graph, spec, "samples", "lengths")
    border = _made(model.graph.node, _made(model.graph.node, normalised(model)).input[0]).input[0]
    for node in _needed(model, border):
        graph.keep(node, **{border: values})
    return graph.finished()


def _made(nodes: Sequence[onnx.NodeProto], value: Value) -> onnx.NodeProto:
    """Return the node that computes a value."""
    return next(node for node in nodes if value in node.output)


def _needed(model: onnx.ModelProto, border: Value) -> list[onnx.NodeProto]:
    """Return the nodes that the outputs need when a value is given, in their order."""
    needed = {output.name for output in model.graph.output}
    kept = []
    for node in reversed(model.graph.node):
        if not needed.isdisjoint(node.output):
            kept.append(node)
            needed.update({*node.input} - {border})
    return kept[::-1]
