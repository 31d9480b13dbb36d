"""Other sample rates inside the graph: a windowed sinc, one matrix for each rate."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper

from asr.errors import ModelError
from asr.export.framing import framed, span
from asr.export.nodes import Nodes, Value
from asr.export.rewriting import Rewriting

RATES_HZ = (8000, 16000, 22050, 44100, 48000)
RATE = "rate_hz"  # the input
# Zeros of the sinc on either side, at the lower of both rates, and the shape of its Kaiser window: more than 80 dB down
# at half of the lower rate, flat to 0.9 of that, as soxr's "HQ" is to 0.91.
ZEROS, BETA, CUTOFF = 48, 8.0, 0.945
_BLOCK = 80  # samples that one row of a matrix product gives at the least


def with_rates(model: onnx.ModelProto, target_hz: int) -> onnx.ModelProto:
    """Return a model with one more input, `rate_hz` [1], at which samples and lengths are: one of RATES_HZ or its own.

    At its own rate nothing is computed. Any other rate is an error of the runtime. Raises ModelError for a graph that
    has the input already.
    """
    if any(value.name == RATE for value in model.graph.input):
        raise ModelError("the graph resamples already; name the file that it was made from")
    graph = Rewriting(model, "rates_")
    lengths = graph.add("Add", "lengths", _zero_if_known(graph, sorted({*RATES_HZ, target_hz})))
    inside = graph.add("Less", graph.count(graph.size("samples", 1)), graph.unsqueezed(lengths, 1))
    clean = graph.add("Where", inside, "samples", graph.constant(0.0))  # what stands in the padding may be anything
    for rate_hz in RATES_HZ:
        if rate_hz != target_hz:
            clean, lengths = _if_rate(graph, clean, lengths, rate_hz, target_hz)
    for node in model.graph.node:
        graph.keep(node, samples=clean, lengths=lengths)
    return graph.finished([*model.graph.input, helper.make_tensor_value_info(RATE, TensorProto.INT64, [1])])


def filters(source_hz: int, target_hz: int) -> npt.NDArray[np.float64]:
    """Return the weights [window, block] with which a window of the source gives a block of the target."""
    up, down, blocks = _ratio(source_hz, target_hz)
    reach = _reach(up, down)
    ticks = np.arange(up * blocks) * (down / up)  # of the target, in samples of the source
    distances = ticks - np.arange(-reach, down * blocks + reach)[:, None]  # [window, block]
    scale = CUTOFF * min(1.0, up / down)
    inside = np.sqrt(np.maximum(0.0, 1.0 - np.square(distances / reach)))
    weights = np.where(inside > 0, np.sinc(scale * distances) * np.i0(BETA * inside), 0.0)
    normal: npt.NDArray[np.float64] = weights / weights.sum(axis=0)
    return normal


def _ratio(source_hz: int, target_hz: int) -> tuple[int, int, int]:
    """Return what the rates are multiples of, target first, and how many times that makes a block."""
    common = math.gcd(source_hz, target_hz)
    up, down = target_hz // common, source_hz // common
    return up, down, -(-_BLOCK // up)


def _reach(up: int, down: int) -> int:
    return math.ceil(ZEROS * max(1.0, down / up))


def _zero_if_known(graph: Nodes, rates_hz: list[int]) -> Value:
    """Emit 0 for one of these rates; for any other an index that is out of bounds, which every runtime refuses."""
    equal = graph.add("Cast", graph.add("Equal", RATE, graph.integers(*rates_hz)), to=TensorProto.INT64)
    known = graph.add("ReduceSum", equal, graph.integers(0), keepdims=0)
    return graph.add("Gather", graph.integers(0), graph.add("Sub", graph.integer(1), known))


def _if_rate(graph: Nodes, samples: Value, lengths: Value, rate_hz: int, target_hz: int) -> tuple[Value, ...]:
    """Emit samples and lengths, resampled where the rate is this one, as they are elsewhere."""
    prefix = f"{graph.prefix}{rate_hz}_"
    within, beside = Nodes(f"{prefix}within_"), Nodes(f"{prefix}beside_")
    condition = graph.add("Equal", graph.add("Gather", RATE, graph.integer(0)), graph.integer(rate_hz))
    return graph.add_many(
        "If",
        condition,
        outputs=[f"{prefix}samples", f"{prefix}lengths"],
        then_branch=_branch(within, *_resampled(within, samples, lengths, rate_hz, target_hz)),
        else_branch=_branch(beside, samples, lengths),
    )


def _branch(nodes: Nodes, samples: Value, lengths: Value) -> onnx.GraphProto:
    outputs = [
        helper.make_tensor_value_info(nodes.add("Identity", samples), TensorProto.FLOAT, ["N", "T"]),
        helper.make_tensor_value_info(nodes.add("Identity", lengths), TensorProto.INT64, ["N"]),
    ]
    return helper.make_graph(nodes.nodes, nodes.prefix, [], outputs, list(nodes.constants.values()))


def _resampled(nodes: Nodes, samples: Value, lengths: Value, source_hz: int, target_hz: int) -> tuple[Value, Value]:
    """Emit samples [N, T] -> [N, round(T * target / source)] and the lengths likewise; zeros stand at both ends."""
    up, down, blocks = _ratio(source_hz, target_hz)
    weights, reach = filters(source_hz, target_hz), _reach(up, down)
    shift, window = down * blocks, len(weights)
    total = nodes.size(samples, 1)
    size = _rounded(nodes, total, up, down)
    frames = _divided_up(nodes, nodes.add("Max", size, nodes.integer(1)), up * blocks)
    after = nodes.add(
        "Sub", span(nodes, frames, window=window, shift=shift), nodes.add("Add", total, nodes.integer(reach))
    )
    pads = nodes.add("Concat", nodes.integers(0, reach, 0), nodes.unsqueezed(after, 0), axis=0)
    rows = framed(nodes, nodes.add("Pad", samples, pads), frames, window=window, shift=shift)  # [N, frames, window]
    blocked = nodes.add("MatMul", rows, nodes.constant(weights))
    joined = nodes.add("Reshape", blocked, nodes.integers(0, -1))
    cut = nodes.add("Slice", joined, nodes.integers(0), nodes.unsqueezed(size, 0), nodes.integers(1))
    return cut, _rounded(nodes, lengths, up, down)


def _rounded(nodes: Nodes, samples: Value, up: int, down: int) -> Value:
    """Emit round(samples * up / down) in whole numbers, halves upwards."""
    doubled = nodes.add("Add", nodes.add("Mul", samples, nodes.integer(2 * up)), nodes.integer(down))
    return nodes.add("Div", doubled, nodes.integer(2 * down))


def _divided_up(nodes: Nodes, value: Value, divisor: int) -> Value:
    return nodes.add("Div", nodes.add("Add", value, nodes.integer(divisor - 1)), nodes.integer(divisor))
