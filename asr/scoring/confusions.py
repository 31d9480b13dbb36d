"""Which words go wrong: taken for others, always lost, heard where nobody said them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TypeVar

from asr.scoring.report import Report

Key = TypeVar("Key", str, tuple[str, str])

_OFTEN = 2  # a word said once and lost once is no pattern


@dataclass(frozen=True, slots=True)
class Confusions:
    """Words with how often it happened, the most frequent first and equal ones by alphabet.

    lost: words said at least twice and never read; hallucinated: words read where no word was said.
    """

    substituted: tuple[tuple[str, str, int], ...]
    deleted: tuple[tuple[str, int], ...]
    inserted: tuple[tuple[str, int], ...]
    lost: tuple[tuple[str, int], ...]
    hallucinated: tuple[tuple[str, int], ...]


def confusions(report: Report) -> Confusions:
    """Count what became of every word; agrees with the lists of sclite's `dtl` report under its alignment.

    A hallucinated word is inserted and is nowhere in its utterance's reference, so that a word said once and read
    twice is not among them.
    """
    counts = {name: Counter[tuple[str, str]]() for name in "CSDI"}
    invented = Counter[str]()
    for utterance in report.utterances:
        if utterance.errors == 0:
            counts["C"].update((word, word) for word in utterance.reference.split())
            continue
        said = set(utterance.reference.split())
        for mark, word, read in utterance.pairs:
            counts[mark][word, read] += 1
            invented[read] += mark == "I" and read not in said
    right = {word for word, _ in counts["C"]}
    missed = Counter[str]()
    for (word, _), count in [*counts["S"].items(), *counts["D"].items()]:
        missed[word] += count
    lost = Counter({word: count for word, count in missed.items() if word not in right and count >= _OFTEN})
    return Confusions(
        tuple((word, read, count) for (word, read), count in _sorted(counts["S"])),
        _sorted(Counter({word: count for (word, _), count in counts["D"].items()})),
        _sorted(Counter({read: count for (_, read), count in counts["I"].items()})),
        _sorted(lost),
        _sorted(invented),
    )


def _sorted(counter: Counter[Key]) -> tuple[tuple[Key, int], ...]:
    kept = [(key, count) for key, count in counter.items() if count]
    return tuple(sorted(kept, key=lambda item: (-item[1], item[0])))
