"""Whether CTC can learn an utterance: it needs a frame a label, and one more between equal neighbours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from asr.mel import FeatureSpec
from asr.model.ctc import frames_needed
from asr.train.augment import samples_at_speed
from asr.train.examples import Examples

Counts = npt.NDArray[np.int64]
_PIECE = 1 << 16  # of a set at a time, to keep what the sums take small


def output_frames(durations_s: npt.ArrayLike, speed: float, spec: FeatureSpec) -> Counts:
    """Return the frames that CTC sees of utterances played at `speed`: [N] -> [N]."""
    samples = samples_at_speed(np.rint(np.multiply(durations_s, spec.rate_hz)), speed)
    return -(-spec.frames(samples) // 4)


def most_needed(texts: Sequence[str]) -> Counts:
    """Return no fewer frames than CTC needs for texts whose labels are pieces of them: [N].

    With a space before each word such labels are at most one a byte. Between equal neighbours they need a frame more:
    those of one character show as equal bytes, and longer ones have bytes to spare.
    """
    encoded = [text.encode(errors="surrogatepass") for text in texts]
    ends = np.cumsum([len(text) for text in encoded], dtype=np.int64)  # [N]
    starts = np.concatenate([[0], ends[:-1]]).astype(np.int64)
    joined = np.frombuffer(b"".join(encoded), np.uint8)
    equal = np.zeros(len(joined) + 1, np.int64)  # neighbours among the first n bytes
    np.cumsum(joined[1:] == joined[:-1], out=equal[2:])
    return 1 + ends - starts + equal[ends] - equal[np.minimum(starts + 1, ends)]


def feasible(
    examples: Examples, speed: float, spec: FeatureSpec, needed: npt.NDArray[np.int32] | None = None
) -> tuple[Examples, tuple[str, ...]]:
    """Return the examples with frames enough for labels + repeats at the fastest speed, and the ids of the others.

    needed [N]: no fewer frames than each may need, where that is known; only where these are not there is an example
    encoded.
    """
    durations_s = examples.durations_s
    pieces = [durations_s[start : start + _PIECE] for start in range(0, len(durations_s) or 1, _PIECE)]
    frames = np.concatenate([output_frames(piece, speed, spec).astype(np.int32) for piece in pieces])
    doubtful = np.flatnonzero(frames < (np.iinfo(np.int32).max if needed is None else needed))
    lacking = [place for place in doubtful.tolist() if frames[place] < max(frames_needed(examples[place].labels), 1)]
    return examples.without(lacking), tuple(examples[place].utterance.id for place in lacking)
