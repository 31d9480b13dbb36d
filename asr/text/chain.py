"""Chains of named steps: a text rule that says what each of its steps changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import NamedTuple


class Step(NamedTuple):
    """One rewriting of a text, under the name that `explain` calls it by."""

    name: str
    apply: Callable[[str], str]


class Change(NamedTuple):
    """A stretch of words that a step changed."""

    step: str
    before: str
    after: str


@dataclass(frozen=True)
class Chain:
    """A text rule: its steps, one after another."""

    name: str
    version: int
    steps: tuple[Step, ...]

    def __call__(self, text: str) -> str:
        for step in self.steps:
            text = step.apply(text)
        return text

    def explain(self, text: str) -> list[Change]:
        """Return what each step changed, in their order; changes of white space alone are left out."""
        changes: list[Change] = []
        for step in self.steps:
            before, text = text, step.apply(text)
            if before != text:
                changes += _changes(step.name, before.split(), text.split())
        return changes


def _changes(step: str, before: list[str], after: list[str]) -> list[Change]:
    """Return the stretches that differ; with less than two words between them they are one."""
    spans: list[tuple[int, int, int, int]] = []
    for kind, first, end, into, until in SequenceMatcher(a=before, b=after, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        if spans and first - spans[-1][1] < 2:
            first, _, into, _ = spans.pop()
        spans.append((first, end, into, until))
    return [Change(step, " ".join(before[a:b]), " ".join(after[c:d])) for a, b, c, d in spans]
