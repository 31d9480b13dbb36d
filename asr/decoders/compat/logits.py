"""From logits to the log-probabilities that are searched."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from asr.errors import ModelError
from asr.types import FloatArray

LEAST = math.log(1e-15)  # no probability counts as less, as in pyctcdecode

Scores = npt.NDArray[np.float64]


def log_softmax(logits: npt.ArrayLike, vocabulary: int) -> Scores:
    """Return log-probabilities of logits [F, vocabulary], or of log-probabilities, which stay as they are.

    Raises ModelError for another shape, for probabilities, and for rows without a finite greatest value.
    """
    given: Scores = np.asarray(logits, np.float64)
    if given.ndim != 2 or given.shape[1] != vocabulary:
        raise ModelError(
            f"logits: shape {given.shape}, not [frames, {vocabulary}]; pass one utterance, a column a label"
        )
    if not len(given):
        return given
    greatest = given.max(axis=1, keepdims=True)  # [F, 1], NaN where a row has one
    if not np.isfinite(greatest).all():
        row = int(np.isfinite(greatest).argmin())
        raise ModelError(f"logits: row {row} holds NaN or infinity; check what went into the model")
    if (given >= 0).all() and (abs(given.sum(axis=1) - 1) < 0.01).all():
        raise ModelError("logits: each row sums to 1, so they are probabilities; pass their logarithm")
    shifted = given - greatest
    log_probs: Scores = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return log_probs.clip(min=LEAST)


def likely(log_probs: Scores, least: float) -> tuple[FloatArray, float]:
    """Return only what is `least` or more, and the best of each row, as distributions again, and what that added.

    What was added is a log-probability as well: it is to be added to every score of the utterance.
    """
    kept = np.where((log_probs >= least) | (log_probs == log_probs.max(axis=1, keepdims=True)), log_probs, -np.inf)
    total = np.logaddexp.reduce(kept, axis=1, keepdims=True)  # [F, 1]
    return (kept - total).astype(np.float32), float(total.sum())
