"""The numbers of the filterbank against Kaldi's definition written out with an FFT, frame by frame, in float64."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from asr import mel
from asr.errors import ConfigError
from asr.mel import FeatureSpec

WIDE = FeatureSpec()
NARROW = FeatureSpec(rate_hz=8000, bands=40)
SPECS = pytest.mark.parametrize("spec", [WIDE, NARROW], ids=["16kHz", "8kHz"])
LENGTHS = [0, 1, 39, 40, 79, 80, 81, 159, 160, 399, 400, 401, 1237, 16001, 30 * 16000]
RELATIVE_FLOOR = 1e-6  # of a frame's largest band; below it correct implementations differ in float32


def noise(length: int, seed: int = 0) -> npt.NDArray[np.float32]:
    return (0.1 * np.random.default_rng(seed).standard_normal(length)).astype(np.float32)


def plain_mel(hz: npt.ArrayLike) -> npt.NDArray[np.float64]:
    return 2595.0 * np.log10(1.0 + np.asarray(hz, dtype=np.float64) / 700.0)  # HTK book, eq. 5.13


def plain_fbank(samples: npt.NDArray[np.float32], spec: FeatureSpec) -> npt.NDArray[np.float64]:
    """Return Kaldi's log-mel bands as its documentation describes them: mirror, cut, DC, pre-emphasis, window, FFT."""
    size, shift, points = spec.rate_hz * 25 // 1000, spec.rate_hz // 100, 512 if spec.rate_hz == 16000 else 256
    frames = (len(samples) + shift // 2) // shift
    if frames == 0:
        return np.zeros((0, spec.bands))
    around = (size // 2 - shift // 2, size)
    mirrored = np.pad(samples.astype(np.float64), around, mode="symmetric")
    povey = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / (size - 1))) ** 0.85
    hz = np.arange(points // 2) * spec.rate_hz / points
    corners = np.linspace(plain_mel(20.0), plain_mel(spec.rate_hz / 2 - 400.0), spec.bands + 2)
    bands = [np.interp(plain_mel(hz), corners[band : band + 3], [0, 1, 0]) for band in range(spec.bands)]
    rows = []
    for frame in range(frames):
        cut = mirrored[frame * shift : frame * shift + size]
        cut = cut - cut.mean()
        emphasised = cut - 0.97 * np.concatenate([cut[:1], cut[:-1]])
        power = np.abs(np.fft.rfft(emphasised * povey, points)[:-1]) ** 2
        rows.append(np.log(np.maximum(np.array(bands) @ power, 2.0**-23)))
    return np.array(rows)


@SPECS
@pytest.mark.parametrize("length", LENGTHS)
def test_features_agree_with_a_plain_fft(spec: FeatureSpec, length: int) -> None:
    samples = noise(length)
    found, wanted = mel.features(samples, spec), plain_fbank(samples, spec)
    assert found.dtype == np.float32
    assert found.shape == wanted.shape
    assert len(found) == spec.frames(length)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5)


def test_features_of_a_loud_tone_agree_above_the_floor() -> None:
    time_s = np.arange(8000) / 16000
    samples = np.sin(2 * np.pi * 1000 * time_s).astype(np.float32)
    found, wanted = mel.features(samples, WIDE), plain_fbank(samples, WIDE)
    heard = wanted > wanted.max(axis=1, keepdims=True) + np.log(RELATIVE_FLOOR)
    assert heard.sum() > 10 * len(found)
    np.testing.assert_allclose(found[heard], wanted[heard], rtol=0, atol=1e-4)


@pytest.mark.parametrize(("length", "frames"), [(0, 0), (79, 0), (80, 1), (239, 1), (240, 2), (16000, 100)])
def test_fewer_samples_than_half_a_shift_give_no_frame(length: int, frames: int) -> None:
    assert WIDE.frames(length) == frames
    assert mel.features(noise(length), WIDE).shape == (frames, 80)


@SPECS
def test_silence_is_at_the_floor(spec: FeatureSpec) -> None:
    values = mel.features(np.zeros(spec.rate_hz, dtype=np.float32), spec)
    np.testing.assert_allclose(values, np.log(2.0**-23), rtol=0, atol=1e-6)


