"""Confidences: a curve that brings them to the share of words that are right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from asr.types import Hypothesis

_EDGE = 1e-4  # confidences are kept so far from 0 and 1, where the logit has no value
_STEPS, _NO_STEP = 50, 1e-9
_PRIOR = 1.0  # weight of the belief that scale is 1 and offset 0: a few words cannot bend the curve


class Calibration(NamedTuple):
    """p -> sigmoid(scale x logit(p) + offset), Platt's (1999) curve over the logit."""

    scale: float = 1.0
    offset: float = 0.0

    def of(self, confidence: float) -> float:
        return 1 / (1 + math.exp(-(self.scale * float(_logit(confidence)) + self.offset)))


def fit(confidences: Sequence[float], right: Sequence[bool]) -> Calibration:
    """Return the curve that makes the words' being right most likely, by Newton's method; the identity for no words."""
    x = np.column_stack([_logit(np.asarray(confidences, np.float64)), np.ones(len(confidences))])  # [N, 2]
    y, start = np.asarray(right, np.float64), np.array([1.0, 0.0])
    weights = start.copy()

    def loss(at: npt.NDArray[np.float64]) -> float:
        z = x @ at
        return float((np.logaddexp(0, z) - y * z).sum() + 0.5 * _PRIOR * ((at - start) ** 2).sum())

    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-(x @ weights)))
        gradient = x.T @ (p - y) + _PRIOR * (weights - start)
        step = np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x + _PRIOR * np.eye(2), gradient)
        while loss(weights - step) > loss(weights) and np.abs(step).max() > _NO_STEP:
            step /= 2  # it went over the valley
        weights -= step
        if np.abs(step).max() <= _NO_STEP:
            break
    return Calibration(*map(float, weights))


def calibrated(hypothesis: Hypothesis, calibration: Calibration) -> Hypothesis:
    """Return the hypothesis with the confidence of each word on the curve, and that of the utterance as their mean."""
    words = tuple(replace(word, confidence=calibration.of(word.confidence)) for word in hypothesis.words)
    mean = sum(word.confidence for word in words) / len(words) if words else 0.0
    others = tuple(calibrated(other, calibration) for other in hypothesis.alternatives)
    return replace(hypothesis, words=words, confidence=mean, alternatives=others)


def _logit(p: float | npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    clipped = np.clip(p, _EDGE, 1 - _EDGE)
    return np.asarray(np.log(clipped / (1 - clipped)))
