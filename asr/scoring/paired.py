"""Is one system better than another on the same utterances? Matched pairs, sign test, bootstrap."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from asr.scoring.bootstrap import Bootstrap, Interval
from asr.scoring.totals import IntArray, Totals

BUFFER = 2  # right words on both sides that part two segments, as in sc_stats
SIGNIFICANT = 0.05
ENOUGH = 50  # segments from which on the normal approximation holds


class MatchedPairs(NamedTuple):
    """The matched-pair sentence segment word error test (Gillick and Cox 1989) of the differences A - B."""

    segments: int
    mean: float  # errors of A less errors of B in a segment
    deviation: float
    z: float
    p: float  # two-tailed
    exact: float | None = None  # of few segments, for which p is too optimistic

    @property
    def chance(self) -> float:
        """How often two equally good systems would differ by this much or more."""
        return self.p if self.exact is None else self.exact


class Signs(NamedTuple):
    """The sign test: how many units are better in A, in B, in neither, and the chance of such odds from a fair coin."""

    better_a: int
    better_b: int
    equal: int
    p: float  # two-tailed


class Improvement(NamedTuple):
    """The bootstrap of the difference of the word error rates, B - A (Bisani and Ney 2004)."""

    difference: float
    interval: Interval | None
    probability: float  # the share of the rounds in which B is better; a draw counts half


def matched_pairs(segments: Sequence[tuple[int, int]]) -> MatchedPairs:
    """Test whether the mean difference of (errors of A, errors of B) over the segments is 0.

    Agrees with sc_stats of NIST's SCTK. Its normal approximation wants about 50 segments; for fewer `exact` is the
    share of all ways to give each difference one sign or the other that are as uneven (Fisher's randomisation test).
    """
    differences = np.array([a - b for a, b in segments], np.int64)
    exact = _randomised(differences) if len(differences) < ENOUGH else None
    if len(differences) < 2 or not differences.var():
        mean = float(differences.mean()) if len(differences) else 0.0
        return MatchedPairs(len(differences), mean, 0.0, 0.0, 1.0, exact)
    mean, deviation = float(differences.mean()), float(differences.std(ddof=1))
    z = mean / (deviation / math.sqrt(len(differences)))
    return MatchedPairs(len(differences), mean, deviation, z, math.erfc(abs(z) / math.sqrt(2)), exact)


def _randomised(differences: IntArray) -> float:
    """Return the share of all signs of the differences whose sum is as far from 0 as theirs, or farther."""
    reach = int(np.abs(differences).sum())
    ways = np.ones(1)  # of each sum, from - to + what was added so far
    for size in np.abs(differences[differences != 0]).tolist():
        step = np.zeros(2 * size + 1)
        step[[0, -1]] += 0.5
        ways = np.convolve(ways, step)
    sums = np.abs(np.arange(-reach, reach + 1))
    return float(ways[sums >= abs(int(differences.sum()))].sum())


def segments(a: Iterable[str], b: Iterable[str], buffer: int = BUFFER) -> list[tuple[int, int]]:
    """Return (errors of A, errors of B) in each segment that has an error, over utterances of the same references.

    a, b: the marks of each utterance. `buffer` words in a row that both systems have right, with nothing inserted
    between them, end a segment, and so does the end of an utterance.
    """
    return [part for left, right in zip(a, b, strict=True) for part in _parts(_slots(left), _slots(right), buffer)]


def _slots(marks: str) -> list[int]:
    """Return the errors in turn: inserted before the first word of the reference, in it, before the second, ..."""
    slots = [0]
    for mark in marks:
        if mark == "I":
            slots[-1] += 1
        else:
            slots += [int(mark != "C"), 0]
    return slots


def _parts(a: list[int], b: list[int], buffer: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    errors_a = errors_b = right = 0
    for place, (left, other) in enumerate(zip(a, b, strict=True)):
        right = 0 if left or other else right + place % 2  # only words of the reference are right, not the gaps
        errors_a, errors_b = errors_a + left, errors_b + other
        if right >= buffer and (errors_a or errors_b):
            found.append((errors_a, errors_b))
            errors_a = errors_b = 0
    return [*found, (errors_a, errors_b)] if errors_a or errors_b else found


def sign_test(a: Sequence[float], b: Sequence[float]) -> Signs:
    """Compare the error rates of each unit (a speaker, an utterance) under A and under B.

    Units without a difference are shared out, and one that is left over goes against the system whose rates are lower
    in the mean, as in sc_stats of NIST's SCTK. The chance is exact, where sc_stats approximates it from 21 units on.
    """
    better_a = sum(x < y for x, y in zip(a, b, strict=True))
    better_b = sum(x > y for x, y in zip(a, b, strict=True))
    equal = len(a) - better_a - better_b
    for_a, for_b = better_a + equal // 2, better_b + equal // 2
    if equal % 2:
        for_a, for_b = (for_a + 1, for_b) if sum(a) > sum(b) else (for_a, for_b + 1)
    p = 1.0 if for_a == for_b else min(1.0, 2 * _tail(min(for_a, for_b), len(a)))
    return Signs(better_a, better_b, equal, p)


def _tail(successes: int, tosses: int) -> float:
    """Return the chance of at most so many successes of a fair coin."""
    every = math.lgamma(tosses + 1) - tosses * math.log(2)
    return sum(math.exp(every - math.lgamma(k + 1) - math.lgamma(tosses - k + 1)) for k in range(successes + 1))


def improvement(a: IntArray, b: IntArray, bootstrap: Bootstrap) -> Improvement:
    """Return how much better B is than A in word error rate, both drawn together: counts [N, 10] of the same units."""
    difference = float(Totals(b.sum(axis=0)).wer - Totals(a.sum(axis=0)).wer)
    drawn_a, drawn_b = (Totals(part).wer for part in np.split(bootstrap.sums(np.hstack([a, b])), 2, axis=1))
    differences = drawn_b - drawn_a
    better = (differences < 0).mean() + (differences == 0).mean() / 2
    return Improvement(difference, bootstrap.interval(differences, len(a)), float(better))
