"""The front end of the model against kaldi-native-fbank, torchaudio and librosa; padding that must not matter."""

from __future__ import annotations

from pathlib import Path

import kaldi_native_fbank
import librosa
import numpy as np
import numpy.typing as npt
import pytest
import soundfile
import torch
from torch import Tensor
from torchaudio.compliance import kaldi

from asr import mel
from asr.mel import FeatureSpec
from asr.model.fbank import Features, masked, mirrored

pytestmark = pytest.mark.usefixtures("one_thread")

WIDE = FeatureSpec()
NARROW = FeatureSpec(rate_hz=8000, bands=40)
SPECS = pytest.mark.parametrize("spec", [WIDE, NARROW], ids=["16kHz", "8kHz"])
LENGTHS = [0, 1, 39, 40, 79, 80, 81, 160, 399, 400, 401, 1237, 16001, 30 * 16000]
RELATIVE_FLOOR = 1e-6  # of a frame's largest band; below it correct implementations differ in float32
ATOL = 1e-3  # in the log domain

Samples = npt.NDArray[np.float32]


def noise(length: int, seed: int = 0) -> Samples:
    return (0.1 * np.random.default_rng(seed).standard_normal(length)).astype(np.float32)


def from_kaldi(samples: Samples, spec: FeatureSpec) -> Samples:
    options = kaldi_native_fbank.FbankOptions()
    frame, bands = options.frame_opts, options.mel_opts
    frame.samp_freq, frame.frame_length_ms, frame.frame_shift_ms = spec.rate_hz, 25, 10
    frame.dither, frame.snip_edges, frame.window_type, frame.preemph_coeff = 0.0, False, "povey", 0.97
    bands.num_bins, bands.low_freq, bands.high_freq = spec.bands, 20.0, -400.0
    options.use_energy = False
    online = kaldi_native_fbank.OnlineFbank(options)
    online.accept_waveform(spec.rate_hz, samples.tolist())
    online.input_finished()
    frames = [online.get_frame(frame) for frame in range(online.num_frames_ready)]
    return np.array(frames, dtype=np.float32).reshape(-1, spec.bands)


def from_torchaudio(samples: Samples, spec: FeatureSpec) -> Samples:
    values = kaldi.fbank(
        torch.from_numpy(samples)[None],
        sample_frequency=spec.rate_hz,
        num_mel_bins=spec.bands,
        low_freq=20.0,
        high_freq=-400.0,
        snip_edges=False,
        dither=0.0,
    )
    return np.asarray(values)


def from_module(samples: Samples, spec: FeatureSpec) -> Samples:
    values, frames = Features(spec)(torch.from_numpy(samples)[None], torch.tensor([len(samples)]))
    assert frames.tolist() == [values.shape[1]] == [spec.frames(len(samples))]
    return np.asarray(values[0])


def assert_agree(found: Samples, wanted: Samples) -> None:
    """Compare all frames, the first and the last included, where a band is above the floor of its frame."""
    assert found.shape == wanted.shape
    heard = wanted > wanted.max(axis=1, keepdims=True, initial=-100.0) + np.log(RELATIVE_FLOOR)
    np.testing.assert_allclose(found[heard], wanted[heard], rtol=0, atol=ATOL)


# ---- other implementations


@SPECS
@pytest.mark.parametrize("length", LENGTHS)
def test_features_agree_with_kaldi_native_fbank(spec: FeatureSpec, length: int) -> None:
    samples = noise(length)
    wanted = from_kaldi(samples, spec)
    assert_agree(from_module(samples, spec), wanted)
    assert_agree(mel.features(samples, spec), wanted)


@SPECS
@pytest.mark.parametrize("length", [length for length in LENGTHS if length >= 400])
def test_features_agree_with_torchaudio(spec: FeatureSpec, length: int) -> None:
    samples = noise(length, seed=1)
    wanted = from_torchaudio(samples, spec)
    assert_agree(from_module(samples, spec), wanted)
    assert_agree(mel.features(samples, spec), wanted)


@pytest.mark.parametrize(
    ("spec", "pattern"), [(WIDE, "an4/wav/**/*-fash-b.flac"), (NARROW, "fsdd/recordings/[0-9]_george_0.flac")]
)
def test_features_of_speech_agree_with_both(test_data: Path, spec: FeatureSpec, pattern: str) -> None:
    files = sorted(test_data.glob(pattern))[:8]
    assert len(files) == 8
    for file in files:
        samples, rate_hz = soundfile.read(file, dtype="float32")
        assert rate_hz == spec.rate_hz
        found = from_module(samples, spec)
        assert_agree(found, from_kaldi(samples, spec))
        assert_agree(found, from_torchaudio(samples, spec))
        assert_agree(found, mel.features(samples, spec))


