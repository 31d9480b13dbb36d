"""Pieces of words as tokens, by byte-pair encoding (Sennrich et al. 2016) over characters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Self

from asr.errors import TextError
from asr.tokenizers.tokens import BLANK, SPACE, checked, join_tokens, look_up, named, shown, trainable

RARE = 8  # a piece with fewer examples is not worth an output of its own


class BpeTokenizer:
    """One token a frequent piece of a word; a piece that begins a word is written with SPACE before it.

    The tokens stand in the order in which training made them, single characters first, so that they are the list of
    merges as well.
    """

    def __init__(self, tokens: Sequence[str]) -> None:
        self.tokens = checked(tokens)
        if wrong := [token for token in self.tokens[1:] if SPACE in token[1:]]:
            raise TextError(f"tokens: {named(wrong)} no pieces of one word; name the kind of tokenizer that made them")
        self._ids = {token: number for number, token in enumerate(self.tokens) if number}
        self._known: dict[str, list[str]] = {}

    @classmethod
    def train(cls, texts: Iterable[str], *, pieces: int = 256) -> Self:
        """Merge the most frequent pair of neighbours until there are `pieces` tokens or only rare pairs are left.

        Of equally frequent pairs the last in the order of their characters comes first. Raises TextError where
        `pieces` does not hold the single characters.
        """
        counts = Counter(word for text in trainable(texts) for word in text.split())
        tokens = [BLANK, SPACE, *sorted({character for word in counts for character in word})]
        if pieces < len(tokens):
            raise TextError(f"pieces: {pieces} are fewer than the {len(tokens)} single tokens; ask for more")
        spelled = {word: [SPACE, *word] for word in counts}
        while len(tokens) < pieces and (merged := _most_frequent(spelled, counts)):
            if merged not in tokens:
                tokens.append(merged)
            spelled = {word: _merged(parts, merged) for word, parts in spelled.items()}
        return cls(tokens)

    def encode(self, text: str) -> list[int]:
        """Return the labels of a text; TextError names the characters outside the token set."""
        if SPACE in text:
            raise TextError(
                f"text {shown(text)}: {named([SPACE])} stands for the space between words; take it out of the text"
            )
        return look_up(self._ids, [piece for word in text.split() for piece in self._pieces(word)], text)

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of labels; blanks among them say nothing."""
        return join_tokens([self.tokens[number] for number in ids if number])

    def _pieces(self, word: str) -> list[str]:
        """Return a word with the merges of training made again, the earliest first."""
        if word not in self._known:
            parts = [SPACE, *word]
            while found := [self._ids[a + b] for a, b in pairwise(parts) if a + b in self._ids]:
                parts = _merged(parts, self.tokens[min(found)])
            self._known[word] = parts
        return self._known[word]


def _most_frequent(spelled: dict[str, list[str]], counts: Counter[str]) -> str:
    pairs: Counter[tuple[str, str]] = Counter()
    for word, parts in spelled.items():
        for pair in pairwise(parts):
            pairs[pair] += counts[word]
    best = max(pairs, key=lambda pair: (pairs[pair], pair), default=None)
    return "" if best is None or pairs[best] < RARE else "".join(best)


def _merged(parts: list[str], piece: str) -> list[str]:
    """Return the parts with every pair of neighbours that makes `piece` made one, from the left."""
    merged: list[str] = []
    for part in parts:
        if merged and merged[-1] + part == piece:
            merged[-1] = piece
        else:
            merged.append(part)
    return merged
