"""The front end as a module: folded frame matrix, power, mel bands, log; MFCCs by one matrix more."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from asr import mel


class Features(nn.Module):
    """Kaldi's log-mel filterbank or MFCCs of a padded batch, each row mirrored at its own end.

    samples [B, T] in [-1, 1] and lengths [B] -> features [B, F, dim] and frames [B]; rows are zero past their frames.
    The numbers come from `asr.mel`; always computed in float32, since bf16 keeps too few digits for power spectra.
    """

    frame: Tensor
    bands: Tensor
    dct: Tensor

    def __init__(self, spec: mel.FeatureSpec) -> None:
        super().__init__()
        self.spec = spec
        for name, matrix in (
            ("frame", mel.frame_matrix(spec)[:, None, :]),  # [2 * bins, 1, window]
            ("bands", mel.mel_matrix(spec).T.copy()),  # [bins, bands]
            ("dct", mel.dct_matrix(spec).T.copy() if spec.kind == "mfcc" else mel.dct_matrix(spec)[:0]),
        ):
            self.register_buffer(name, torch.from_numpy(matrix).float(), persistent=False)

    def frames(self, lengths: Tensor) -> Tensor:
        """Return the frames of each row: lengths [B] in samples -> [B]."""
        return torch.div(lengths + self.spec.shift // 2, self.spec.shift, rounding_mode="floor")

    def forward(self, samples: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        with torch.autocast(samples.device.type, enabled=False):
            frames = self.frames(lengths)
            padded = mirrored(samples.float(), lengths, self.spec)  # [B, P]
            spectrum = functional.conv1d(padded[:, None], self.frame, stride=self.spec.shift)  # [B, 2 * bins, F]
            real, imaginary = spectrum.square().chunk(2, dim=1)
            values = ((real + imaginary).transpose(1, 2) @ self.bands).clamp_min(mel.FLOOR).log()  # [B, F, bands]
            if self.spec.kind == "mfcc":
                values = values @ self.dct
            values = values[:, : self.spec.frames(samples.shape[1])]
            return masked(values, frames), frames


def mirrored(samples: Tensor, lengths: Tensor, spec: mel.FeatureSpec) -> Tensor:
    """Return the samples under all frames, each row reflected at its own ends: [B, T] -> [B, P].

    P is what the frames of T samples span, and at least one window, so that a batch of nothing can be convolved.
    """
    frames = max(spec.frames(samples.shape[1]), 1)
    span = (frames - 1) * spec.shift + spec.window
    samples = functional.pad(samples, (0, 1))  # a row of no samples reads this zero
    positions = torch.arange(span, device=samples.device) - spec.lead
    period = 2 * lengths.clamp_min(1)[:, None]  # [B, 1]
    around = torch.remainder(positions, period)
    return samples.gather(1, torch.minimum(around, period - 1 - around))


def mask(frames: Tensor, size: int) -> Tensor:
    """Return which of `size` frames belong to each row: frames [B] -> bool [B, size]."""
    return torch.arange(size, device=frames.device) < frames[:, None]


def masked(values: Tensor, frames: Tensor) -> Tensor:
    """Return the values with every frame past a row's own set to zero: values [B, F, ...], frames [B]."""
    keep = mask(frames, values.shape[1])
    return values * keep.reshape(*keep.shape, *[1] * (values.dim() - 2)).to(values.dtype)
