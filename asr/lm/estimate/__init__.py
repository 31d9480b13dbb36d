"""Training n-gram models: interpolated modified Kneser-Ney from counts to an ARPA file.

Chen and Goodman, "An empirical study of smoothing techniques for language modeling" (1998), in the form that KenLM's
lmplz gives it (Heafield et al., "Scalable modified Kneser-Ney language model estimation", 2013): interpolated down to
a uniform distribution over the vocabulary and <unk>, counts of occurrences only for the highest order and after <s>.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from asr.errors import ConfigError
from asr.files import replacing
from asr.han import parted
from asr.lm.arpa import MAX_ORDER
from asr.lm.estimate import arpa
from asr.lm.estimate.counts import SPECIAL, UNKNOWN, count, named
from asr.lm.estimate.discounts import estimate
from asr.lm.estimate.interpolate import interpolate
from asr.lm.estimate.orders import split
from asr.lm.estimate.summary import Summary

__all__ = ["MAX_ORDER", "Summary", "train"]


def train(
    texts: Sequence[Path],
    *,
    order: int,
    prune: Sequence[int] = (),
    out: Path,
    fallback_discounts: bool = False,
    rules: str | None = None,
) -> Summary:
    """Estimate a model from texts and write it as ARPA, through gzip where the name ends in .gz.

    texts: one sentence a line, plain or gzip, or manifests (.jsonl); words are parted by white space, and a line
    without words is a sentence without words. prune: for each order from 1 on, n-grams that occur so often or less are
    left out; the last number holds for the orders above. fallback_discounts: take 0.5, 1 and 1.5 for the orders whose
    discounts cannot be estimated. rules: what is done to each line first, a name of `asr.text`, after which every Han
    character is a word; nothing unless given.
    Memory grows with the different n-grams, not with the text.
    Raises ConfigError for an impossible order or pruning; TextError for unknown rules; MissingFile; DataError for a
    text that cannot be read, holds <s>, </s> or <unk>, has no words, or is too small for its discounts; OutputError.
    """
    from asr.text import get_rule

    thresholds = _thresholds(order, prune)
    rule = str if rules is None else _parting(get_rule(rules))
    texts = [Path(text) for text in texts]
    with replacing(out) as temporary:
        counts = count(texts, order, rule)
        grams = split(counts.windows, len(counts.words))
        where = named(texts)
        discounts = [estimate(each, fallback=fallback_discounts, where=where) for each in grams]
        estimates = interpolate(grams, [each.amounts for each in discounts], thresholds)
        arpa.write(temporary, counts.words, grams, estimates, packed=Path(out).suffix == ".gz")
    return Summary(
        sentences=counts.sentences,
        empty_sentences=counts.empty_sentences,
        tokens=counts.tokens,
        words=len(counts.words) - len(SPECIAL),
        ngrams=tuple(int(np.count_nonzero(each.kept)) for each in estimates),
        seen=tuple(len(each.first) for each in grams),
        discounts=tuple(discounts),
        unknown=float(estimates[0].prob[UNKNOWN]),
    )


def _parting(rule: Callable[[str], str]) -> Callable[[str], str]:
    return lambda sentence: parted(rule(sentence))


def _thresholds(order: int, prune: Sequence[int]) -> list[int]:
    """Return the greatest count that is pruned, for every order."""
    if not 1 <= order <= MAX_ORDER:
        raise ConfigError(f"order: {order} where 1 to {MAX_ORDER} is needed; 3 suits most texts")
    if len(prune) > order:
        raise ConfigError(f"prune: {len(prune)} numbers for a model of order {order}; give at most one an order")
    if any(low > high for low, high in zip([0, *prune], prune, strict=False)):
        raise ConfigError(
            f"prune: {' '.join(map(str, prune))} where numbers from 0 on are needed, none below the one before it, "
            "since an n-gram cannot stay where a part of it goes; try 0 0 1"
        )
    return [*prune, *[prune[-1] if prune else 0] * (order - len(prune))]