def test_the_bands_are_those_of_kaldi_to_float32() -> None:
    wanted, _ = kaldi.get_mel_banks(80, 512, 16000.0, 20.0, -400.0, 100.0, -500.0, 1.0)
    np.testing.assert_allclose(mel.mel_matrix(WIDE), wanted.numpy(), rtol=0, atol=5e-5)


def test_the_bands_cover_what_librosa_covers() -> None:
    """Kaldi's triangles are straight in mel, librosa's in hertz: corners and bins agree, weights inside nearly so."""
    ours = mel.mel_matrix(WIDE)
    theirs = librosa.filters.mel(sr=16000, n_fft=512, n_mels=80, fmin=20, fmax=7600, htk=True, norm=None)
    assert theirs[:, -1].max() == 0.0  # the bin at half the rate, which ours leaves out
    np.testing.assert_array_equal(ours > 0, theirs[:, :-1] > 0)
    np.testing.assert_allclose(ours, theirs[:, :-1], rtol=0, atol=0.005)


# ---- batches


def ragged(spec: FeatureSpec, lengths: list[int], padding: float) -> tuple[Tensor, Tensor]:
    rows = torch.full((len(lengths), max(lengths)), padding)
    for row, length in zip(rows, lengths, strict=True):
        row[:length] = torch.from_numpy(noise(length, seed=length))
    return rows, torch.tensor(lengths)


@SPECS
@pytest.mark.parametrize("padding", [0.0, 1e3, float("nan")])
def test_a_ragged_batch_gives_what_each_row_gives_alone(spec: FeatureSpec, padding: float) -> None:
    lengths = [1, 79, 80, 401, 1237, 8000, 16001]
    values, frames = Features(spec)(*ragged(spec, lengths, padding))
    assert frames.tolist() == [spec.frames(length) for length in lengths]
    for row, count, length in zip(values, frames.tolist(), lengths, strict=True):
        alone = from_module(noise(length, seed=length), spec)
        np.testing.assert_allclose(row[:count], alone, rtol=0, atol=1e-4)
        assert not row[count:].any(), "past a row's own frames stand zeros"


def test_rows_of_no_samples_have_no_frames() -> None:
    features = Features(WIDE)
    values, frames = features(torch.zeros(2, 0), torch.tensor([0, 0]))
    assert values.shape == (2, 0, 80)
    assert frames.tolist() == [0, 0]
    values, frames = features(torch.full((2, 800), 0.5), torch.tensor([0, 800]))
    assert frames.tolist() == [0, 5]
    assert not values[0].any()


def test_silence_is_at_the_floor_in_a_batch_too() -> None:
    values, _ = Features(WIDE)(torch.zeros(1, 16000), torch.tensor([16000]))
    np.testing.assert_allclose(values, np.log(2.0**-23), rtol=0, atol=1e-5)


def test_a_constant_offset_changes_nothing() -> None:
    samples = noise(16000)
    assert_agree(from_module(samples + np.float32(0.25), WIDE), from_module(samples, WIDE))


@pytest.mark.parametrize("length", [1, 5, 100, 400, 1000])
def test_each_row_is_mirrored_at_its_own_end(length: int) -> None:
    rows = torch.full((1, 1000), float("nan"))
    rows[0, :length] = torch.arange(1.0, length + 1)
    found = mirrored(rows, torch.tensor([length]), WIDE)[0]
    wanted = np.pad(np.arange(1.0, length + 1), (WIDE.lead, 2000), mode="symmetric")[: len(found)]
    np.testing.assert_array_equal(found, wanted)


def test_features_stay_in_float32_under_autocast() -> None:
    samples, lengths = torch.from_numpy(noise(8000))[None], torch.tensor([8000])
    features = Features(WIDE)
    with torch.autocast("cpu", torch.bfloat16):
        values, _ = features(samples, lengths)
    assert values.dtype == torch.float32
    torch.testing.assert_close(values, features(samples, lengths)[0], rtol=0, atol=0)


def test_the_matrices_are_not_weights() -> None:
    features = Features(WIDE)
    assert not features.state_dict(), "they are derived from the settings, so no checkpoint repeats them"
    assert not list(features.parameters())


def test_masking_works_over_any_further_axes() -> None:
    frames = torch.tensor([0, 1, 3])
    for shape in ((3, 3), (3, 3, 2), (3, 3, 2, 4)):
        kept = (
            masked(torch.ones(shape), frames).flatten(2).amax(-1)
            if len(shape) > 2
            else masked(torch.ones(shape), frames)
        )
        assert kept.tolist() == [[0, 0, 0], [1, 0, 0], [1, 1, 1]]
