"""The features as the graph computes them, against the plain reference and kaldi-native-fbank."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

from asr import mel
from asr.export.frontend import features
from asr.export.nodes import Nodes
from asr.export.selfcheck import signal
from asr.mel import FeatureSpec
from asr.types import FloatArray

FLOOR = -10.0  # of a log band: below, float32 has few digits of the energy


def computed(spec: FeatureSpec, rows: list[FloatArray]) -> list[FloatArray]:
    """Return features [F, dim] of each waveform [T], run as one batch padded with noise."""
    nodes = Nodes()
    values, frames = features(nodes, spec, "samples", "lengths")
    nodes.add("Identity", values, output="values")
    nodes.add("Identity", frames, output="frames")
    model = nodes.model({"samples": ("N", "T"), "lengths": ("N",)}, {"values": ("N", "F", spec.dim), "frames": ("N",)})
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    lengths = np.array([len(row) for row in rows])
    samples = np.random.default_rng(0).standard_normal((len(rows), lengths.max()), dtype=np.float32)
    for padded, row in zip(samples, rows, strict=True):
        padded[: len(row)] = row
    found, counts = session.run(None, {"samples": samples, "lengths": lengths})
    return [row[:count] for row, count in zip(found, counts, strict=True)]


@pytest.mark.parametrize(
    "spec",
    [
        FeatureSpec(),
        FeatureSpec(kind="mfcc"),
        FeatureSpec(rate_hz=8000, bands=40),
        FeatureSpec(window_ms=20),
        FeatureSpec(window_ms=10, bands=30),
        FeatureSpec(window_ms=8, bands=30),
        FeatureSpec(rate_hz=22050, window_ms=20, shift_ms=20, bands=40),
        FeatureSpec(preemphasis=0.5),
    ],
    ids=[
        "fbank",
        "mfcc",
        "8 kHz",
        "two shifts",
        "one shift",
        "gaps between windows",
        "odd window",
        "little pre-emphasis",
    ],
)
def test_features_are_those_of_the_reference(spec: FeatureSpec) -> None:
    whole = signal(spec.rate_hz, duration_s=1.5)
    half = spec.shift // 2
    sizes = (0, 1, half - 1, half, spec.window - 1, spec.window, spec.window + 1, len(whole) // 2, len(whole))
    rows = [whole[:size] for size in sizes] + [whole + 0.02]
    for row, found in zip(rows, computed(spec, rows), strict=True):
        expected = mel.features(row, spec)
        assert found.shape == expected.shape
        lift = FLOOR if spec.kind == "fbank" else -np.inf
        np.testing.assert_allclose(np.maximum(found, lift), np.maximum(expected, lift), atol=5e-3)
        assert np.abs(found - expected).mean() < 1e-4 if found.size else True


def test_features_are_kaldis() -> None:
    knf = pytest.importorskip("kaldi_native_fbank", reason="the peer")
    options = knf.FbankOptions()
    options.frame_opts.dither = 0.0
    options.frame_opts.snip_edges = False
    options.mel_opts.num_bins, options.mel_opts.low_freq, options.mel_opts.high_freq = 80, 20.0, -400.0
    samples = signal(16000, duration_s=1.5)
    theirs = knf.OnlineFbank(options)
    theirs.accept_waveform(16000, samples)
    theirs.input_finished()
    expected = np.stack([theirs.get_frame(number) for number in range(theirs.num_frames_ready)])
    (found,) = computed(FeatureSpec(), [samples])
    np.testing.assert_allclose(np.maximum(found, FLOOR), np.maximum(expected, FLOOR), atol=2e-3)
    assert np.abs(found - expected).mean() < 1e-4


@pytest.mark.parametrize("spec", [FeatureSpec(), FeatureSpec(rate_hz=22050, window_ms=20, shift_ms=20, bands=40)])
def test_the_folded_matrices_are_the_frame_matrix(spec: FeatureSpec) -> None:
    """In float64 both give the same power spectrum, of a frame with an offset."""
    frame = np.random.default_rng(1).standard_normal(spec.window) + 2.0
    spectrum = mel.frame_matrix(spec) @ frame
    expected = np.square(spectrum[: spec.bins]) + np.square(spectrum[spec.bins :])
    even, odd = mel.folded_matrices(spec)
    emphasised = frame - spec.preemphasis * np.concatenate([[9.0], frame[:-1]])  # what comes before is not heard
    half = len(odd)
    ahead, back = emphasised[:half], emphasised[::-1][:half]
    sums = np.concatenate([ahead + back, [frame.mean()]])
    np.testing.assert_allclose(np.square(sums @ even) + np.square((ahead - back) @ odd), expected, atol=1e-9)
