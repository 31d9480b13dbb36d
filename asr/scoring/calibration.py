"""How far confidences can be trusted: the share of right words at each confidence."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from asr.scoring.report import Report
from asr.scoring.totals import FloatArray
from asr.types import Word

BINS = 10


class Bin(NamedTuple):
    """The words with a confidence in a tenth of 0 to 1: how many, the mean confidence, the share that is right."""

    words: int
    confidence: float
    right: float


class Calibration(NamedTuple):
    """The curve, its mean distance from the diagonal, and how confidence goes with being right.

    correlation: Pearson's between a word's confidence and its being right (1 or 0). cross_entropy: NIST's normalised
    cross entropy, 1 where confidences say all, 0 where they say no more than the share of right words does. Both are
    None where all words are right, all are wrong, or all have one confidence.
    """

    bins: tuple[Bin, ...]
    error: float
    correlation: float | None
    cross_entropy: float | None


def calibration(confidences: Sequence[float], right: Sequence[bool]) -> Calibration | None:
    """Compare the confidence of every word read with whether it is right; None for no words."""
    if not confidences:
        return None
    values, hits = np.asarray(confidences, np.float64), np.asarray(right, np.float64)
    place = np.minimum((values * BINS).astype(int), BINS - 1)
    bins = [
        Bin(int(inside.sum()), float(values[inside].mean()), float(hits[inside].mean()))
        for inside in (place == number for number in range(BINS))
        if inside.any()
    ]
    told = values.std() > 0 and hits.std() > 0
    correlation = float(np.corrcoef(values, hits)[0, 1]) if told else None
    error = expected_calibration_error(confidences, right)
    return Calibration(tuple(bins), error, correlation, _cross_entropy(values, hits) if told else None)


def expected_calibration_error(confidences: Sequence[float], right: Sequence[bool], bins: int = BINS) -> float:
    """Return the mean distance between confidence and share of right words over equal bins (Naeini et al. 2015)."""
    values, hits = np.asarray(confidences, np.float64), np.asarray(right, np.float64)
    if not len(values):
        return 0.0
    place = np.minimum((values * bins).astype(int), bins - 1)
    sums = np.bincount(place, values - hits, minlength=bins)
    return float(np.abs(sums).sum() / len(values))


def judged(words: Iterable[Sequence[Word]], report: Report) -> tuple[list[float], list[bool]]:
    """Return the confidence of every word and whether it is right; of texts whose words the text rules left as many.

    words: those that were read in each utterance of the report, in its order.
    """
    confidences: list[float] = []
    right: list[bool] = []
    for read, score in zip(words, report.utterances, strict=True):
        marks = score.marks.replace("D", "")
        if len(marks) == len(read):
            confidences += [word.confidence for word in read]
            right += [mark == "C" for mark in marks]
    return confidences, right


def _cross_entropy(values: FloatArray, hits: FloatArray) -> float:
    p = np.clip(values, 1e-7, 1 - 1e-7)  # as sclite, which would else take the logarithm of 0
    share = hits.mean()
    most = -len(hits) * (share * math.log2(share) + (1 - share) * math.log2(1 - share))
    told = float(np.where(hits > 0, np.log2(p), np.log2(1 - p)).sum())
    return float((most + told) / most)
