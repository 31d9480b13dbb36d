"""The candidates for the next beam, compiled: offered one by one, the best of them kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from asr.decoders.fusion import Limits, Table
from asr.decoders.kernel import inside
from asr.ngrams import Int32Array
from asr.types import FloatArray

Scores = npt.NDArray[np.float64]

CANDIDATE = np.dtype(
    [
        ("score", "f8"),
        ("blank", "f8"),  # log-probability of the paths that end in blank
        ("label", "f8"),  # of those that end in the last label
        ("both", "f8"),
        ("node", "i8"),
    ],
    align=True,
)
# What changes from frame to frame, beside the arrays.
REGISTERS = np.dtype(
    [
        ("used", "i8"),  # nodes of the tree
        ("members", "i8"),
        ("pooled", "i8"),  # candidates for the next beam
        ("created", "i8"),  # nodes behind the tree that belong to candidates
        ("tokens", "i8"),  # tokens that this frame may add
        ("best", "f8"),
        ("cut", "f8"),  # candidates below it cannot enter the beam
        ("highest", "f8"),  # the greatest bound of a member
    ],
    align=True,
)


@inside
def offer(
    r: Any, pool: Table, node: int, blank: float, label: float, both: float, score: float, limits: Limits
) -> None:
    """Put a candidate into the pool."""
    candidate = pool[r.pooled]
    candidate.node, candidate.score = node, score
    candidate.blank, candidate.label, candidate.both = blank, label, both
    r.pooled += 1
    if score > r.best:
        r.best = score
        r.cut = max(r.cut, score - limits.beam_margin)


@inside
def select(nodes: Table, r: Any, pool: Table, scratch: Scores, limits: Limits) -> None:
    """Keep the best of the pool, no more than the beam holds, in their order; of equal ones the first."""
    ties = r.pooled
    if r.pooled > limits.beam:
        for at in range(r.pooled):
            scratch[at] = pool[at].score
        last = nth_greatest(scratch, r.pooled, limits.beam)
        r.cut = max(r.cut, last)
        ties = limits.beam
        for at in range(r.pooled):
            ties -= pool[at].score > last
    kept = created = 0
    for at in range(r.pooled):
        score = pool[at].score
        if score < r.cut or (score == r.cut and ties <= 0):
            continue
        ties -= score == r.cut
        pool[kept] = pool[at]
        if pool[at].node >= r.used:  # its node moves up with it
            if pool[at].node != r.used + created:
                nodes[r.used + created] = nodes[pool[at].node]
            pool[kept].node = r.used + created
            created += 1
        kept += 1
    r.pooled, r.created = kept, created


@inside
def nth_greatest(values: Scores, size: int, n: int) -> float:
    """Return the n-th greatest value (Hoare's selection, median of three); the values change places."""
    low, high, place = 0, size - 1, n - 1
    while low < high:
        first, middle, last = values[low], values[(low + high) // 2], values[high]
        pivot = max(min(first, middle), min(max(first, middle), last))
        left, right = low, high
        while left <= right:
            while values[left] > pivot:
                left += 1
            while values[right] < pivot:
                right -= 1
            if left <= right:
                values[left], values[right] = values[right], values[left]
                left += 1
                right -= 1
        if place <= right:
            high = right
        elif place >= left:
            low = left
        else:
            break
    return float(values[place])


@inside
def sort_by(row: FloatArray, order: Int32Array, count: int) -> None:
    """Sort tokens from high to low, equal ones by number (Shell 1959)."""
    gap = 1
    while gap < count // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for at in range(gap, count):
            token = order[at]
            log_prob, to = row[token], at
            while to >= gap:
                other = order[to - gap]
                if row[other] > log_prob or (row[other] == log_prob and other < token):
                    break
                order[to] = other
                to -= gap
            order[to] = token
        gap //= 3
