"""Precisions of a graph that carries its state from piece to piece."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
import torch

from asr.export import graph
from asr.export.labels import with_labels
from asr.export.precisions import PRECISIONS
from asr.export.resampling import with_rates
from asr.export.selfcheck import signal
from asr.mel import FeatureSpec
from asr.model.ctc import AcousticModel
from asr.model.encoders import build_encoder
from asr.model.fbank import Features


@pytest.fixture(scope="module")
def model() -> AcousticModel:
    torch.manual_seed(0)
    spec = FeatureSpec()
    encoder = build_encoder("lstm", spec.dim, hidden=24, layers=2, channels=8, project=16)
    return AcousticModel(Features(spec), [-7.0] * spec.dim, [4.0] * spec.dim, encoder, 12).eval()


@pytest.mark.parametrize(("name", "within"), [("int8", 0.05), ("fp16", 0.01), ("int8-weights", 0.05)])
def test_the_state_stays_in_fp32(model: AcousticModel, name: str, within: float) -> None:
    source = graph.build(model)
    samples = signal(16000, duration_s=1.0)
    found = []
    for proto in (source, PRECISIONS[name](source), with_rates(with_labels(PRECISIONS[name](source), 0), 16000)):
        session = onnxruntime.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
        feeds = {"samples": samples[None], "lengths": np.array([len(samples)]), "part": np.array([0, 10])}
        feeds |= {"rate_hz": np.array([16000])} if "rate_hz" in {value.name for value in session.get_inputs()} else {}
        first, state = session.run(["log_probs", "next_state"], feeds)
        assert state.dtype == np.float32
        feeds |= {"part": np.array([10, 15]), "state": state}
        second, state = session.run(["log_probs", "next_state"], feeds)
        assert (first.shape[1], second.shape[1]) == (10, 15)
        found.append((np.exp(np.concatenate([first, second], axis=1)), state))
    for probabilities, state in found[1:]:
        assert np.abs(probabilities - found[0][0]).max() < within
        assert np.abs(state - found[0][1]).mean() < within
    np.testing.assert_array_equal(found[1][0], found[2][0])
