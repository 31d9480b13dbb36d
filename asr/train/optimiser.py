"""The optimiser and its learning rate as a function of how far the run has come."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import nn


@dataclass(frozen=True, slots=True)
class Schedule:
    """Linear warm-up, then a half cosine down to `final`; positions are in epochs and may be fractions."""

    peak: float
    final: float
    warmup_epochs: float
    epochs: int

    def __call__(self, position: float) -> float:
        """Return the learning rate at a position between 0 and `epochs`."""
        if position < self.warmup_epochs:
            return self.peak * (position + 1e-3) / (self.warmup_epochs + 1e-3)
        done = min((position - self.warmup_epochs) / max(self.epochs - self.warmup_epochs, 1e-9), 1.0)
        return self.final + (self.peak - self.final) * 0.5 * (1.0 + math.cos(math.pi * done))


def adamw(model: nn.Module, weight_decay: float) -> torch.optim.AdamW:
    """Return AdamW (Loshchilov and Hutter 2019) that decays matrices and leaves biases and norms alone."""
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    groups = [
        {"params": [weight for weight in weights if weight.dim() > 1], "weight_decay": weight_decay},
        {"params": [weight for weight in weights if weight.dim() <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=0.0, betas=(0.9, 0.98))


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate
