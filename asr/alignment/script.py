"""A text as what a path goes through: the labels of its words, and a wild card for what has no labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from asr.errors import TextError
from asr.han import holds_han, is_han, sentence, units
from asr.text import TextRule
from asr.tokenizers import SPACE, Tokenizer

Labels = npt.NDArray[np.int32]
Span = tuple[int, int]  # the first, and the one after the last


class Script(NamedTuple):
    """The labels of a text, and the span of them that each of its words takes.

    The wild card is the label after the last token. Words outside the token set that follow one another share one. A
    word without a sound, such as a dash, has an empty span. A SPACE before a word belongs to no span.
    """

    words: tuple[str, ...]
    labels: Labels  # [L]
    spans: tuple[Span, ...]
    wild: int

    @property
    def repeats(self) -> int:
        return int(np.count_nonzero(self.labels[1:] == self.labels[:-1]))

    def is_heard(self, word: int) -> bool:
        """Say whether a word has labels of its own."""
        first, end = self.spans[word]
        return first < end and self.labels[first] != self.wild


def script(text: str, rule: TextRule, tokenizer: Tokenizer) -> Script:
    """Return the labels of a text; its words are what stands between white space, as it is written.

    Han characters are words of their own, each with the punctuation behind it, unless there are tokens of several. Each
    word goes through the text rules on its own, which may leave nothing of it or make it several.
    """
    apart = not any(holds_han(token) and len(token.removeprefix(SPACE)) > 1 for token in tokenizer.tokens)
    words = tuple(word for part in text.split() for word in (_words(part, rule) if apart else [part]))
    spoken_as = {word: rule(word) for word in dict.fromkeys(words)}
    known = {word: _labels(spoken, tokenizer) for word, spoken in spoken_as.items()}
    wild = len(tokenizer.tokens)
    labels: list[int] = []
    spans: list[Span] = []
    before = ""  # the last word that has labels
    for word in words:
        of_word = known[word]
        if of_word is None:
            if labels[-1:] != [wild]:
                labels.append(wild)
            spans.append((len(labels) - 1, len(labels)))
            continue
        space, spoken = _parted(of_word, tokenizer.tokens)
        if is_han(spoken_as[word]) and is_han(before[-1:]):
            space = []
        labels += space if labels or space == of_word[:1] else []
        before = spoken_as[word] or before
        spans.append((len(labels), len(labels) + len(spoken)))
        labels += spoken
    return Script(words, np.array(labels, np.int32), tuple(spans), wild)


def _words(part: str, rule: TextRule) -> list[str]:
    """Return a part of a text with its Han characters as words, where the text rules say the same of them alone."""
    words: list[str] = []
    for unit in units(part):
        if words and not rule(unit):
            words[-1] += unit
        else:
            words.append(unit)
    return words if sentence(filter(None, map(rule, words))) == rule(part) else [part]


def _labels(word: str, tokenizer: Tokenizer) -> list[int] | None:
    """Return the labels of a word after the text rules, none where nothing is left; None for one outside the tokens."""
    try:
        return tokenizer.encode(word)
    except TextError:
        return None


def _parted(labels: list[int], tokens: Sequence[str]) -> tuple[list[int], list[int]]:
    """Return the SPACE that stands before a word, where its first token does not hold one, and the rest."""
    if not labels or (tokens[labels[0]].startswith(SPACE) and tokens[labels[0]] != SPACE):
        return [], labels
    if tokens[labels[0]] == SPACE:
        return labels[:1], labels[1:]
    return ([tokens.index(SPACE)] if SPACE in tokens else []), labels
