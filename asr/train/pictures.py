"""Pictures of augmentation: spectrograms and features of the same utterance, before and after."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from asr.errors import require
from asr.mel import FeatureSpec
from asr.types import FloatArray

_RANGE_DB = 80.0  # from the loudest to black
_FFT_S, _HOP_S = 0.032, 0.008


def picture(before: FloatArray, after: FloatArray, plain: FloatArray, masked: FloatArray, spec: FeatureSpec) -> bytes:
    """Return a PNG of spectrograms of samples [T] above normalised features [F, M], left before, right after."""
    figure = require("matplotlib.figure", extra="train", purpose="the preview of augmentation").Figure(
        figsize=(11, 5), layout="constrained"
    )
    axes = figure.subplots(2, 2)
    loudest = max(spectrogram(samples, spec.rate_hz).max() for samples in (before, after))
    for column, (when, samples, features) in enumerate((("before", before, plain), ("after", after, masked))):
        show_spectrogram(
            axes[0, column], spectrogram(samples, spec.rate_hz), loudest, len(samples) / spec.rate_hz, spec
        )
        show_features(axes[1, column], features, spec)
        axes[0, column].set_title(f"{when}, {len(samples) / spec.rate_hz:.2f} s")
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=90)
    return file.getvalue()


def spectrogram(samples: FloatArray, rate_hz: int) -> FloatArray:
    """Return the power of samples [T] in decibels: [frames, bins], at least one frame."""
    size, hop = round(_FFT_S * rate_hz), round(_HOP_S * rate_hz)
    padded = np.pad(samples, (0, max(0, size - len(samples))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
    power = np.square(np.abs(np.fft.rfft(frames * np.hanning(size))))
    return np.asarray(10.0 * np.log10(power + 1e-10), dtype=np.float32)


def show_spectrogram(axis: Any, values: FloatArray, loudest: float, length_s: float, spec: FeatureSpec) -> None:
    axis.imshow(
        values.T, origin="lower", aspect="auto", cmap="magma", vmin=loudest - _RANGE_DB, vmax=loudest,
        extent=(0.0, length_s, 0.0, spec.rate_hz / 2000),
    )  # fmt: skip
    axis.set(ylabel="kHz")


def show_features(axis: Any, values: FloatArray, spec: FeatureSpec) -> None:
    axis.imshow(
        values.T, origin="lower", aspect="auto", cmap="viridis", vmin=-2.5, vmax=2.5,
        extent=(0.0, max(1, len(values)) * spec.frame_shift_s, 0.0, spec.dim),
    )  # fmt: skip
    axis.set(xlabel="s", ylabel="band" if spec.kind == "fbank" else "cepstrum")
