"""How well a path fits: where each of its labels lies, how sure the model is of it, and what the path loses."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from asr.alignment.script import Labels, Script
from asr.types import FloatArray


class Fit(NamedTuple):
    """A path label by label, and what it loses against the best path frame by frame."""

    first: npt.NDArray[np.int64]  # [L] frame in which a label begins
    end: npt.NDArray[np.int64]  # [L] the one after its last
    posterior: FloatArray  # [L] the greatest probability of the label in its frames
    lost: npt.NDArray[np.float64]  # [F + 1] log-probability lost before each frame, 0 or less
    score: float  # of the whole: lost a label of the text or of the best path, whichever are more


def measured(log_probs: FloatArray, best: FloatArray, path: Labels, wanted: Script, blank: int) -> Fit:
    """Measure a path [F] through log_probs [F, V], of which `best` [F] are the greatest.

    The wild card loses nothing and counts as no label.
    """
    spoken = np.flatnonzero(path >= 0)
    begins = np.flatnonzero(np.diff(path[spoken], prepend=-1))  # in `spoken`, of each label
    labels = np.append(wanted.labels, np.int32(blank))[path]  # [F]; -1 is the blank, put last
    wild = labels == wanted.wild
    taken = np.where(wild, best, log_probs[np.arange(len(path)), np.where(wild, 0, labels)])  # [F]
    lost = np.append(0.0, np.cumsum(taken - best, dtype=np.float64))
    greedy = log_probs.argmax(axis=1) if len(path) else labels
    runs = np.count_nonzero((greedy != blank) & (np.diff(greedy, prepend=-1) != 0) & ~wild)
    said = max(1, int(runs), int(np.count_nonzero(wanted.labels != wanted.wild)))
    ends = spoken[np.append(begins[1:], len(spoken))[: len(begins)] - 1] + 1
    posterior = np.exp(np.maximum.reduceat(taken[spoken], begins)) if len(begins) else np.zeros(0, np.float32)
    return Fit(spoken[begins], ends, np.minimum(posterior, 1.0), lost, float(lost[-1]) / said)
