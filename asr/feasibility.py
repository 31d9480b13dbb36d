"""Whether CTC can learn an utterance at all: the frames that a model makes of it against those that its labels need."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from asr.mel import FeatureSpec

FACTOR = 4  # feature frames to an output frame, in every encoder

Counts = npt.NDArray[np.int64]


def samples_at_speed(samples: npt.ArrayLike, speed: float) -> Counts:
    """Return a lower bound of how many samples speed perturbation leaves of so many: [N] -> [N]."""
    return np.trunc(np.divide(samples, speed)).astype(np.int64)


def output_frames(durations_s: npt.ArrayLike, speed: float, spec: FeatureSpec) -> Counts:
    """Return the frames that CTC sees of utterances played at `speed`: [N] -> [N]."""
    samples = samples_at_speed(np.rint(np.multiply(durations_s, spec.rate_hz)), speed)
    return -(-spec.frames(samples) // FACTOR)


def frames_needed(labels: Sequence[int]) -> int:
    """Return how many frames CTC needs for a label sequence: one a label and one blank between equal neighbours."""
    return len(labels) + sum(a == b for a, b in pairwise(labels))


def most_needed(texts: Sequence[str]) -> Counts:
    """Return no fewer frames than CTC needs for texts whose labels are pieces of them: [N].

    With a space before each word such labels are at most one a byte. Between equal neighbours they need a frame more:
    those of one character show as equal bytes, and longer ones have bytes to spare.
    """
    whole = "".join(texts)
    encoded = texts if whole.isascii() else [text.encode(errors="surrogatepass") for text in texts]
    ends = np.cumsum([len(text) for text in encoded], dtype=np.int64)  # [N], in bytes
    starts = np.concatenate([[0], ends[:-1]]).astype(np.int64)
    joined = np.frombuffer(whole.encode(errors="surrogatepass"), np.uint8)
    equal = np.zeros(len(joined) + 1, np.int64)  # neighbours among the first n bytes
    np.cumsum(joined[1:] == joined[:-1], out=equal[2:])
    return 1 + ends - starts + equal[ends] - equal[np.minimum(starts + 1, ends)]
