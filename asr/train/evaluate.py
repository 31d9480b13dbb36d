"""Loss and greedy error rates of a torch model on a development set, and its class priors on the training set."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from asr.decoders.greedy import Greedy
from asr.model.ctc import AcousticModel
from asr.model.fbank import mask
from asr.scoring import score
from asr.train.batches import AudioCache, Batch, Example, dev_batches

PRIORS_S = 36000.0  # ten hours of audio: about a million frames, enough for the rarest letter


@dataclass(frozen=True, slots=True)
class DevResult:
    """Loss a label, word and character error rate (fractions; spaces count as characters)."""

    loss: float
    wer: float
    cer: float

    def rank(self, measure: str) -> tuple[float, float, float]:
        """Lower is better: the error rate `wer` or `cer`, as asked, then the other one, then the loss."""
        first, second = (self.cer, self.wer) if measure == "cer" else (self.wer, self.cer)
        return (first, second, self.loss)


def ctc_losses(log_probs: Tensor, frames: Tensor, batch: Batch, *, zero_infinity: bool = False) -> Tensor:
    """Return the CTC loss of each row: log_probs [B, F', V], frames [B] -> [B]; infinite where labels do not fit.

    `zero_infinity` makes such losses, and their gradients, zero instead.
    """
    if log_probs.shape[1] == 0:
        log_probs = functional.pad(log_probs, (0, 0, 0, 1))  # torch refuses a batch without frames
    return functional.ctc_loss(
        log_probs.transpose(0, 1),
        batch.labels,
        frames,
        batch.label_lengths,
        reduction="none",
        zero_infinity=zero_infinity,
    )


@torch.inference_mode()
def evaluate(
    model: AcousticModel,
    examples: Sequence[Example],
    references: dict[str, str],
    cache: AudioCache,
    tokens: Sequence[str],
    *,
    batch_s: float,
    device: torch.device,
) -> DevResult:
    """Return the greedy result of a model on a development set, in float32; the model is left in evaluation mode."""
    model.eval()
    decoder = Greedy(tokens)
    hypotheses: dict[str, str] = {}
    total = 0.0
    for batch in dev_batches(examples, cache, batch_s):
        moved = batch.to(device)
        log_probs, frames = model(moved.samples, moved.lengths)
        losses = ctc_losses(log_probs, frames, moved)
        total += float(losses[losses.isfinite() & (moved.label_lengths > 0)].sum())
        for name, row, length in zip(batch.ids, log_probs.cpu().numpy(), frames.tolist(), strict=True):
            hypotheses[name] = decoder.decode(row[:length], frame_shift_s=1.0).text
    report = score(references, hypotheses)
    labels = sum(len(example.labels) for example in examples)
    return DevResult(loss=total / max(labels, 1), wer=report.wer, cer=report.cer)


@torch.inference_mode()
def class_priors(
    model: AcousticModel, examples: Sequence[Example], cache: AudioCache, *, batch_s: float, limit_s: float = PRIORS_S
) -> tuple[float, ...]:
    """Return the natural logarithm of each token's mean probability over the frames of a training set: [V].

    The audio is as it was recorded and the model in evaluation mode, where it is left. Of more than `limit_s` seconds
    of audio every n-th utterance is taken, with the least n that keeps to it. Acoustic likelihoods are probabilities
    divided by such priors, as hybrid models have them and EESEN brought them to CTC (Miao et al. 2015; its own count
    the labels of the texts and a blank around each).
    """
    model.eval()
    device = next(model.parameters()).device
    every = math.ceil(sum(example.utterance.duration_s for example in examples) / limit_s)
    total, count = torch.full((model.head.out_features,), -math.inf, dtype=torch.float64), 0
    for batch in dev_batches(examples[:: max(every, 1)], cache, batch_s):
        log_probs, frames = model(batch.samples.to(device), batch.lengths.to(device))
        chosen = log_probs[mask(frames, log_probs.shape[1])].double().cpu()  # [sum of frames, V]
        total, count = total.logaddexp(chosen.logsumexp(dim=0)), count + len(chosen)
    return tuple((total - math.log(count)).tolist())
