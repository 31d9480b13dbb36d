"""Where phrases of speech end: what recordings that come in pieces and long ones have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from asr.tokenizers import SPACE
from asr.types import FloatArray, Hypothesis

PAUSE_S = 0.8  # which ends a phrase
LONGEST_S = 30.0  # after which a phrase without such a pause ends at its longest


def silent_tokens(tokens: Sequence[str], blank: int) -> list[int]:
    """Return the labels of frames in which nothing is said: the blank and spaces."""
    return [blank, *(place for place, token in enumerate(tokens) if token == SPACE)]


def says_nothing(log_probs: FloatArray, silent: Sequence[int]) -> npt.NDArray[np.bool_]:
    """Return of each frame [F, V] whether one of the silent labels is the likeliest."""
    return np.isin(log_probs.argmax(axis=1), silent)


def runs_of(flags: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Return (first, end) of each stretch of true flags [F], as an array [R, 2]."""
    return np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]))).reshape(-1, 2)


def later(hypothesis: Hypothesis, by_s: float) -> Hypothesis:
    """Return a hypothesis whose words, and those of its alternatives, are said later."""
    words = tuple(replace(word, start_s=word.start_s + by_s, end_s=word.end_s + by_s) for word in hypothesis.words)
    return replace(hypothesis, words=words, alternatives=tuple(later(other, by_s) for other in hypothesis.alternatives))
