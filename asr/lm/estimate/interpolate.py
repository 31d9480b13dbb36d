"""Probabilities and back-off weights of n-grams from their counts, each order interpolated with the one below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from asr.lm.estimate.counts import BOS, SPECIAL
from asr.lm.estimate.orders import Grams

Float64Array = npt.NDArray[np.float64]


class Estimates(NamedTuple):
    """What the model says of the n-grams of one order, in their places."""

    prob: Float64Array  # [G] p(last word | those before it)
    backoff: Float64Array  # [G] weight of the order below after this n-gram; 1 where nothing follows it
    kept: npt.NDArray[np.bool_]  # [G] not pruned


def interpolate(
    grams: Sequence[Grams], discounts: Sequence[tuple[float, float, float]], thresholds: Sequence[int]
) -> list[Estimates]:
    """Return the estimates of every order; n-grams with a raw count up to their order's threshold are pruned.

    What is pruned gives its whole count, and what is kept its discount, to the order below. <s>, </s> and <unk> stay.
    """
    kept = [each.raw > threshold for each, threshold in zip(grams, thresholds, strict=True)]
    kept[0][: len(SPECIAL)] = True
    lower = np.array([1 / (np.count_nonzero(kept[0]) - 1)])  # uniform, over all words but <s>
    estimates: list[Estimates] = []
    for each, staying, amounts in zip(grams, kept, discounts, strict=True):
        prob, weights = _level(each, staying, np.array([0, *amounts]), lower)
        if estimates:
            estimates[-1] = estimates[-1]._replace(backoff=weights)
        estimates.append(Estimates(prob, np.ones(len(prob)), staying))
        lower = prob
    estimates[0].prob[BOS] = 0  # it follows nothing
    return estimates


def _level(
    grams: Grams, kept: npt.NDArray[np.bool_], discounts: Float64Array, lower: Float64Array
) -> tuple[Float64Array, Float64Array]:
    """Return the probabilities [G] of one order, and the weights of the order below after each context [L].

    discounts: of counts 0, 1, 2, 3 and more. lower: [L] the probabilities of the order below.
    """
    freed = np.where(kept, discounts[np.minimum(grams.adjusted, 3)], grams.adjusted)
    totals = np.bincount(grams.context, grams.adjusted, minlength=len(lower))
    weights = np.ones(len(lower))
    np.divide(np.bincount(grams.context, freed, minlength=len(lower)), totals, out=weights, where=totals > 0)
    return (grams.adjusted - freed) / totals[grams.context] + weights[grams.context] * lower[grams.suffix], weights
