"""Subsampling and a stack of normalised, dropped-out LSTM layers: the body of both recurrent encoders."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from asr.errors import ConfigError
from asr.model.encoders.subsampling import ConvSubsampling
from asr.model.fbank import masked
from asr.model.lstm import Initialisation, LstmLayer


class VariationalDropout(nn.Module):
    """Dropout whose mask is drawn once a row and kept over time: x [B, T, C] (Gal and Ghahramani 2016)."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.rate == 0.0:
            return x
        keep = 1.0 - self.rate
        return x * torch.empty_like(x[:, :1]).bernoulli_(keep).div_(keep)


def at_least(least: int, /, **sizes: int) -> None:
    """Raise ConfigError for a size below the least."""
    for name, size in sizes.items():
        if size < least:
            raise ConfigError(f"model: {name} = {size}: must be at least {least}")


def rates(**values: float) -> None:
    """Raise ConfigError for a dropout rate that is not from 0 up to, but not including, 1."""
    for name, rate in values.items():
        if not 0.0 <= rate < 1.0:
            raise ConfigError(f"model: {name} = {rate}: must be at least 0 and less than 1")


class RecurrentEncoder(nn.Module):
    """x [B, F, dim] and frames [B] -> [B, ceil(F / 4), outputs] and ceil(frames / 4).

    Before each LSTM layer stand layer norm, variational dropout (one mask over time) and, between layers, dropout
    of single values; from the second layer on a residual connection may go around layer and norm.
    """

    def __init__(
        self,
        dim: int,
        *,
        bidirectional: bool,
        hidden: int = 256,
        layers: int = 3,
        channels: int = 32,
        blocks: int = 0,
        project: int = 256,
        dropout: float = 0.2,
        variational_dropout: float = 0.2,
        residual: bool = True,
        forget_bias: float = 1.0,
        initialisation: Initialisation = "orthogonal",
    ) -> None:
        super().__init__()
        at_least(1, hidden=hidden, layers=layers, channels=channels, project=project)
        at_least(0, blocks=blocks)
        rates(dropout=dropout, variational_dropout=variational_dropout)
        self.subsampling = ConvSubsampling(dim, channels, project, blocks)
        self.streams = not bidirectional
        self.reach = self.subsampling.reach
        self.outputs = hidden * (2 if bidirectional else 1)
        widths = [project, *[self.outputs] * (layers - 1)]
        self.norms = nn.ModuleList(nn.LayerNorm(width) for width in widths)
        self.layers = nn.ModuleList(
            LstmLayer(
                width,
                hidden,
                bidirectional=bidirectional,
                forget_bias=forget_bias,
                initialisation=initialisation,
            )
            for width in widths
        )
        self.last_norm = nn.LayerNorm(self.outputs)
        self.dropout = nn.Dropout(dropout)
        self.variational_dropout = VariationalDropout(variational_dropout)
        self.residual = residual

    def forward(self, x: Tensor, frames: Tensor) -> tuple[Tensor, Tensor]:
        x, frames = self.subsampling(x, frames)
        for index in range(len(self.layers)):
            x = self.deeper(x, frames, index)
        return masked(self.last_norm(x), frames), frames

    def twice(self, x: Tensor, frames: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the hidden states after half of the layers, those after all (both [B, F', outputs]), and frames'."""
        x, frames = self.subsampling(x, frames)
        early, half = x, len(self.layers) // 2
        for index in range(len(self.layers)):
            x = self.deeper(x, frames, index)
            early = x if index < half else early
        return masked(self.last_norm(early), frames), masked(self.last_norm(x), frames), frames

    def deeper(self, x: Tensor, frames: Tensor, index: int) -> Tensor:
        """Return x [B, F', C] after the LSTM layer of that index, its norm, dropout and residual connection."""
        y = self.variational_dropout(self.norms[index](x))
        y = self.layers[index](self.dropout(y) if index else y, frames)
        return x + y if self.residual and index else y
