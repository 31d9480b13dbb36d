"""What a comparison found: counts of every utterance, rates of all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from asr.scoring.alignment import aligned_text
from asr.scoring.totals import COUNTS, RATES, IntArray, Totals

_MARKS = "CSDI"


@dataclass(frozen=True, slots=True)
class UtteranceScore:
    """One pair of texts with its edits: one mark (C S I D) a word in `marks`, one a character in `char_marks`.

    Characters are Unicode code points, and the space between words is one of them.
    """

    id: str
    reference: str
    hypothesis: str
    marks: str
    char_marks: str

    @property
    def hits(self) -> int:
        return self.marks.count("C")

    @property
    def substitutions(self) -> int:
        return self.marks.count("S")

    @property
    def deletions(self) -> int:
        return self.marks.count("D")

    @property
    def insertions(self) -> int:
        return self.marks.count("I")

    @property
    def words(self) -> int:
        """The words of the reference."""
        return _of_reference(self.marks)

    @property
    def errors(self) -> int:
        return _errors(self.marks)

    @property
    def char_hits(self) -> int:
        return self.char_marks.count("C")

    @property
    def char_substitutions(self) -> int:
        return self.char_marks.count("S")

    @property
    def char_deletions(self) -> int:
        return self.char_marks.count("D")

    @property
    def char_insertions(self) -> int:
        return self.char_marks.count("I")

    @property
    def characters(self) -> int:
        """The characters of the reference, spaces included."""
        return _of_reference(self.char_marks)

    @property
    def char_errors(self) -> int:
        return _errors(self.char_marks)

    @property
    def alignment(self) -> str:
        """Three lines, REF, HYP and OPS, word under word."""
        return aligned_text(self.reference, self.hypothesis, self.marks)

    @property
    def pairs(self) -> list[tuple[str, str, str]]:
        """(mark, word said, word read) of every column of the alignment, "" where a side has none."""
        words, guesses = iter(self.reference.split()), iter(self.hypothesis.split())
        return [(mark, "" if mark == "I" else next(words), "" if mark == "D" else next(guesses)) for mark in self.marks]

    def as_dict(self) -> dict[str, object]:
        names = ("id", "reference", "hypothesis", "marks", "words", "hits", "substitutions", "deletions", "insertions")
        return {name: getattr(self, name) for name in (*names, "characters", "char_errors")}


@dataclass(frozen=True)
class Report:
    """The scores of a set; rates are fractions of the whole set's reference, not means over utterances."""

    utterances: tuple[UtteranceScore, ...]

    @cached_property
    def counts(self) -> IntArray:
        """The counts of every utterance in the order of `asr.scoring.totals.COUNTS`: [N, 10]."""
        return np.array([_counts(each) for each in self.utterances], np.int64).reshape(-1, len(COUNTS))

    @cached_property
    def totals(self) -> Totals:
        return Totals(self.counts.sum(axis=0))

    def part(self, places: Iterable[int]) -> Totals:
        """Return the totals of the utterances at these places."""
        return Totals(self.counts[list(places)].sum(axis=0))

    @property
    def words(self) -> int:
        """The words of all references: the denominator of `wer`."""
        return int(self.totals.words)

    @property
    def characters(self) -> int:
        """The characters of all references, spaces included: the denominator of `cer`."""
        return int(self.totals.characters)

    @property
    def hits(self) -> int:
        return int(self.totals.of("hits"))

    @property
    def substitutions(self) -> int:
        return int(self.totals.of("substitutions"))

    @property
    def deletions(self) -> int:
        return int(self.totals.of("deletions"))

    @property
    def insertions(self) -> int:
        return int(self.totals.of("insertions"))

    @property
    def errors(self) -> int:
        return int(self.totals.errors)

    @property
    def char_errors(self) -> int:
        return int(self.totals.char_errors)

    @property
    def wer(self) -> float:
        """Word errors per word of the references; above 1 where much was inserted."""
        return float(self.totals.wer)

    @property
    def cer(self) -> float:
        """Character errors per character of the references, with the space between words as a character."""
        return float(self.totals.cer)

    @property
    def ser(self) -> float:
        """The share of utterances with a wrong word."""
        return float(self.totals.ser)

    @property
    def mer(self) -> float:
        """Word errors per word of the alignment, never above 1."""
        return float(self.totals.mer)

    @property
    def wil(self) -> float:
        """Word information lost, from 0 to 1."""
        return float(self.totals.wil)

    def as_dict(self) -> dict[str, object]:
        """Return the rates, the counts and every utterance, ready for JSON."""
        counts = ("words", "hits", "substitutions", "deletions", "insertions", "characters", "char_errors")
        return {
            **{name: getattr(self, name) for name in (*RATES, *counts)},
            "utterances": [utterance.as_dict() for utterance in self.utterances],
        }


def _counts(utterance: UtteranceScore) -> list[int]:
    """Return the counts of one utterance in the order of COUNTS."""
    counts = [marks.count(mark) for marks in (utterance.marks, utterance.char_marks) for mark in _MARKS]
    return [1, int(_errors(utterance.marks) > 0), *counts]


def _of_reference(marks: str) -> int:
    return len(marks) - marks.count("I")


def _errors(marks: str) -> int:
    return len(marks) - marks.count("C")
