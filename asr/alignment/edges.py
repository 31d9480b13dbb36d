"""Where words begin and end in the sound: what a CTC path does not say.

A CTC model may say a token at any time at which it knows it, so its spikes tell the order of the words and roughly
where they are, not where they begin: the first token of a word comes late (the letter in which `s` is spelled, `ess`,
is heard at its end) and the last one early, by a tenth of a second or more, and not by the same time for every word. So
the path gives the stretch between the last token of a word and the first of the next, and the loudness decides within
it: the words end and begin at the pause in it, or meet where it is most quiet.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from asr.alignment.script import Span
from asr.signal import HOPS
from asr.types import FloatArray

# A pause is quieter than a quarter of the way, in decibels, from the quietest of the stretch to the word, for 50 ms at
# least and within half a second of the word's tokens. Where the word stands out by less than 10 dB no pause can be told
# from it, and its edge lies within 0.2 s. Chosen on the development set of AN4 against the word times of PocketSphinx
# and the onsets of the energy, with noise and without; any pause from 0.2 to 0.4, 30 to 80 ms and 6 to 15 dB give the
# same within 10 ms.
_PAUSE = 0.25
_PAUSE_HOPS = 5
_CONTRAST_DB = 10.0
_RANGE_DB = 40.0  # what is quieter still is as quiet: beside digital silence a room would be loud
_REACH_HOPS = 50
_NEAR_HOPS = 20


def word_edges(loudness: FloatArray, tokens: Sequence[Span]) -> list[Span]:
    """Return the first hop of each word and the one after its last: loudness [H], and its span of frames in the path.

    The spans ascend and do not overlap, nor do the words.
    """
    smooth = np.convolve(np.pad(loudness, 1, "edge"), np.full(3, 1 / 3), "valid") if len(loudness) else loudness
    # A word has at least the middle of its tokens' frames, and leaves their neighbours at least as much.
    sure = [(HOPS * first + 1, HOPS * end - 1) for first, end in tokens]
    before = [0, *(end for _, end in sure)]
    after = [*(first for first, _ in sure[1:]), len(smooth)]
    starts, ends = [], []
    for at, (first, end) in enumerate(sure):
        level = _quantile(smooth[first:end], 0.75)
        stretch = smooth[max(before[at], first - _REACH_HOPS) : first]
        starts.append(first - _until_quiet(stretch[::-1], level))
        stretch = smooth[end : min(after[at], end + _REACH_HOPS)]
        ends.append(end + _until_quiet(stretch, level))
    limits = [*starts[1:], *ends[-1:]]
    return [(start, min(end, limit)) for start, end, limit in zip(starts, ends, limits, strict=True)]


def _until_quiet(stretch: FloatArray, level: float) -> int:
    """Return how many hops of the stretch that follows a word belong to the word."""
    if not len(stretch):
        return 0
    floor = max(_quantile(stretch, 0.1), level - _RANGE_DB)
    if level - floor >= _CONTRAST_DB:
        quiet = stretch < floor + _PAUSE * (level - floor)
        runs = np.convolve(quiet, np.ones(_PAUSE_HOPS), "valid") == _PAUSE_HOPS
        if runs.any():
            return int(runs.argmax())
    return int(stretch[:_NEAR_HOPS].argmin())


def _quantile(values: FloatArray, share: float) -> float:
    return float(np.sort(values)[int(share * len(values))])
