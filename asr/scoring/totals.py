"""The counts of a comparison and every rate that follows from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

OF_WORDS = ("hits", "substitutions", "deletions", "insertions")
OF_CHARACTERS = tuple(f"char_{name}" for name in OF_WORDS)
COUNTS = ("utterances", "wrong", *OF_WORDS, *OF_CHARACTERS)  # wrong: utterances with a wrong word
RATES = ("wer", "cer", "ser", "mer", "wil")


@dataclass(frozen=True, slots=True)
class Totals:
    """The counts of one set, or of many sets at once: `counts` [..., 10] in the order of COUNTS.

    Every rate is a fraction of sums, never a mean over utterances, and NaN where its denominator is 0.
    """

    counts: IntArray | FloatArray  # [..., 10]

    def of(self, name: str) -> FloatArray:
        """Return one of COUNTS: [...]."""
        return np.asarray(self.counts[..., COUNTS.index(name)], np.float64)

    def rate(self, name: str) -> FloatArray:
        """Return one of RATES: [...]."""
        return np.asarray(getattr(self, name))

    @property
    def words(self) -> FloatArray:
        """The words of the references."""
        return self.of("hits") + self.of("substitutions") + self.of("deletions")

    @property
    def errors(self) -> FloatArray:
        return self.of("substitutions") + self.of("deletions") + self.of("insertions")

    @property
    def characters(self) -> FloatArray:
        """The characters of the references."""
        return self.of("char_hits") + self.of("char_substitutions") + self.of("char_deletions")

    @property
    def char_errors(self) -> FloatArray:
        return self.of("char_substitutions") + self.of("char_deletions") + self.of("char_insertions")

    @property
    def wer(self) -> FloatArray:
        """Word error rate: (S + D + I) / (H + S + D); above 1 where much was inserted."""
        return _ratio(self.errors, self.words)

    @property
    def cer(self) -> FloatArray:
        """Character error rate: as the word error rate, over characters."""
        return _ratio(self.char_errors, self.characters)

    @property
    def ser(self) -> FloatArray:
        """Sentence error rate: the share of utterances with a wrong word."""
        return _ratio(self.of("wrong"), self.of("utterances"))

    @property
    def mer(self) -> FloatArray:
        """Match error rate: (S + D + I) / (H + S + D + I), never above 1 (Morris, Maier and Green 2004)."""
        return _ratio(self.errors, self.errors + self.of("hits"))

    @property
    def wil(self) -> FloatArray:
        """Word information lost: 1 - (H / words said) x (H / words read); 1 where nothing was read (the same)."""
        hits = self.of("hits")
        read = hits + self.of("substitutions") + self.of("insertions")
        return np.asarray(1 - _ratio(hits, self.words) * np.where(read == 0, 0.0, _ratio(hits, read)))


def _ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(whole == 0, np.nan, part / whole))
