"""MFCCs against torchaudio, and their cosine transform against SciPy, as librosa has it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import scipy.fft
import soundfile
import torch
from torchaudio.compliance import kaldi

from asr import mel
from asr.mel import FeatureSpec
from asr.model.fbank import Features

pytestmark = pytest.mark.usefixtures("one_thread")

PLAIN = FeatureSpec(kind="mfcc", bands=23, high_hz=8000.0)  # Kaldi's own defaults
SPECS = {
    "defaults of Kaldi": PLAIN,
    "as many as bands": FeatureSpec(kind="mfcc", bands=40, ceps=40),
    "8 kHz": FeatureSpec(kind="mfcc", rate_hz=8000, bands=23, ceps=20),
    "no lifter": FeatureSpec(kind="mfcc", bands=80, lifter=0.0),
}
EACH_SPEC = pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)

Samples = npt.NDArray[np.float32]


def noise(length: int) -> Samples:
    return (0.1 * np.random.default_rng(3).standard_normal(length)).astype(np.float32)


def from_torchaudio(samples: Samples, spec: FeatureSpec) -> Samples:
    values = kaldi.mfcc(
        torch.from_numpy(samples)[None],
        sample_frequency=spec.rate_hz,
        num_ceps=spec.ceps,
        num_mel_bins=spec.bands,
        low_freq=spec.low_hz,
        high_freq=spec.high_hz,
        cepstral_lifter=spec.lifter,
        use_energy=False,
        snip_edges=False,
        dither=0.0,
    )
    return np.asarray(values)


def from_module(samples: Samples, spec: FeatureSpec) -> Samples:
    values, _ = Features(spec)(torch.from_numpy(samples)[None], torch.tensor([len(samples)]))
    return np.asarray(values[0])


@EACH_SPEC
@pytest.mark.parametrize("length", [400, 401, 1237, 16001])
def test_mfccs_agree_with_torchaudio(spec: FeatureSpec, length: int) -> None:
    samples = noise(length)
    wanted = from_torchaudio(samples, spec)
    np.testing.assert_allclose(mel.features(samples, spec), wanted, rtol=0, atol=1e-3)
    np.testing.assert_allclose(from_module(samples, spec), wanted, rtol=0, atol=1e-3)


@EACH_SPEC
@pytest.mark.parametrize("length", [0, 1, 79, 80, 399])
def test_short_mfccs_agree_with_the_reference(spec: FeatureSpec, length: int) -> None:
    found = from_module(noise(length), spec)
    assert found.shape == (spec.frames(length), spec.ceps)
    np.testing.assert_allclose(found, mel.features(noise(length), spec), rtol=0, atol=1e-3)


def test_mfccs_of_speech_agree_with_torchaudio(test_data: Path) -> None:
    file = min(test_data.glob("an4/wav/**/*.flac"))
    samples, rate_hz = soundfile.read(file, dtype="float32")
    assert rate_hz == 16000
    np.testing.assert_allclose(from_module(samples, PLAIN), from_torchaudio(samples, PLAIN), rtol=0, atol=1e-3)


@pytest.mark.parametrize(("bands", "ceps"), [(23, 13), (80, 80), (1, 1)])
def test_the_cosine_transform_is_the_one_librosa_calls(bands: int, ceps: int) -> None:
    logs = np.random.default_rng(0).standard_normal((bands, 7))
    wanted = scipy.fft.dct(logs, axis=0, type=2, norm="ortho")[:ceps]
    found = mel.dct_matrix(FeatureSpec(kind="mfcc", bands=bands, ceps=ceps, lifter=0.0)) @ logs
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-12)


def test_the_whole_transform_turns_without_stretching() -> None:
    matrix = mel.dct_matrix(FeatureSpec(kind="mfcc", bands=40, ceps=40, lifter=0.0))
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(40), rtol=0, atol=1e-12)


def test_silence_has_a_flat_spectrum() -> None:
    values = mel.features(np.zeros(1600, dtype=np.float32), PLAIN)
    np.testing.assert_allclose(values[:, 0], np.sqrt(23) * np.log(2.0**-23), rtol=1e-6)
    np.testing.assert_allclose(values[:, 1:], 0.0, rtol=0, atol=1e-4)
