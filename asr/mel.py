"""The numbers of the filterbank: Kaldi's log-mel bands and MFCCs as matrices, and a plain NumPy reference.

DC removal, pre-emphasis, window and DFT are all linear in the samples of a frame, so they fold into one matrix
(`frame_matrix`); what follows is power, mel bands, log, and for MFCCs one more matrix. The same three matrices
are multiplied by `asr.model.fbank` in training and stand as constants in the exported graph.
Agrees with kaldi-native-fbank and `torchaudio.compliance.kaldi` (snip_edges=False, dither=0).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np
import numpy.typing as npt

from asr.errors import ConfigError
from asr.types import FloatArray

Matrix = npt.NDArray[np.float64]
Count = TypeVar("Count", int, npt.NDArray[np.int64])

FLOOR = float(np.finfo(np.float32).eps)  # Kaldi's floor of a band's energy before the log


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """The primary numbers of the front end; everything else is derived from them."""

    kind: Literal["fbank", "mfcc"] = "fbank"
    rate_hz: int = 16000
    bands: int = 80
    window_ms: int = 25
    shift_ms: int = 10
    low_hz: float = 20.0
    high_hz: float = -400.0  # not above 0: counted down from half the rate
    preemphasis: float = 0.97
    ceps: int = 13  # MFCC only
    lifter: float = 22.0  # MFCC only

    def __post_init__(self) -> None:
        if self.kind not in ("fbank", "mfcc"):
            raise ConfigError(f"features: kind {self.kind!r} is not known; choose 'fbank' or 'mfcc'")
        exact(self.rate_hz * self.window_ms, 1000)
        exact(self.rate_hz * self.shift_ms, 1000)
        if not 0 <= self.low_hz < self.top_hz <= self.rate_hz / 2:
            raise ConfigError(
                f"features: bands from {self.low_hz} to {self.top_hz} Hz do not fit a rate of {self.rate_hz} Hz; "
                "set low_hz and high_hz within half the rate"
            )
        if self.kind == "mfcc" and not 1 <= self.ceps <= self.bands:
            raise ConfigError(f"features: {self.ceps} cepstra of {self.bands} bands; choose 1 to {self.bands}")
        if np.any(mel_matrix(self).sum(axis=1) == 0):
            raise ConfigError(
                f"features: {self.bands} bands are too many for {self.bins} frequencies at {self.rate_hz} Hz "
                "(a band would be empty); lower bands"
            )

    @property
    def window(self) -> int:
        """Samples in a frame."""
        return exact(self.rate_hz * self.window_ms, 1000)

    @property
    def shift(self) -> int:
        """Samples from one frame to the next."""
        return exact(self.rate_hz * self.shift_ms, 1000)

    @property
    def fft(self) -> int:
        """Points of the DFT: the power of two that holds a window."""
        return 1 << (self.window - 1).bit_length()

    @property
    def bins(self) -> int:
        """DFT bins that a band may weigh; Kaldi leaves out the one at half the rate."""
        return self.fft // 2

    @property
    def dim(self) -> int:
        """Values in a frame's feature vector."""
        return self.bands if self.kind == "fbank" else self.ceps

    @property
    def top_hz(self) -> float:
        return self.high_hz if self.high_hz > 0 else self.rate_hz / 2 + self.high_hz

    @property
    def frame_shift_s(self) -> float:
        return self.shift_ms / 1000

    @property
    def lead(self) -> int:
        """Samples of the first frame that lie before the recording (mirrored there)."""
        return self.window // 2 - self.shift // 2

    def frames(self, samples: Count) -> Count:
        """Return how many frames `samples` samples give (snip_edges=False)."""
        return (samples + self.shift // 2) // self.shift


def exact(product: int, divisor: int) -> int:
    """Divide where the division is whole; ConfigError otherwise."""
    if product % divisor:
        raise ConfigError(f"features: {product}/{divisor} samples is not a whole number; change the rate or the length")
    return product // divisor


def window(spec: FeatureSpec) -> Matrix:
    """Return the Povey window [window]."""
    # Povey window = Hann ** 0.85: Kaldi's choice, kept so that features agree with kaldi-native-fbank
    return np.hanning(spec.window) ** 0.85


def frame_matrix(spec: FeatureSpec) -> Matrix:
    """Return DC removal, pre-emphasis, window and DFT as one matrix: [2 * bins, window], real parts first."""
    size = spec.window
    centre = np.eye(size) - 1.0 / size
    emphasis = np.eye(size) - spec.preemphasis * np.eye(size, k=-1)
    emphasis[0, 0] = 1.0 - spec.preemphasis  # Kaldi repeats the first sample before it
    angles = 2.0 * np.pi / spec.fft * np.outer(np.arange(spec.bins), np.arange(size))
    dft = np.concatenate([np.cos(angles), -np.sin(angles)])
    folded: Matrix = dft * window(spec) @ emphasis @ centre
    return folded


def folded_matrices(spec: FeatureSpec) -> tuple[Matrix, Matrix]:
    """Return the same about the centre of a frame: even [half + 1, bins] and odd [half, bins].

    Samples that were pre-emphasised before the frame was cut, y [window], and the mean m of those before that, give
    the power spectrum square([y + y reversed, m] @ even) + square((y - y reversed) @ odd), of their first halves. A
    sample in the middle is its own partner.
    """
    half = -(-spec.window // 2)
    distances = np.arange(half)[:, None] - (spec.window - 1) / 2  # [half, 1]
    angles = 2.0 * np.pi / spec.fft * np.arange(spec.bins) * distances
    weights = window(spec)[:half, None] * np.where(distances == 0, 0.5, 1.0)
    cosines, sines = weights * np.cos(angles), weights * np.sin(angles)
    mean = -2.0 * (1.0 - spec.preemphasis) * cosines.sum(axis=0, keepdims=True)
    return np.concatenate([cosines, mean]), sines


def hz_to_mel(hz: npt.ArrayLike) -> Matrix:
    """Return Kaldi's (HTK's) mel of a frequency in hertz."""
    return np.asarray(1127.0 * np.log1p(np.asarray(hz, dtype=np.float64) / 700.0))


def mel_matrix(spec: FeatureSpec) -> Matrix:
    """Return the triangular bands, evenly spaced and linear in mel: [bands, bins]."""
    edges = np.linspace(hz_to_mel(spec.low_hz), hz_to_mel(spec.top_hz), spec.bands + 2)[:, None]
    mel = hz_to_mel(np.arange(spec.bins) * (spec.rate_hz / spec.fft))
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (mel - left) / (centre - left), (right - mel) / (right - centre)
    triangles: Matrix = np.maximum(0.0, np.minimum(rising, falling))
    return triangles


def dct_matrix(spec: FeatureSpec) -> Matrix:
    """Return the orthonormal DCT-II of the log bands with Kaldi's cepstral lifter: [ceps, bands]."""
    order = np.arange(spec.ceps)[:, None]
    matrix: Matrix = np.sqrt(2.0 / spec.bands) * np.cos(np.pi / spec.bands * (np.arange(spec.bands) + 0.5) * order)
    matrix[0] = np.sqrt(1.0 / spec.bands)
    if spec.lifter > 0:
        matrix *= 1.0 + 0.5 * spec.lifter * np.sin(np.pi * order / spec.lifter)
    return matrix


def mirror(positions: npt.NDArray[np.int64], samples: int) -> npt.NDArray[np.int64]:
    """Return the sample that stands for each position, reflected at both ends as often as it takes."""
    around = np.mod(positions, 2 * max(samples, 1))
    reflected: npt.NDArray[np.int64] = np.minimum(around, 2 * max(samples, 1) - 1 - around)
    return reflected


def features(samples: FloatArray, spec: FeatureSpec) -> FloatArray:
    """Return the features of one waveform: samples [T] in [-1, 1] -> [F, dim], computed in float64."""
    frames = spec.frames(len(samples))
    starts = np.arange(frames) * spec.shift - spec.lead
    positions = mirror(starts[:, None] + np.arange(spec.window), len(samples))  # [F, window]
    spectrum = samples.astype(np.float64)[positions] @ frame_matrix(spec).T
    power = np.square(spectrum[:, : spec.bins]) + np.square(spectrum[:, spec.bins :])
    bands = np.log(np.maximum(power @ mel_matrix(spec).T, FLOOR))
    return (bands if spec.kind == "fbank" else bands @ dct_matrix(spec).T).astype(np.float32)
