"""The n-grams of every order that windows hold, with their counts and with where their parts are."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from asr.lm.estimate.counts import BOS, Int32Array, Int64Array, Windows


class Grams(NamedTuple):
    """G different n-grams of one order, sorted by their words from the last to the first.

    The adjusted count is how many different words stand before the n-gram, and `raw` for the highest order and for
    what begins with <s>.
    """

    order: int
    first: Int32Array  # [G] id of the first word; the place of a 1-gram is its id
    suffix: Int64Array  # [G] place of the n-gram without its first word among those of the order below
    context: Int64Array  # [G] likewise without its last word
    raw: Int64Array  # [G] how often it occurs
    adjusted: Int64Array  # [G]


def split(windows: Windows, words: int) -> list[Grams]:
    """Return the n-grams of order 1 to that of the windows, over a vocabulary of `words` ids."""
    orders = [_unigrams(windows, words)]
    place = windows.words[0].astype(np.int64)  # [R] of the n-gram that a window ends in, one order below
    differs = np.concatenate([[True], place[1:] != place[:-1]])  # [R] in these words, from the window before
    for newest, oldest in zip(windows.words, windows.words[1:], strict=False):
        differs[1:] |= oldest[1:] != oldest[:-1]
        exists = newest != BOS  # only the first word of an n-gram may be <s>
        orders.append(_longer(orders[-1], differs & exists, place, oldest, np.where(exists, windows.counts, 0), words))
        orders[-2] = _continued(orders[-2], orders[-1])
        place = np.cumsum(differs & exists) - 1
    return orders


def _unigrams(windows: Windows, words: int) -> Grams:
    raw = np.bincount(windows.words[0], windows.counts, minlength=words).astype(np.int64)
    nowhere = np.zeros(words, np.int64)  # the only place among n-grams of no words
    return Grams(1, np.arange(words, dtype=np.int32), nowhere, nowhere, raw, raw)


def _longer(
    below: Grams, starts: npt.NDArray[np.bool_], place: Int64Array, oldest: Int32Array, counts: Int64Array, words: int
) -> Grams:
    """Return the n-grams that begin in the windows `starts` [R] and are one word longer than those `below`."""
    at = np.flatnonzero(starts)
    suffix, first = place[at], oldest[at]
    # The context of an n-gram is the context of its suffix, with the n-gram's first word before it.
    context = np.searchsorted(below.suffix * words + below.first, below.context[suffix] * words + first)
    raw = np.add.reduceat(counts, at) if len(at) else np.zeros(0, np.int64)
    return Grams(below.order + 1, first, suffix, context, raw, raw)


def _continued(grams: Grams, longer: Grams) -> Grams:
    adjusted = np.bincount(longer.suffix, minlength=len(grams.first))
    return grams._replace(adjusted=np.where(grams.first == BOS, grams.raw, adjusted))
