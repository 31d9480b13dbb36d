"""From the labels of a path to the words of the text with their times."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from asr.alignment.edges import word_edges
from asr.alignment.fit import Fit
from asr.alignment.result import AlignedWord
from asr.alignment.script import Script
from asr.signal import HOPS
from asr.types import FloatArray

Times = tuple[float, float]


def timed(wanted: Script, fit: Fit, loudness: FloatArray, frame_shift_s: float) -> tuple[AlignedWord, ...]:
    """Return the words of a script with their times, confidences and scores."""
    times = _times(wanted, fit, loudness, frame_shift_s / HOPS)
    return tuple(_word(wanted, fit, at, times[at]) for at in range(len(wanted.words)))


def _word(wanted: Script, fit: Fit, at: int, times: Times) -> AlignedWord:
    if not wanted.is_heard(at):
        return AlignedWord(wanted.words[at], *times, confidence=0.0, interpolated=True)
    first, end = wanted.spans[at]
    lost = fit.lost[fit.end[end - 1]] - fit.lost[fit.first[first]]
    confidence = float(fit.posterior[first:end].mean())
    return AlignedWord(wanted.words[at], *times, confidence=confidence, score=float(lost) / (end - first))


def _times(wanted: Script, fit: Fit, loudness: FloatArray, hop_s: float) -> list[Times]:
    """Return start and end of each word in seconds.

    Words that share a wild card share its time by the number of their characters. Words without a sound get the moment
    at which the word before them ends.
    """
    with_sound = [at for at, (first, end) in enumerate(wanted.spans) if first < end]
    shared = [list(members) for _, members in groupby(with_sound, key=lambda at: wanted.spans[at])]
    spans = [wanted.spans[members[0]] for members in shared]
    edges = word_edges(loudness, [(int(fit.first[first]), int(fit.end[end - 1])) for first, end in spans])
    times: dict[int, Times] = {}
    for members, (start, end) in zip(shared, edges, strict=True):
        parts = _split(start * hop_s, end * hop_s, [len(wanted.words[at]) for at in members])
        times |= zip(members, parts, strict=True)
    moment = 0.0
    found = []
    for at in range(len(wanted.words)):
        found.append(times.get(at, (moment, moment)))
        moment = found[-1][1]
    return found


def _split(start_s: float, end_s: float, sizes: Sequence[int]) -> list[Times]:
    """Return a stretch cut into parts of these relative sizes."""
    cuts = [start_s]
    for number in range(1, len(sizes)):
        cuts.append(start_s + (end_s - start_s) * sum(sizes[:number]) / sum(sizes))
    return list(zip(cuts, [*cuts[1:], end_s], strict=True))
