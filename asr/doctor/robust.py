"""What is usual in a data set, by figures that outliers do not move."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

ENOUGH = 20  # of fewer values none is called unusual


class Usual(NamedTuple):
    """The median of values and their standard deviation, estimated from the median distance to it."""

    median: float
    deviation: float

    def is_far(self, value: float, *, deviations: float, noise: float = 0.0) -> bool:
        """Say whether a value, which may have some noise of its own, lies this far out of the usual."""
        return bool(abs(value - self.median) > deviations * np.hypot(self.deviation, noise))


def usual(values: Sequence[float], at_least: float) -> Usual | None:
    """Return what is usual, with a deviation of `at_least` this much; None of fewer than ENOUGH values."""
    if len(values) < ENOUGH:
        return None
    median = float(np.median(values))
    # 1.4826: the standard deviation of a normal distribution by its median distance from the median
    return Usual(median, max(1.4826 * float(np.median(np.abs(np.asarray(values) - median))), at_least))
