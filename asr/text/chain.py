"""Chains of named steps: a text rule that says what each of its steps changed."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import NamedTuple

_PLAIN = f"{string.ascii_letters}' ".encode()
_QUOTE_AT_EDGE = re.compile("'(?:[ ']|$|(?<=^')|(?<= '))")


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
    """A text rule: its steps, one after another.

    lowers: whether all that they do to a plain text is to make it lower case.
    """

    name: str
    version: int
    steps: tuple[Step, ...]
    lowers: bool = False

    def __call__(self, text: str) -> str:
        if self.lowers and is_plain(text):  # as most texts of corpora are, and in a fifth of the time
            return text.lower()
        for step in self.steps:
            text = step.apply(text)
        return text

    def each(self, texts: Sequence[str]) -> list[str]:
        """Return what the rule makes of each text; many together are found to be plain in less time than one by one."""
        return [text.lower() for text in texts] if self.lowers and is_plain(" ".join(texts)) else list(map(self, texts))

    def explain(self, text: str) -> list[Change]:
        """Return what each step changed, in their order; changes of white space alone are left out."""
        changes: list[Change] = []
        for step in self.steps:
            before, text = text, step.apply(text)
            if before != text:
                changes += _changes(step.name, before.split(), text.split())
        return changes


def is_plain(text: str) -> bool:
    """Return whether a text is words of ASCII letters, apostrophes inside of them, and single spaces between them."""
    return (
        text.isascii()
        and not text.encode().translate(None, delete=_PLAIN)
        and text == text.strip(" ")
        and "  " not in text
        and not ("'" in text and _QUOTE_AT_EDGE.search(text))
    )


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
