"""The best label of every frame (Graves et al. 2006, "best path decoding")."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from asr.decoders.path import check_log_probs, check_tokens, collapse, hypothesis
from asr.errors import ModelError
from asr.types import FloatArray, Hypothesis


class Greedy:
    """Takes the best label of every frame, then drops repeats and blanks; the first of equal labels wins."""

    def __init__(self, tokens: Sequence[str], blank: int = 0) -> None:
        self.tokens = check_tokens(tokens, blank)
        self.blank = blank

    def decode(self, log_probs: FloatArray, *, frame_shift_s: float) -> Hypothesis:
        """Return the hypothesis of one utterance, `log_probs` [F, V]; ModelError for what is no log-probability."""
        log_probs = check_log_probs(log_probs, vocabulary=len(self.tokens))
        path = log_probs.argmax(axis=1)  # [F]
        best = np.exp(log_probs[np.arange(len(path)), path])  # [F]
        if np.isnan(best).any():  # argmax points at a NaN wherever a row has one
            raise ModelError(f"log_probs: row {np.isnan(best).argmax()} holds NaN; check the samples that went in")
        runs = collapse(path, self.blank)
        posteriors = [float(best[first:end].max()) for _, first, end in runs]
        return hypothesis(self.tokens, runs, posteriors, frame_shift_s)

    def decode_batch(
        self, batch: Iterable[FloatArray], *, frame_shift_s: float, threads: int | None = None
    ) -> list[Hypothesis]:
        """Return the hypotheses of several utterances, in their order; too little work for threads to be of use."""
        return [self.decode(log_probs, frame_shift_s=frame_shift_s) for log_probs in batch]
