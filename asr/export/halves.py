"""A model file cut in two where its filterbank ends: samples to bands, and bands to log-probabilities.

Engines that compute Kaldi's filterbank themselves take the second half.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import onnx
from onnx import TensorProto, helper, numpy_helper, parser, utils

from asr.bundle import ModelInfo
from asr.errors import ModelError
from asr.mel import FeatureSpec

# No kernel may see an empty axis: a frame is appended, which the masks of the network set to zero, and cut off again.
_GUARD = """
guard (float[N, F, B] x, float[N, P, V] longer) => (float[N, C, V] log_probs) {
    guard_pads = Constant <value_ints = [0, 0, 0, 0, 1, 0]> ()
    extended = Pad (x, guard_pads)
    guard_frames = Shape <start = 1, end = 2> (x)
    guard_three = Constant <value_ints = [3]> ()
    guard_four = Constant <value_ints = [4]> ()
    guard_sum = Add (guard_frames, guard_three)
    guard_ends = Div (guard_sum, guard_four)
    guard_starts = Constant <value_ints = [0]> ()
    guard_axes = Constant <value_ints = [1]> ()
    log_probs = Slice (longer, guard_starts, guard_ends, guard_axes)
}
"""


class Halves(NamedTuple):
    """samples [N, T] and lengths [N] -> x [N, F, bands] and x_lens [N] -> log_probs [N, F', V] and log_probs_len [N].

    F' = ceil(F / 4). MFCCs are made by the second half.
    """

    filterbank: onnx.ModelProto
    network: onnx.ModelProto


def cut(model: onnx.ModelProto, info: ModelInfo) -> Halves:
    """Return both halves of a model of ours, quantised or not; ModelError where its graph has no such place."""
    spec = FeatureSpec(**info.features)
    bands = _only(info, (node for node in model.graph.node if node.op_type == "ReduceLogSum"))
    answer = _only(info, (node for node in model.graph.node if node.op_type == "LogSoftmax"))
    # What stands behind the softmax only cuts off the frame that the first half appended to nothing.
    model = renamed(model, {"log_probs": "cut_off", "frames": "log_probs_len", bands: "x", answer: "log_probs"})
    values = helper.make_tensor_value_info("x", TensorProto.FLOAT, ("N", "F", spec.bands))
    answers = helper.make_tensor_value_info("log_probs", TensorProto.FLOAT, ("N", "F'", len(info.tokens)))
    model.graph.value_info.extend([values, answers])
    behind = utils.Extractor(model).extract_model(["x"], ["log_probs"])
    frames = _only(info, (node for node in behind.graph.node if _divides_by(behind, node, spec.shift)))
    return _cut_at(renamed(model, {frames: "x_lens"}))


def _cut_at(model: onnx.ModelProto) -> Halves:
    for name in ("x_lens", "log_probs_len"):
        model.graph.value_info.append(helper.make_tensor_value_info(name, TensorProto.INT64, ("N",)))
    extractor = utils.Extractor(model)
    return Halves(
        extractor.extract_model(["samples", "lengths"], ["x", "x_lens"]),
        _guarded(extractor.extract_model(["x", "x_lens"], ["log_probs", "log_probs_len"])),
    )


def _guarded(network: onnx.ModelProto) -> onnx.ModelProto:
    """Return the second half with room for one frame more, so that it may be given none."""
    *before, cut_off = parser.parse_graph(_GUARD).node
    guarded = renamed(network, {"x": "extended", "log_probs": "longer"})
    nodes = [*before, *guarded.graph.node, cut_off]
    del guarded.graph.node[:]
    guarded.graph.node.extend(nodes)
    guarded.graph.output.extend(network.graph.output)
    onnx.checker.check_model(guarded)
    return guarded


def _only(info: ModelInfo, nodes: Iterable[onnx.NodeProto]) -> str:
    """Return the output of the one node of its kind."""
    found = list(nodes)
    if len(found) != 1:
        raise ModelError(
            f"{info.name}: its graph has {len(found)} places where a filterbank could end, not 1, so that it cannot be "
            "cut there; name a file written by 'asr export'"
        )
    return str(found[0].output[0])


def _divides_by(model: onnx.ModelProto, node: onnx.NodeProto, divisor: int) -> bool:
    """Tell whether a node divides integers by this one, as the number of frames is that of samples by the shift."""
    if node.op_type != "Div":
        return False
    constants = [numpy_helper.to_array(each) for each in model.graph.initializer if each.name == node.input[1]]
    return any(each.dtype == "int64" and each.tolist() == divisor for each in constants)


def renamed(model: onnx.ModelProto, names: Mapping[str, str]) -> onnx.ModelProto:
    """Return a copy whose values have other names; its own outputs are not described any more."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for node in copy.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    del copy.graph.output[:]
    return copy
