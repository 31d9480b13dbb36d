"""Confidences against the share of words that are right."""

from __future__ import annotations

import numpy as np
import pytest

from asr.decoders.confidence import Calibration, calibrated, fit
from asr.scoring.calibration import expected_calibration_error
from asr.types import Hypothesis, Word


def drawn(scale: float, offset: float, count: int = 20000) -> tuple[list[float], list[bool]]:
    """Return confidences and whether each word was right, where the truth is a curve over the logit."""
    rng = np.random.default_rng(0)
    logits = rng.normal(1.0, 2.0, count)
    right = rng.random(count) < 1 / (1 + np.exp(-(scale * logits + offset)))
    return (1 / (1 + np.exp(-logits))).tolist(), right.tolist()


@pytest.mark.parametrize(("scale", "offset"), [(1.0, 0.0), (0.4, -1.0), (2.5, 0.7)])
def test_the_curve_that_the_words_came_from_is_found(scale: float, offset: float) -> None:
    found = fit(*drawn(scale, offset))
    assert found.scale == pytest.approx(scale, rel=0.05)
    assert found.offset == pytest.approx(offset, abs=0.06)


def test_calibration_brings_confidences_to_the_share_of_right_words() -> None:
    confidences, right = drawn(0.4, -1.0)
    curve = fit(confidences, right)
    before = expected_calibration_error(confidences, right)
    after = expected_calibration_error([curve.of(confidence) for confidence in confidences], right)
    assert before > 0.2
    assert after < 0.02


def test_the_error_is_the_mean_distance_over_bins() -> None:
    # Two words in the bin from 0.9 on (mean 0.95, one right), two in that from 0.2 on (mean 0.25, none right).
    assert expected_calibration_error([0.92, 0.98, 0.2, 0.3 - 1e-9], [True, False, False, False]) == pytest.approx(
        (abs(0.95 - 0.5) * 2 + abs(0.25 - 0.0) * 2) / 4, abs=1e-6
    )
    assert expected_calibration_error([1.0, 0.0], [True, False]) == 0.0
    assert expected_calibration_error([], []) == 0.0


@pytest.mark.parametrize("right", [[], [True], [False], 50 * [True], 50 * [False]])
def test_few_words_or_words_of_one_kind_give_a_finite_curve(right: list[bool]) -> None:
    curve = fit(len(right) * [0.9], right)
    assert np.isfinite(curve).all()
    assert 0 < curve.of(0.0) < 1
    assert 0 < curve.of(1.0) < 1
    if not right:
        assert curve == pytest.approx((1.0, 0.0))


def test_every_word_and_every_alternative_is_brought_to_the_curve() -> None:
    curve = Calibration(1.0, -1.0)
    words = (Word("a", 0.0, 0.1, 0.5), Word("b", 0.1, 0.2, 0.9))
    other = Hypothesis("a", words[:1], 0.5)
    found = calibrated(Hypothesis("a b", words, 0.7, alternatives=(other,)), curve)
    first, second = 1 / (1 + np.e), 1 / (1 + np.exp(-(np.log(9.0) - 1)))
    assert [word.confidence for word in found.words] == pytest.approx([first, second])
    assert found.confidence == pytest.approx((first + second) / 2)
    assert found.alternatives[0].confidence == pytest.approx(first)
    assert calibrated(Hypothesis(""), curve).confidence == 0.0
