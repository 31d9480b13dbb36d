"""What text rules hide: the errors before and after each of them, and the words that they make equal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import NamedTuple

from asr.errors import DataError
from asr.scoring import score
from asr.scoring.report import Report

Rule = Callable[[str], str]


class Hidden(NamedTuple):
    """The scores under one set of rules, and the pairs of words that differ in writing and that the rules make equal.

    report: None where the rules leave no reference word. equal: (of the reference, of the hypothesis, how often), the
    most frequent first.
    """

    rules: str
    report: Report | None
    equal: tuple[tuple[str, str, int], ...]


def hidden(
    references: Mapping[str, str], hypotheses: Mapping[str, str], rules: Mapping[str, Rule], *, unit: str = "word"
) -> list[Hidden]:
    """Score texts as they are under each of the rules; raises what `score` does for texts as they are."""
    plain = score(references, hypotheses, unit=unit)
    pairs = Counter((a, b) for each in plain.utterances for mark, a, b in each.pairs if mark == "S")
    sides = references, hypotheses
    return [Hidden(name, _under(rule, *sides, unit), _equal(pairs, rule)) for name, rule in rules.items()]


def _under(rule: Rule, references: Mapping[str, str], hypotheses: Mapping[str, str], unit: str) -> Report | None:
    left, right = ({id: rule(text) for id, text in side.items()} for side in (references, hypotheses))
    try:
        return score(left, right, unit=unit)
    except DataError:  # the rules left no word
        return None


def _equal(pairs: Counter[tuple[str, str]], rule: Rule) -> tuple[tuple[str, str, int], ...]:
    found = [(a, b, count) for (a, b), count in pairs.items() if rule(a) == rule(b)]
    return tuple(sorted(found, key=lambda pair: (-pair[2], pair[:2])))
