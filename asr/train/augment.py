"""Speed perturbation and SpecAugment through torchaudio; gain; vocal tract length perturbation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torchaudio import functional

from asr import mel
from asr.config import Config
from asr.types import FloatArray


def at_speed(samples: FloatArray, speed: float, rate_hz: int) -> FloatArray:
    """Return the samples played `speed` times as fast, pitch included (Ko et al. 2015): [T] -> [about T / speed]."""
    if speed == 1.0 or len(samples) == 0:
        return samples
    faster, _ = functional.speed(torch.from_numpy(samples), rate_hz, speed)
    return np.asarray(faster.numpy(), dtype=np.float32)


def draw_speed(rng: np.random.Generator, speeds: Sequence[float]) -> float:
    return float(rng.choice(np.asarray(speeds)))


def draw_gain(rng: np.random.Generator, gain_db: float) -> float:
    """Return a factor for samples, even in decibels between -gain_db and gain_db."""
    return float(10.0 ** (rng.uniform(-gain_db, gain_db) / 20.0))


def draw_warps(rng: np.random.Generator, warp: float, count: int) -> list[float]:
    """Return factors for the frequency axes of `count` utterances, even in log between 1 - warp and its inverse."""
    return [float(np.exp(stretch)) for stretch in np.log1p(-warp) * rng.uniform(-1.0, 1.0, count)]


def warp_bands(features: Tensor, factors: Sequence[float], spec: mel.FeatureSpec) -> Tensor:
    """Return log-mel bands [B, F, M] with each row's frequency axis stretched by its factor (Jaitly and Hinton 2013).

    What lies at a frequency moves to `factor` times it, up to a knee near 0.8 of the upper end, and linearly from
    there to the end, as vocal tract length perturbation does; bands in between are interpolated.
    """
    bands = torch.from_numpy(np.stack([warped_positions(factor, spec) for factor in factors])).to(features.device)
    lower = bands.floor().long().clamp(0, features.shape[2] - 2)  # [B, M]
    share = (bands - lower).to(features.dtype)[:, None]
    lower = lower[:, None].expand(-1, features.shape[1], -1)
    return torch.lerp(features.gather(2, lower), features.gather(2, lower + 1), share)


def draw_colours(rng: np.random.Generator, colour_db: float, count: int) -> npt.NDArray[np.float64]:
    """Return decibels at five points of the spectrum for `count` utterances: [count, 5], even within colour_db of 0."""
    return rng.uniform(-colour_db, colour_db, (count, 5))


def colour_bands(features: Tensor, decibels: npt.NDArray[np.float64]) -> Tensor:
    """Return log-mel bands [B, F, M], each row filtered by a line through its own decibels [B, points].

    The points lie evenly on the mel scale: as if heard by another microphone (Nam et al. 2022).
    """
    bands = np.linspace(0.0, decibels.shape[1] - 1.0, features.shape[2])
    curves = np.stack([np.interp(bands, np.arange(len(row)), row) for row in decibels]) * (np.log(10.0) / 10.0)
    return features + torch.from_numpy(curves).to(features)[:, None]


def warped_positions(factor: float, spec: mel.FeatureSpec) -> npt.NDArray[np.float64]:
    """Return from which place among the bands each warped band is read: [M], between 0 and M - 1."""
    edges = np.linspace(mel.hz_to_mel(spec.low_hz), mel.hz_to_mel(spec.top_hz), spec.bands + 2)
    hertz = 700.0 * np.expm1(edges[1:-1] / 1127.0)
    knee = 0.8 * spec.top_hz * min(factor, 1.0)  # of the warped axis
    read_at = np.interp(hertz, [0.0, knee, spec.top_hz], [0.0, knee / factor, spec.top_hz])
    places = (mel.hz_to_mel(read_at) - edges[1]) / (edges[1] - edges[0])
    return np.clip(places, 0.0, spec.bands - 1.0)


@dataclass(frozen=True, slots=True)
class SpecAugment:
    """Masks bands and spans of normalised features with their mean, zero (Park et al. 2019; no time warping).

    `freq_masks` masks of up to `freq_width` bands, drawn for each row; time masks in proportion to a row's own
    length, `time_masks_per_s` a second and at least one, each up to `time_width` frames and at most `time_share`
    of the row. Random numbers come from torch's generator.
    """

    freq_masks: int
    freq_width: int
    time_masks_per_s: float
    time_width: int
    time_share: float
    frame_shift_s: float

    def __call__(self, features: Tensor, frames: Tensor) -> Tensor:
        """features [B, F, M] and frames [B] -> features [B, F, M]."""
        masked = features[:, None]  # [B, 1, F, M]
        for _ in range(self.freq_masks if self.freq_width else 0):
            masked = functional.mask_along_axis_iid(masked, self.freq_width, 0.0, axis=3)
        size, lengths = features.shape[1], frames.tolist()
        rows = [self.mask_time(row[:, :length], length) for row, length in zip(masked, lengths, strict=True)]
        return torch.cat([torch.nn.functional.pad(row, (0, 0, 0, size - row.shape[1])) for row in rows])

    def mask_time(self, row: Tensor, frames: int) -> Tensor:
        """row [1, F, M] -> [1, F, M]."""
        if self.time_masks_per_s == 0.0 or self.time_width == 0:
            return row
        for _ in range(max(1, round(self.time_masks_per_s * frames * self.frame_shift_s))):
            row = functional.mask_along_axis(row, self.time_width, 0.0, axis=1, p=self.time_share)
        return row


def build_masks(config: Config) -> SpecAugment:
    augment = config.augment
    return SpecAugment(
        augment.freq_masks,
        augment.freq_width,
        augment.time_masks_per_s,
        augment.time_width,
        augment.time_share,
        frame_shift_s=config.features.spec().frame_shift_s,
    )
