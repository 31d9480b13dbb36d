"""The greedy text inside the graph: token ids without repeats and blanks, and their frames."""

from __future__ import annotations

import onnx
from onnx import TensorProto, helper

from asr.errors import ModelError
from asr.export.nodes import Nodes, Value
from asr.export.rewriting import Rewriting

IDS, FRAMES, COUNTS = "token_ids", "token_frames", "token_counts"  # the outputs


def with_labels(model: onnx.ModelProto, blank: int) -> onnx.ModelProto:
    """Return a model with three more outputs: token_ids [N, K], token_frames [N, K] and token_counts [N].

    Of each row the first `token_counts` places count; K is the most of them, and past them stand the blank and -1. A
    token's frame is the first at which it is the best. Raises ModelError for a graph that has the outputs already.
    """
    if any(value.name == IDS for value in model.graph.output):
        raise ModelError("the graph gives token ids already; name the file that it was made from")
    graph = Rewriting(model, "labels_")
    for node in model.graph.node:
        graph.keep(node)
    (scores,) = (node.output[0] for node in model.graph.node if node.op_type == "LogSoftmax")
    _compact(graph, *_firsts(graph, _best(graph, scores, blank), blank), blank)
    shapes = {IDS: ["N", "K"], FRAMES: ["N", "K"], COUNTS: ["N"]}
    added = [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name, shape in shapes.items()]
    return graph.finished(outputs=[*model.graph.output, *added])


def _best(graph: Nodes, scores: Value, blank: int) -> Value:
    """Emit the best token of each frame, and the blank past each row's frames: [N, F] with F at least 1."""
    best = graph.add("ArgMax", scores, axis=2, keepdims=0)
    inside = graph.add("Less", graph.count(graph.size(best, 1)), graph.unsqueezed("frames", 1))
    return graph.add("Where", inside, best, graph.integer(blank))


def _firsts(graph: Nodes, best: Value, blank: int) -> tuple[Value, Value]:
    """Emit the best tokens, and where one begins that is neither the blank nor the one before: bool [N, F]."""
    padded = graph.add("Pad", best, graph.integers(0, 1, 0, 0), graph.integer(blank))
    before = graph.add("Slice", padded, graph.integers(0), graph.integers(-1), graph.integers(1))
    same = graph.add("Or", graph.add("Equal", best, before), graph.add("Equal", best, graph.integer(blank)))
    return best, graph.add("Not", same)


def _compact(graph: Nodes, best: Value, begins: Value, blank: int) -> None:
    """Emit the tokens that begin somewhere, moved to the front of their rows, as the three outputs."""
    frames = graph.size(best, 1)
    places = graph.add("Where", begins, graph.count(frames), frames)  # those that do not count sort to the end
    ordered = f"{graph.prefix}ordered"
    graph.add_many(
        "TopK", places, graph.unsqueezed(frames, 0), outputs=[ordered, f"{ordered}_indices"], largest=0, sorted=1
    )
    flags = graph.add("Cast", begins, to=TensorProto.INT64)
    counts = graph.add("ReduceSum", flags, graph.integers(1), keepdims=0, output=COUNTS)
    longest = graph.unsqueezed(graph.add("ReduceMax", counts, keepdims=0), 0)
    first = graph.add("Slice", ordered, graph.integers(0), longest, graph.integers(1))  # [N, K]
    counted = graph.add("Less", first, frames)
    last = graph.add("Sub", frames, graph.integer(1))
    ids = graph.add("GatherElements", best, graph.add("Min", first, last), axis=1)
    graph.add("Where", counted, ids, graph.integer(blank), output=IDS)
    graph.add("Where", counted, first, graph.integer(-1), output=FRAMES)
