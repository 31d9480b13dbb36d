"""Whether CTC can learn an utterance at all: the frames that a model makes of it against those that its labels need."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from asr.mel import FeatureSpec

FACTOR = 4  # feature frames to an output frame, in every encoder


def samples_at_speed(samples: int, speed: float) -> int:
    """Return a lower bound of how many samples speed perturbation leaves."""
    return int(samples / speed)


def output_frames(duration_s: float, speed: float, spec: FeatureSpec) -> int:
    """Return the frames that CTC sees of an utterance played at `speed`."""
    samples = samples_at_speed(round(duration_s * spec.rate_hz), speed)
    return -(-spec.frames(samples) // FACTOR)


def frames_needed(labels: Sequence[int]) -> int:
    """Return how many frames CTC needs for a label sequence: one a label and one blank between equal neighbours."""
    return len(labels) + sum(a == b for a, b in pairwise(labels))
