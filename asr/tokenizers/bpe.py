"""Pieces of words as tokens, by byte-pair encoding (Sennrich et al. 2016) over characters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Self

from asr.errors import TextError
from asr.han import units
from asr.tokenizers.tokens import BLANK, NO_STATE, SPACE, checked, decoded, look_up, marked, named, trainable, words_of

RARE = 8  # a piece with fewer examples is not worth an output of its own


class BpeTokenizer:
    """One token a frequent piece of a word; a piece that begins a word is written with SPACE before it.

    Han characters are not made pieces of: between them there is no space that would tell where a word begins.
    The tokens stand in the order in which training made them, single characters first, so that they are the list of
    merges as well.
    """

    state = NO_STATE

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
        counts = Counter(part for words in trainable(texts) for part in _parts(words))
        tokens = [BLANK, SPACE, *sorted({character for part in counts for character in part} - {SPACE})]
        if pieces < len(tokens):
            raise TextError(f"pieces: {pieces} are fewer than the {len(tokens)} single tokens; ask for more")
        spelled = {part: list(part) for part in counts}
        while len(tokens) < pieces and (merged := _most_frequent(spelled, counts)):
            if merged not in tokens:
                tokens.append(merged)
            spelled = {part: _merged(pieces_of, merged) for part, pieces_of in spelled.items()}
        return cls(tokens)

    def encode(self, text: str) -> list[int]:
        """Return the labels of a text; TextError names the characters outside the token set."""
        return look_up(self._ids, [piece for part in _parts(words_of(text)) for piece in self._pieces(part)], text)

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of labels; blanks among them say nothing."""
        return decoded(self.tokens, ids)

    def _pieces(self, part: str) -> list[str]:
        """Return a part with the merges of training made again, the earliest first."""
        if part not in self._known:
            pieces = list(part)
            while found := [self._ids[a + b] for a, b in pairwise(pieces) if a + b in self._ids]:
                pieces = _merged(pieces, self.tokens[min(found)])
            self._known[part] = pieces
        return self._known[part]


def _parts(words: Iterable[str]) -> list[str]:
    """Return what pieces do not reach beyond: a word with its SPACE, and every Han character on its own."""
    return [unit for part in marked(words) for unit in units(part)]


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