@SPECS
def test_a_constant_offset_changes_nothing(spec: FeatureSpec) -> None:
    samples = noise(spec.rate_hz).astype(np.float64)
    moved = mel.features((samples + 0.5).astype(np.float32), spec)
    # float32 rounds the moved samples by up to 3e-8, which the quietest bands feel
    np.testing.assert_allclose(moved, mel.features(samples.astype(np.float32), spec), rtol=0, atol=1e-3)


def test_twice_as_loud_is_log_four_more() -> None:
    samples = noise(4000)
    louder = mel.features(2 * samples, WIDE) - mel.features(samples, WIDE)
    np.testing.assert_allclose(louder, np.log(4.0), rtol=0, atol=1e-5)


@pytest.mark.parametrize("hz", [300.0, 1000.0, 3150.0, 7000.0])
def test_a_tone_is_loudest_in_the_band_around_it(hz: float) -> None:
    samples = np.sin(2 * np.pi * hz * np.arange(16000) / 16000).astype(np.float32)
    corners = np.linspace(plain_mel(20.0), plain_mel(7600.0), 82)
    nearest = np.abs(corners[1:-1] - plain_mel(hz)).argmin()
    loudest = mel.features(samples, WIDE)[10:-10].argmax(axis=1)
    assert np.abs(loudest - nearest).max() <= 1  # a band of 1000 Hz and below is narrower than a bin


def test_a_thousand_hertz_are_a_thousand_mel() -> None:
    assert mel.hz_to_mel(1000.0) == pytest.approx(1000.0, abs=0.02)  # the definition of the scale
    assert mel.hz_to_mel(0.0) == 0.0


@SPECS
def test_each_band_rises_once_and_falls_once(spec: FeatureSpec) -> None:
    matrix = mel.mel_matrix(spec)
    assert matrix.shape == (spec.bands, spec.bins)
    assert matrix.min() == 0.0
    assert 0.0 < matrix.max() <= 1.0
    for row in matrix:
        weighed = np.flatnonzero(row)
        assert len(weighed) == weighed[-1] - weighed[0] + 1
        turns = np.diff(np.sign(np.diff(row[weighed])))
        assert np.count_nonzero(turns) <= 1
    inside = matrix.sum(axis=0)[matrix[0].argmax() + 1 : matrix[-1].argmax()]
    np.testing.assert_allclose(inside, 1.0, atol=1e-12)  # neighbours overlap so that every bin counts once


@pytest.mark.parametrize("length", [1, 2, 7, 100, 401])
def test_mirroring_repeats_as_often_as_it_takes(length: int) -> None:
    samples = np.arange(length)
    padded = np.pad(samples, 500, mode="symmetric")
    np.testing.assert_array_equal(samples[mel.mirror(np.arange(-500, length + 500), length)], padded)


def test_numbers_follow_from_the_rate() -> None:
    assert (WIDE.window, WIDE.shift, WIDE.fft, WIDE.bins, WIDE.lead) == (400, 160, 512, 256, 120)
    assert (NARROW.window, NARROW.shift, NARROW.fft, NARROW.bins, NARROW.lead) == (200, 80, 256, 128, 60)
    assert (WIDE.top_hz, NARROW.top_hz, WIDE.frame_shift_s) == (7600.0, 3600.0, 0.01)
    assert (WIDE.dim, FeatureSpec(kind="mfcc").dim) == (80, 13)
    assert FeatureSpec(high_hz=4000.0).top_hz == 4000.0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rate_hz": 11025}, "is not a whole number; change the rate"),
        ({"kind": "plp"}, "kind 'plp' is not known; choose 'fbank' or 'mfcc'"),
        ({"low_hz": 7600.0}, "set low_hz and high_hz within half the rate"),
        ({"low_hz": -1.0}, "do not fit a rate of 16000 Hz"),
        ({"high_hz": 8001.0}, "do not fit a rate of 16000 Hz"),
        ({"high_hz": float("nan")}, "do not fit a rate of 16000 Hz"),
        ({"bands": 200}, "200 bands are too many for 256 frequencies"),
        ({"rate_hz": 8000, "bands": 100}, "100 bands are too many for 128 frequencies"),
        ({"kind": "mfcc", "ceps": 81}, "81 cepstra of 80 bands; choose 1 to 80"),
        ({"kind": "mfcc", "ceps": 0}, "0 cepstra of 80 bands"),
    ],
)
def test_impossible_numbers_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=f"^features: .*{message}"):
        FeatureSpec(**settings)  # type: ignore[arg-type]
