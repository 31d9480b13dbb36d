"""The fewest edits between two sequences, found by rapidfuzz, and their picture in three lines."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from typing import cast

from asr.errors import ConfigError, did_you_mean
from asr.han import parted
from asr.scoring.nist import nist_edits

_MARKS = {"replace": "S", "insert": "I", "delete": "D"}


def edits(references: Sequence[str], hypotheses: Sequence[str], *, characters: bool = False) -> list[str]:
    """Return for each pair of texts the fewest edits between them, one mark a word or, with `characters`, a character.

    Marks: C correct, S substituted, I inserted, D deleted. An empty side makes everything of the other an insertion or
    a deletion. Agrees with `process_words` and `process_characters` of jiwer, which has them from rapidfuzz too.
    """
    parts: Callable[[str], Sequence[str]] = str if characters else str.split
    return [_marks(parts(left), parts(right)) for left, right in zip(references, hypotheses, strict=True)]


def _marks(left: Sequence[str], right: Sequence[str]) -> str:
    if left == right:
        return "C" * len(left)
    from rapidfuzz.distance import Levenshtein  # here, because most runs never score

    marks, reached = "", 0
    for kind, place, _ in cast("list[tuple[str, int, int]]", Levenshtein.editops(left, right).as_list()):
        marks += "C" * (place - reached) + _MARKS[kind]
        reached = place + (kind != "insert")
    return marks + "C" * (len(left) - reached)


ALIGNERS: dict[str, Callable[[Sequence[str], Sequence[str]], list[str]]] = {"fewest": edits, "nist": nist_edits}


def get_aligner(name: str) -> Callable[[Sequence[str], Sequence[str]], list[str]]:
    """Return the aligner of words called `name`; ConfigError names the known ones."""
    if name not in ALIGNERS:
        raise ConfigError(f"alignment {name!r}: unknown{did_you_mean(name, ALIGNERS)}")
    return ALIGNERS[name]


def aligned_text(reference: str, hypothesis: str, marks: str | None = None) -> str:
    """Return three lines, REF, HYP and the marks (C S I D), with the words of a column one above the other.

    `marks` are those of `edits` on the words, which spaces part; where they are not given, they are found, and Han
    characters are words of their own. Where a side has no word stand asterisks. Columns are counted as a terminal draws
    them: wide characters take two cells, combining ones none.
    """
    if marks is None:
        reference, hypothesis = parted(reference), parted(hypothesis)
        (marks,) = edits([reference], [hypothesis])
    words, guesses = iter(reference.split()), iter(hypothesis.split())
    lines = ["REF:", "HYP:", "OPS:"]
    for mark in marks:
        word = "" if mark == "I" else next(words)
        guess = "" if mark == "D" else next(guesses)
        column = (word or "*" * cells(guess), guess or "*" * cells(word), mark)
        width = max(map(cells, column))
        lines = [f"{line} {text}{' ' * (width - cells(text))}" for line, text in zip(lines, column, strict=True)]
    return "\n".join(line.rstrip() for line in lines)


def cells(text: str) -> int:
    """Return how many cells of a terminal a text takes (Unicode Standard Annex 11, East Asian width)."""
    return sum(map(_cells_of, text))


def _cells_of(character: str) -> int:
    if (
        unicodedata.category(character) in ("Mn", "Me", "Cf") or "\u1160" <= character <= "\u11ff"
    ):  # Hangul vowels, finals
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
