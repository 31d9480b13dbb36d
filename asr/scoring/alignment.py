"""The edits between two sequences, counted by jiwer, and their picture in three lines."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

from asr.han import parted, units

if TYPE_CHECKING:
    from jiwer import AlignmentChunk

_MARKS = {"equal": "C", "substitute": "S", "insert": "I", "delete": "D"}


def edits(references: Sequence[str], hypotheses: Sequence[str], *, characters: bool = False) -> list[str]:
    """Return for each pair of texts the fewest edits between them, one mark a word or, with `characters`, a character.

    Words are what white space parts, and Han characters, each of which is one.

    Marks: C correct, S substituted, I inserted, D deleted. The texts have no space at their ends and none twice.
    Agrees with `process_words` and `process_characters` of jiwer.
    """
    if not characters:
        references, hypotheses = ([parted(text) for text in side] for side in (references, hypotheses))
    count = len if characters else _count_words
    # jiwer's documentation forbids an empty reference, which 4.0 counts all the same: pairs with an empty side need no
    # search, so they never reach it.
    marks = ["D" * count(left) + "I" * count(right) for left, right in zip(references, hypotheses, strict=True)]
    both = [at for at in range(len(references)) if references[at] and hypotheses[at]]
    chunks = _align([references[at] for at in both], [hypotheses[at] for at in both], characters)
    for at, of_pair in zip(both, chunks, strict=True):
        marks[at] = "".join(_marks(chunk) for chunk in of_pair)
    return marks


def _count_words(text: str) -> int:
    return len(text.split())


def _align(references: list[str], hypotheses: list[str], characters: bool) -> list[list[AlignmentChunk]]:
    if not references:  # jiwer answers an empty list with one empty alignment
        return []
    import jiwer  # here, because it takes a while to load and most runs never score

    process = jiwer.process_characters if characters else jiwer.process_words
    return process(references, hypotheses).alignments


def _marks(chunk: AlignmentChunk) -> str:
    units = max(chunk.ref_end_idx - chunk.ref_start_idx, chunk.hyp_end_idx - chunk.hyp_start_idx)
    return _MARKS[chunk.type] * units


def aligned_text(reference: str, hypothesis: str, marks: str | None = None) -> str:
    """Return three lines, REF, HYP and the marks (C S I D), with the words of a column one above the other.

    `marks` are those of `edits` on the words, and are found where they are not given. Where a side has no word stand
    asterisks. Columns are counted as a terminal draws them: wide characters take two cells, combining ones none.
    """
    words, guesses = iter(units(reference)), iter(units(hypothesis))
    if marks is None:
        (marks,) = edits([reference], [hypothesis])
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
