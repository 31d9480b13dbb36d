"""One pass over the training set: features, masks, loss, step; counted and timed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from asr.config import Config
from asr.model.ctc import AcousticModel
from asr.model.fbank import mask
from asr.train.augment import build_masks, colour_bands, draw_colours, draw_warps, warp_bands
from asr.train.batches import Batch, collate, draw_groups, joined, plan
from asr.train.data import Data
from asr.train.evaluate import ctc_losses
from asr.train.optimiser import Schedule, set_learning_rate
from asr.train.spoken import build_spoken


@dataclass
class Tally:
    """What an epoch adds up to; kept in the checkpoint, so that a stopped epoch goes on where it was."""

    steps: int = 0
    loss: float = 0.0  # of all labels
    labels: int = 0
    skipped: int = 0  # utterances whose loss was not finite
    audio_s: float = 0.0
    seconds: float = 0.0
    data_seconds: float = 0.0  # reading, augmentation, features

    @property
    def train_loss(self) -> float:
        return self.loss / max(self.labels, 1)


class Trainer:
    """Takes the steps of an epoch.

    Every random number follows from (seed, epoch, step), so a resumed run is the same run.
    """

    def __init__(self, model: AcousticModel, optimizer: torch.optim.Optimizer, data: Data, config: Config) -> None:
        train, augment = config.train, config.augment
        self.model, self.optimizer, self.data = model, optimizer, data
        self.seed, self.batch_s, self.clip_norm = train.seed, train.batch_s, train.clip_norm
        self.inter_ctc, self.consistency = train.inter_ctc, train.consistency
        self.views = 2 if self.consistency else 1
        self.schedule = Schedule(train.learning_rate, train.final_learning_rate, train.warmup_epochs, train.epochs)
        self.spoken = build_spoken(config, [example.utterance for example in data.train], data.cache)
        self.joined, self.warp, self.colour_db = augment.joined, augment.warp, augment.colour_db
        self.masks = build_masks(config)
        self.device = next(model.parameters()).device
        self.bf16 = use_bf16(train.precision, self.device)

    def run(self, epoch: int, tally: Tally, after_step: Callable[[Tally, int], bool]) -> bool:
        """Take the steps of an epoch that `tally` lacks; False where `after_step` asked to stop before the end."""
        rng = np.random.default_rng((self.seed, epoch))
        groups = draw_groups(rng, len(self.data.train), self.joined)
        durations = [sum(self.data.train[index].utterance.duration_s for index in group) for group in groups]
        batches = plan(durations, self.batch_s, rng)
        self.model.train()
        for step in range(tally.steps, len(batches)):
            self.step([groups[index] for index in batches[step]], epoch, step, len(batches), tally)
            if not after_step(tally, len(batches)):
                return tally.steps == len(batches)
        return True

    def step(self, chosen: list[tuple[int, ...]], epoch: int, step: int, steps: int, tally: Tally) -> None:
        """Read a batch, go forward and backward, and update the weights."""
        started = time.perf_counter()
        rng = np.random.default_rng((self.seed, epoch, step))
        torch.manual_seed(int(rng.integers(2**62)))
        batch = self.read(chosen, rng).to(self.device)
        with torch.no_grad():
            features, frames = self.model.features(batch.samples, batch.lengths)
            if self.consistency:
                batch, features, frames = batch.twice(), torch.cat([features, features]), torch.cat([frames, frames])
            if self.warp:
                warps = draw_warps(rng, self.warp, len(batch.ids))
                features = warp_bands(features, warps, self.model.features.spec)
            if self.colour_db:
                features = colour_bands(features, draw_colours(rng, self.colour_db, len(batch.ids)))
            features = self.masks(self.model.scaled(features, frames), frames)
        tally.data_seconds += time.perf_counter() - started
        losses, goals, finite = self.losses(features, frames, batch)
        self.update(losses, goals, finite, batch, self.schedule(epoch + step / steps), tally)
        tally.steps += 1
        tally.audio_s += batch.audio_s
        tally.seconds += time.perf_counter() - started

    def read(self, chosen: list[tuple[int, ...]], rng: np.random.Generator) -> Batch:
        """Return the chosen groups as the rows of a batch, each utterance augmented by itself."""
        rows = [[self.data.train[index] for index in group] for group in chosen]
        samples = [np.concatenate([self.spoken(example.utterance, rng) for example in row]) for row in rows]
        return collate([joined(row, self.data.tokens) for row in rows], samples, self.data.cache.rate_hz)

    def losses(self, features: Tensor, frames: Tensor, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Return each row's CTC loss, what is minimised instead of it, and which rows are finite; all [B].

        With `inter_ctc` it is a weighted mean of that loss and the one after half of the layers, which regularises
        (Lee and Watanabe 2021); with `consistency` the rows are two views of each utterance, and what one gives away
        about the other is added.
        """
        early = None
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
            if self.inter_ctc:
                early, log_probs, frames = self.model.classified_twice(features, frames)
            else:
                log_probs, frames = self.model.classified(features, frames)
        losses, finite = finite_losses(log_probs, frames, batch)
        goals = losses
        if early is not None:
            goals = torch.lerp(goals, finite_losses(early, frames, batch)[0], self.inter_ctc)
        if self.consistency:
            goals = goals + self.consistency * disagreement(log_probs, frames)
        return losses, goals, finite

    def update(
        self, losses: Tensor, goals: Tensor, finite: Tensor, batch: Batch, learning_rate: float, tally: Tally
    ) -> None:
        """Step on the mean of the finite rows' goals; what is not finite is counted, never hidden."""
        tally.skipped += int((~finite).sum()) // self.views
        if not bool(finite.any()):
            return
        set_learning_rate(self.optimizer, learning_rate)
        self.optimizer.zero_grad(set_to_none=True)
        goals[finite].mean().backward()
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.clip_norm)
        if not bool(norm.isfinite()):
            tally.skipped += int(finite.sum()) // self.views
            return
        self.optimizer.step()
        tally.loss += float(losses[finite].detach().sum())
        tally.labels += int(batch.label_lengths[finite].sum())


def finite_losses(log_probs: Tensor, frames: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
    """Return the CTC losses [B] and which of them are finite [B]; the gradient of the others is zero."""
    losses = ctc_losses(log_probs, frames, batch)
    finite = losses.isfinite()
    if not bool(finite.all()):  # the gradient of an infinite loss is NaN even where the loss is left out of the sum
        losses = ctc_losses(log_probs, frames, batch, zero_infinity=True)
    return losses, finite


def disagreement(log_probs: Tensor, frames: Tensor) -> Tensor:
    """Return for each row how far it is from its twin, the row half a batch away: log_probs [B, F', V] -> [B].

    The sum over frames of the Kullback-Leibler divergence from the twin, which is taken as given (the consistency
    regularisation of CTC: Yao et al. 2025).
    """
    twins = log_probs.detach().roll(len(log_probs) // 2, dims=0)
    divergence = (twins.exp() * (twins - log_probs)).sum(dim=-1)  # [B, F']
    return (divergence * mask(frames, log_probs.shape[1])).sum(dim=-1)


def use_bf16(precision: str, device: torch.device) -> bool:
    """Return whether to train in bf16 autocast: as asked, or for 'auto' where the hardware multiplies in bf16."""
    if precision != "auto":
        return precision == "bf16"
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    return device.type == "cpu" and torch.cpu._is_avx512_bf16_supported()
