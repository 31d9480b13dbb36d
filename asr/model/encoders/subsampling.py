"""Convolutional subsampling by exactly four: two 3x3 convolutions of stride two, masked by length."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from asr.feasibility import FACTOR
from asr.model.fbank import masked


def halved(size: Tensor) -> Tensor:
    """Return the frames after one convolution of stride two with padding one: ceil(size / 2)."""
    return (size + 1) // 2


def cleared(x: Tensor, frames: Tensor) -> Tensor:
    """Return x [B, C, F, dim] with zeros past each row's frames."""
    return masked(x.transpose(1, 2), frames).transpose(1, 2)


class ResidualBlock(nn.Module):
    """x [B, C, F, dim] and frames [B] -> the same shape: two 3x3 convolutions and a way around them (He et al. 2016).

    The second convolution starts at zero, so that the block starts as the rectified x (Zhang et al. 2019) and needs no
    normalisation. What comes in and what goes out is zero past each row's frames.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        for weight in self.second.parameters():
            nn.init.zeros_(weight)

    def forward(self, x: Tensor, frames: Tensor) -> Tensor:
        y = cleared(functional.relu(self.first(x)), frames)
        return cleared(functional.relu(x + self.second(y)), frames)


class ConvSubsampling(nn.Module):
    """x [B, F, dim] and frames [B] -> [B, ceil(F / 4), outputs] and ceil(frames / 4).

    After each of its two convolutions come `blocks` residual ones. Each convolution sees zeros past a row's own frames,
    so a row's output does not depend on the padding that an engine chooses.
    """

    def __init__(self, dim: int, channels: int, outputs: int, blocks: int = 0) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, channels, 3, stride=2, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, stride=2, padding=1)
        self.early = nn.ModuleList(ResidualBlock(channels) for _ in range(blocks))
        self.late = nn.ModuleList(ResidualBlock(channels) for _ in range(blocks))
        # Feature frames on each side of its first one that an output frame hears: 1 + 2 for the two convolutions, and
        # for each block 2 steps of 2 and 2 steps of 4.
        self.reach = 3 + 12 * blocks
        self.project = nn.Linear(channels * -(-dim // FACTOR), outputs)

    def forward(self, x: Tensor, frames: Tensor) -> tuple[Tensor, Tensor]:
        size = x.shape[1]
        x = x if size else functional.pad(x, (0, 0, 0, 1))  # a convolution needs one frame to slide over
        x = masked(x, frames)[:, None]  # [B, 1, F, dim]
        for convolution, blocks in ((self.first, self.early), (self.second, self.late)):
            frames = halved(frames)
            x = cleared(functional.relu(convolution(x)), frames)  # [B, C, F / 2, dim / 2], then [B, C, F / 4, dim / 4]
            for block in blocks:
                x = block(x, frames)
        x = self.project(x.transpose(1, 2).flatten(2))
        return x[:, : -(-size // FACTOR)], frames
