"""What became of a text: the few lines that a user wants to see after training."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from asr.lm.estimate.discounts import Discounts


@dataclass(frozen=True, slots=True)
class Summary:
    """The size of a text and of the model estimated from it; tuples run from order 1 on."""

    sentences: int
    empty_sentences: int
    tokens: int  # running words, without the marks of the sentences
    words: int  # different ones, without <unk>, <s> and </s>
    ngrams: tuple[int, ...]  # in the model
    seen: tuple[int, ...]  # before pruning
    discounts: tuple[Discounts, ...]
    unknown: float  # probability of <unk> where nothing is known of the words before

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        empty = f" ({self.empty_sentences} without words)" if self.empty_sentences else ""
        yield f"sentences: {self.sentences}{empty}; words: {self.tokens}, {self.words} different"
        for order, discounts in enumerate(self.discounts, start=1):
            kept, seen = self.ngrams[order - 1], self.seen[order - 1]
            pruned = f" of {seen} ({seen - kept} pruned)" if kept < seen else ""
            amounts = " ".join(f"{amount:.4g}" for amount in discounts.amounts)
            fallback = " (fixed: the text is too small to estimate them)" if discounts.fallback else ""
            yield f"{order}-grams: {kept}{pruned}; discounts: {amounts}{fallback}"
        yield f"any other word is <unk>, with a probability of {self.unknown:.3g} where no context is known"
