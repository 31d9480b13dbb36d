"""Convolutional subsampling by exactly four: two 3x3 convolutions of stride two, masked by length."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from asr.feasibility import FACTOR
from asr.model.fbank import masked


def halved(size: Tensor) -> Tensor:
    """Return the frames after one convolution of stride two with padding one: ceil(size / 2)."""
    return (size + 1) // 2


class ConvSubsampling(nn.Module):
    """x [B, F, dim] and frames [B] -> [B, ceil(F / 4), outputs] and ceil(frames / 4).

    Each convolution sees zeros past a row's own frames, so a row's output does not depend on the padding
    that an engine chooses.
    """

    def __init__(self, dim: int, channels: int, outputs: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, channels, 3, stride=2, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, stride=2, padding=1)
        self.project = nn.Linear(channels * -(-dim // FACTOR), outputs)

    def forward(self, x: Tensor, frames: Tensor) -> tuple[Tensor, Tensor]:
        size = x.shape[1]
        x = x if size else functional.pad(x, (0, 0, 0, 1))  # a convolution needs one frame to slide over
        x = masked(x, frames)[:, None]  # [B, 1, F, dim]
        x = functional.relu(self.first(x))  # [B, C, F / 2, dim / 2]
        frames = halved(frames)
        x = masked(x.transpose(1, 2), frames).transpose(1, 2)
        x = functional.relu(self.second(x))  # [B, C, F / 4, dim / 4]
        frames = halved(frames)
        x = self.project(x.transpose(1, 2).flatten(2))
        return x[:, : -(-size // FACTOR)], frames
