"""The features in a graph: frames folded about their centre, half of a DFT each for sums and differences, bands, log.

The power spectrum is that of `asr.mel.frame_matrix` in half the products: about the centre of a frame the cosines are
even and the sines odd, so that each needs half of the window. Pre-emphasis comes before the frames are cut, since the
window is zero at a frame's first sample, where alone Kaldi's differs; the mean comes off in the spectrum.
"""

from __future__ import annotations

import math

import numpy as np
from onnx import TensorProto

from asr import mel
from asr.export.framing import framed, span
from asr.export.nodes import Nodes, Value


def features(nodes: Nodes, spec: mel.FeatureSpec, samples: Value, lengths: Value) -> tuple[Value, Value]:
    """Emit the front end: [N, T] -> [N, max(F, 1), dim], not yet masked, and frames [N].

    Every product has frames as rows and constants as columns: onnxruntime blocks its sums by the columns, so that a
    frame's sum does not depend on how many frames there are, and padding changes not even the last bit.
    """
    frames = nodes.add("Max", frame_count(nodes, nodes.size(samples, 1), spec), nodes.integer(1))
    size = span(nodes, frames, window=spec.window, shift=spec.shift)
    padded = _mirrored(nodes, samples, lengths, size, spec)
    energies = nodes.add("MatMul", _power(nodes, padded, frames, size, spec), nodes.constant(mel.mel_matrix(spec).T))
    floored = nodes.unsqueezed(nodes.add("Max", energies, nodes.constant(mel.FLOOR)), 3)  # [N, F, bands, 1]
    # The logarithm of a sum of one: onnxruntime's Log rounds otherwise at the ends of the pieces that its threads take.
    values = nodes.add("ReduceLogSum", floored, axes=[3], keepdims=0)
    if spec.kind == "mfcc":
        values = nodes.add("MatMul", values, nodes.constant(mel.dct_matrix(spec).T))
    return values, frame_count(nodes, lengths, spec)


def frame_count(nodes: Nodes, samples: Value, spec: mel.FeatureSpec) -> Value:
    """Emit how many frames that many samples give."""
    return nodes.add("Div", nodes.add("Add", samples, nodes.integer(spec.shift // 2)), nodes.integer(spec.shift))


def _mirrored(nodes: Nodes, samples: Value, lengths: Value, size: Value, spec: mel.FeatureSpec) -> Value:
    """Emit `asr.model.fbank.mirrored`: [N, T] -> [N, size], each row reflected at its own ends."""
    # In 32 bits, which take half of the time of 64 and are enough for rows of 2 ** 30 samples.
    lead, one = (nodes.constant(number, np.int32) for number in (spec.lead, 1))
    positions = nodes.unsqueezed(nodes.add("Sub", _count(nodes, size), lead), 0)  # [1, size]
    twice = nodes.add("Mul", nodes.add("Max", lengths, nodes.integer(1)), nodes.integer(2))
    period = nodes.unsqueezed(_short(nodes, twice), 1)
    around = nodes.add("Mod", positions, period)  # [N, size]
    back = nodes.add("Sub", nodes.add("Sub", period, one), around)
    # A row of no samples reads the zero that is appended here.
    extended = nodes.add("Pad", samples, nodes.integers(0, 0, 0, 1))
    return nodes.add("GatherElements", extended, nodes.add("Min", around, back), axis=1)


def _power(nodes: Nodes, padded: Value, frames: Value, size: Value, spec: mel.FeatureSpec) -> Value:
    """Emit the power spectra [N, frames, bins] of samples [N, size]."""
    even, odd = mel.folded_matrices(spec)
    before = nodes.add("Slice", nodes.add("Pad", padded, nodes.integers(0, 1, 0, 0)), *_all_but_the_last(nodes))
    # x[t] - 0.97 x[t-1] as (x[t] - x[t-1]) + 0.03 x[t-1]: where low tones are loud the difference is exact.
    rest = nodes.add("Mul", before, nodes.constant(1.0 - spec.preemphasis))
    emphasised = nodes.add("Add", nodes.add("Sub", padded, before), rest)
    ahead = framed(nodes, emphasised, frames, window=len(odd), shift=spec.shift)  # [N, frames, half]
    back = _reversed_halves(nodes, emphasised, frames, size, spec, half=len(odd))
    means = nodes.add("Reshape", _means(nodes, padded, spec), nodes.integers(0, -1, 1))  # [N, frames, 1]
    sums = nodes.add("Concat", nodes.add("Add", ahead, back), means, axis=2)
    real = nodes.add("MatMul", sums, nodes.constant(even))
    imaginary = nodes.add("MatMul", nodes.add("Sub", ahead, back), nodes.constant(odd))
    return nodes.add("Add", nodes.add("Mul", real, real), nodes.add("Mul", imaginary, imaginary))


def _means(nodes: Nodes, padded: Value, spec: mel.FeatureSpec) -> Value:
    """Emit the mean of each frame, from those of the pieces that frames share: [N, size] -> [N, 1, frames]."""
    piece = math.gcd(spec.window, spec.shift)
    shared = nodes.add("AveragePool", nodes.unsqueezed(padded, 1), kernel_shape=[piece], strides=[piece])
    return nodes.add("AveragePool", shared, kernel_shape=[spec.window // piece], strides=[spec.shift // piece])


def _reversed_halves(
    nodes: Nodes, samples: Value, frames: Value, size: Value, spec: mel.FeatureSpec, *, half: int
) -> Value:
    """Emit the second half of each frame, its last sample first: [N, frames, half].

    The row is read backwards, cut into frames, and the frames put into order: copying rows takes a tenth of the time of
    reversing each.
    """
    last = nodes.add("Sub", size, nodes.integer(1 + -spec.window % spec.shift))  # the last sample of the last frame
    count = span(nodes, frames, window=half, shift=spec.shift)
    # Where a window is shorter than its shift this runs below 0, which counts from the end; no frame holds that part.
    places = nodes.unsqueezed(nodes.add("Sub", _short(nodes, last), _count(nodes, count)), 0)  # [1, count]
    every = nodes.add("Concat", nodes.unsqueezed(nodes.size(samples, 0), 0), nodes.integers(1), axis=0)
    backwards = nodes.add("GatherElements", samples, nodes.add("Expand", places, every), axis=1)
    descending = nodes.add("Sub", nodes.add("Sub", frames, nodes.integer(1)), nodes.count(frames))
    return nodes.add("Gather", framed(nodes, backwards, frames, window=half, shift=spec.shift), descending, axis=1)


def _count(nodes: Nodes, size: Value) -> Value:
    """Emit 0, 1, ..., size - 1 in 32 bits."""
    return nodes.add("Range", nodes.constant(0, np.int32), _short(nodes, size), nodes.constant(1, np.int32))


def _short(nodes: Nodes, value: Value) -> Value:
    return nodes.add("Cast", value, to=TensorProto.INT32)


def _all_but_the_last(nodes: Nodes) -> tuple[Value, Value, Value]:
    return nodes.integers(0), nodes.integers(-1), nodes.integers(1)
