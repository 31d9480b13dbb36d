"""The acoustic model: features, normalisation, encoder, CTC head. It is exactly what the exported graph holds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from asr.model.fbank import Features, masked


class AcousticModel(nn.Module):
    """samples [B, T] in [-1, 1] and lengths [B] -> log_probs [B, F', V] and frames [B].

    F' = ceil(frames / 4); class 0 is the blank. Rows past their own frames hold no meaning.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(
        self,
        features: Features,
        mean: npt.ArrayLike,
        deviation: npt.ArrayLike,
        encoder: nn.Module,
        vocab: int,
    ) -> None:
        super().__init__()
        self.features = features
        self.register_buffer("mean", torch.from_numpy(np.asarray(mean, dtype=np.float32).copy()))
        self.register_buffer("deviation", torch.from_numpy(np.asarray(deviation, dtype=np.float32).copy()))
        self.encoder = encoder
        self.head = nn.Linear(int(encoder.outputs), vocab)  # type: ignore[arg-type]

    def normalised(self, samples: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return the features scaled by the training set's statistics: [B, F, dim] and frames [B]."""
        values, frames = self.features(samples, lengths)
        return self.scaled(values, frames), frames

    def scaled(self, features: Tensor, frames: Tensor) -> Tensor:
        """Return features [B, F, dim] less the training set's mean, by its deviation; zero past each row's frames."""
        return masked((features - self.mean) / self.deviation, frames)

    def classified(self, features: Tensor, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Return log_probs [B, F', V] in float32 and frames' [B] of normalised features [B, F, dim]."""
        hidden, frames = self.encoder(features, frames)
        return self.head(hidden).float().log_softmax(dim=-1), frames

    def classified_twice(self, features: Tensor, frames: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the log_probs that the head reads out of half of the encoder's layers, then what `classified` does."""
        early, hidden, frames = self.encoder.twice(features, frames)  # type: ignore[operator]
        return *(self.head(each).float().log_softmax(dim=-1) for each in (early, hidden)), frames

    def forward(self, samples: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        return self.classified(*self.normalised(samples, lengths))
