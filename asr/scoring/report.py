"""What a comparison found: counts of every utterance, rates of all."""

from __future__ import annotations

from dataclasses import dataclass

from asr.scoring.alignment import aligned_text


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

    def as_dict(self) -> dict[str, object]:
        names = ("id", "reference", "hypothesis", "marks", "words", "hits", "substitutions", "deletions", "insertions")
        return {name: getattr(self, name) for name in (*names, "characters", "char_errors")}


@dataclass(frozen=True, slots=True)
class Report:
    """The scores of a set; rates are fractions of the whole set's reference, not means over utterances."""

    utterances: tuple[UtteranceScore, ...]

    @property
    def words(self) -> int:
        """The words of all references: the denominator of `wer`."""
        return sum(utterance.words for utterance in self.utterances)

    @property
    def characters(self) -> int:
        """The characters of all references, spaces included: the denominator of `cer`."""
        return sum(utterance.characters for utterance in self.utterances)

    @property
    def hits(self) -> int:
        return sum(utterance.hits for utterance in self.utterances)

    @property
    def substitutions(self) -> int:
        return sum(utterance.substitutions for utterance in self.utterances)

    @property
    def deletions(self) -> int:
        return sum(utterance.deletions for utterance in self.utterances)

    @property
    def insertions(self) -> int:
        return sum(utterance.insertions for utterance in self.utterances)

    @property
    def errors(self) -> int:
        return self.substitutions + self.deletions + self.insertions

    @property
    def wer(self) -> float:
        """Word errors per word of the references; above 1 where much was inserted."""
        return self.errors / self.words

    @property
    def char_errors(self) -> int:
        return sum(utterance.char_errors for utterance in self.utterances)

    @property
    def cer(self) -> float:
        """Character errors per character of the references, with the space between words as a character."""
        return self.char_errors / self.characters

    @property
    def ser(self) -> float:
        """The share of utterances with a wrong word."""
        return sum(utterance.errors > 0 for utterance in self.utterances) / len(self.utterances)

    def as_dict(self) -> dict[str, object]:
        """Return the rates, the counts and every utterance, ready for JSON."""
        counts = ("words", "hits", "substitutions", "deletions", "insertions", "characters", "char_errors")
        return {
            **{name: getattr(self, name) for name in ("wer", "cer", "ser", *counts)},
            "utterances": [utterance.as_dict() for utterance in self.utterances],
        }


def _of_reference(marks: str) -> int:
    return len(marks) - marks.count("I")


def _errors(marks: str) -> int:
    return len(marks) - marks.count("C")
