"""Discounts of modified Kneser-Ney: what n-grams seen once, twice and more often give to those never seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from asr.errors import DataError
from asr.lm.estimate.orders import Grams

FALLBACK = (0.5, 1.0, 1.5)  # lmplz's


@dataclass(frozen=True, slots=True)
class Discounts:
    """What is taken off counts of 1, 2, and 3 or more; `fallback`: fixed, since the text did not give them."""

    amounts: tuple[float, float, float]
    fallback: bool = False


def estimate(grams: Grams, *, fallback: bool, where: str) -> Discounts:
    """Return the discounts of one order from its adjusted counts (equation 26 of Chen and Goodman).

    Raises DataError, which begins with `where`, if they cannot be estimated and `fallback` is false.
    """
    seen = np.bincount(np.minimum(grams.adjusted, 5), minlength=6).tolist()
    amounts = _closed_form(seen)
    if fault := _fault(seen, amounts):
        if fallback:
            return Discounts(FALLBACK, fallback=True)
        raise DataError(
            f"{where}: too small or too uniform to estimate the discounts of {grams.order}-grams ({fault}); "
            "add text, lower the order, or allow fixed discounts with --fallback-discounts"
        )
    return Discounts(amounts)


def _closed_form(seen: list[int]) -> tuple[float, float, float]:
    """Return D1, D2, D3+; `seen[c]` is how many n-grams have the adjusted count c."""
    share = seen[1] / max(1, seen[1] + 2 * seen[2])
    one, two, more = (count - (count + 1) * share * seen[count + 1] / max(1, seen[count]) for count in (1, 2, 3))
    return one, two, more


def _fault(seen: list[int], amounts: tuple[float, ...]) -> str:
    for count, amount in enumerate(amounts, start=1):
        if not seen[count]:
            return f"none has an adjusted count of {count}"
        if not 0 <= amount <= count:
            return f"for an adjusted count of {count} it comes out as {amount:.2f}"
    return ""
