"""What a score is worth: bootstrap, paired tests, breakdowns, confusions, calibration, by definitions and by hand."""

from __future__ import annotations

import itertools
import math
import random
from dataclasses import replace

import jiwer
import numpy as np
import pytest

from asr.errors import ConfigError, DataError
from asr.scoring import Line, score
from asr.scoring.bootstrap import Bootstrap, by_speaker
from asr.scoring.breakdown import binned, breakdown, by_frequency
from asr.scoring.calibration import calibration
from asr.scoring.card import card_of, report_of
from asr.scoring.comparison import compare
from asr.scoring.confusions import confusions
from asr.scoring.hidden import hidden
from asr.scoring.paired import improvement, matched_pairs, segments, sign_test
from asr.scoring.scored import Scored
from asr.scoring.totals import Totals
from asr.snr import snr_db
from asr.text import TEXT_RULES

WORDS = ["a", "i", "o", "the", "ten", "tent", "é", "你"]


def test_ten_thousand_random_pairs_agree_with_jiwer() -> None:
    rng = random.Random(4)
    left, right = ([" ".join(rng.choices(WORDS, k=rng.randint(1, 8))) for _ in range(10_000)] for _ in range(2))
    report = score(dict(enumerate(left)), dict(enumerate(right)))  # type: ignore[arg-type]
    words, characters = jiwer.process_words(left, right), jiwer.process_characters(left, right)
    for theirs, prefix in ((words, ""), (characters, "char_")):
        for name in ("hits", "substitutions", "deletions", "insertions"):
            assert report.totals.of(prefix + name) == getattr(theirs, name)
    assert (report.wer, report.mer, report.wil) == pytest.approx((words.wer, words.mer, words.wil), abs=1e-12)


# ---- the bootstrap


def test_the_interval_is_that_of_all_ways_to_draw() -> None:
    report = score(dict(zip("abcde", ["x y", "x", "x y z", "y", "z z"], strict=True)), dict.fromkeys("abcde", "x y"))
    errors, words = Totals(report.counts).errors, Totals(report.counts).words
    every = np.array(list(itertools.product(range(5), repeat=5)))  # [3125, 5]
    rates = errors[every].sum(axis=1) / words[every].sum(axis=1)
    found = Bootstrap(rounds=40_000, level=0.8).intervals(report.counts, ["wer"])["wer"]
    assert found is not None
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(rates, [0.1, 0.9])), abs=0.02)
    assert found.units == 5


def test_the_interval_agrees_with_scipy() -> None:
    stats = pytest.importorskip("scipy.stats", reason="another bootstrap to compare with")
    counts = np.random.default_rng(0).integers(0, 9, size=(80, 10))
    totals = Totals(counts)

    def rate(errors: np.ndarray, words: np.ndarray, axis: int = -1) -> np.ndarray:
        return errors.sum(axis=axis) / words.sum(axis=axis)

    data = (totals.errors, totals.words)
    theirs = stats.bootstrap(data, rate, paired=True, method="percentile", n_resamples=4000, rng=1).confidence_interval
    ours = Bootstrap(rounds=4000).intervals(counts, ["wer"])["wer"]
    assert ours is not None
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.02)


def test_draws_do_not_depend_on_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = np.random.default_rng(0).integers(0, 9, size=(37, 10))
    expected = Bootstrap(rounds=50).sums(counts)
    monkeypatch.setattr("asr.scoring.bootstrap._DRAWS", 100)
    assert (Bootstrap(rounds=50).sums(counts) == expected).all()
    assert (Bootstrap(rounds=50, seed=2).sums(counts) != expected).any()


def test_a_single_unit_has_no_interval_and_rounds_without_words_are_left_out() -> None:
    one = score({"u": "a b"}, {"u": "a"})
    assert Bootstrap().intervals(one.counts, ["wer"]) == {"wer": None}
    two = score({"u": "a", "v": ""}, {"u": "b", "v": ""})
    found = Bootstrap().intervals(two.counts, ["wer"])["wer"]
    assert found is not None
    assert (found.low, found.high) == (1.0, 1.0)
    assert Bootstrap(rounds=0).intervals(two.counts, ["wer"]) == {"wer": None}


@pytest.mark.parametrize("wrong", [{"rounds": -1}, {"seed": -1}, {"level": 1.0}, {"level": 0.0}])
def test_impossible_settings_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=r"give"):
        replace(Bootstrap(), **wrong)


def test_speakers_are_summed() -> None:
    counts = np.arange(40).reshape(4, 10)
    assert by_speaker(counts, ["x", "y", "x", "z"]).tolist() == [
        (counts[0] + counts[2]).tolist(),
        *counts[[1, 3]].tolist(),
    ]


# ---- paired tests


def test_segments_by_hand() -> None:
    assert segments(["CCSCCCD"], ["CCCCCCC"]) == [(1, 0), (1, 0)]
    assert segments(["SCS"], ["CCC"]) == [(2, 0)], "one right word parts nothing"
    assert segments(["ICCI"], ["CC"]) == [(1, 0), (1, 0)]
    assert segments(["CCC", ""], ["CCC", "II"]) == [(0, 2)]
    assert segments(["SIC"], ["CSI"]) == [(2, 2)]


def test_few_segments_are_tested_exactly() -> None:
    found = matched_pairs([(1, 0), (1, 0), (1, 0), (1, 1)])
    assert found.exact == 2 / 8
    pairs = [(3, 0), (0, 1), (2, 0), (1, 1), (0, 2)]
    differences = [a - b for a, b in pairs]
    flipped = [
        abs(sum(s * d for s, d in zip(signs, differences, strict=True)))
        for signs in itertools.product((1, -1), repeat=5)
    ]
    assert matched_pairs(pairs).exact == pytest.approx(np.mean([each >= abs(sum(differences)) for each in flipped]))
    assert matched_pairs([(1, 0), (0, 1)] * 30).exact is None
    assert matched_pairs([]).chance == 1.0


def test_the_sign_test_is_binomial() -> None:
    assert sign_test([1, 1, 1, 1, 1], [2, 2, 2, 2, 2]).p == 2 / 32
    assert sign_test([1, 2], [2, 1]).p == 1.0
    many = sign_test([0.0] * 40 + [1.0] * 20, [1.0] * 40 + [0.0] * 20)
    assert many.p == pytest.approx(2 * sum(math.comb(60, k) for k in range(21)) / 2**60)


def test_improvement_is_the_share_of_rounds() -> None:
    a = score({"u": "a b", "v": "c d"}, {"u": "a x", "v": "c x"}).counts
    b = score({"u": "a b", "v": "c d"}, {"u": "a b", "v": "c d"}).counts
    assert improvement(a, b, Bootstrap()).probability == 1.0
    assert improvement(a, b, Bootstrap()).difference == -0.5
    assert improvement(a, a, Bootstrap()).probability == 0.5


# ---- cards


def scored(hypotheses: dict[str, str], speakers: str = "ss") -> Scored:
    references = {"u1": "one two three", "u2": "four five"}
    lines = {id: Line(text, speaker) for (id, text), speaker in zip(references.items(), speakers, strict=True)}
    read = {id: Line(text) for id, text in hypotheses.items()}
    settings = {"text_rules": "none/1", "unit": "word", "alignment": "fewest"}
    return Scored(score(references, hypotheses), lines, read, settings, bootstrap=Bootstrap(rounds=20))


def test_a_card_gives_its_report_back() -> None:
    one = scored({"u1": "one two", "u2": "four x"})
    assert report_of(card_of(one)) == one.report


def test_cards_are_compared_by_id_and_refused_where_they_cannot_be() -> None:
    a, b = (
        card_of(scored(texts)) for texts in ({"u1": "x y z", "u2": "four"}, {"u2": "four five", "u1": "one two three"})
    )
    found = compare(a, b, ("a", "b"), Bootstrap(rounds=50))
    assert [each.id for each in found.reports[1].utterances] == ["u1", "u2"]
    assert found.verdict.startswith(
        "b makes 4 errors fewer than a in 5 words (0.00 % against 80.00 %), and the difference may"
    )
    assert compare(a, a, ("a", "b"), Bootstrap(rounds=5)).verdict == "a and b read the same: no difference."
    for change, reason in (
        ({"settings": a["settings"] | {"text_rules": "en/1"}}, "text_rules is 'none/1' on one side and 'en/1'"),
        ({"utterances": b["utterances"][:1]}, "only among the references"),
        ({"utterances": [each | {"reference": "x"} for each in b["utterances"]]}, "references of 2 utterances differ"),
    ):
        with pytest.raises(DataError, match=reason):
            compare(a, b | change, ("a", "b"), Bootstrap())


# ---- where the errors are


def test_breakdown_by_speaker_and_by_number() -> None:
    one = scored({"u1": "one two", "u2": "four five"}, "st")
    groups = breakdown(one.report, one.references, "speaker", one.bootstrap)
    assert [(group.name, int(group.totals.errors), group.interval) for group in groups] == [
        ("s", 1, None),
        ("t", 0, None),
    ]
    assert breakdown(one.report, one.references, "room", one.bootstrap) == []
    assert [group.name for group in breakdown(one.report, one.references, "length", one.bootstrap)] == ["2 to 5 words"]
    numbers = list(range(1, 21))
    assert [binned([*numbers, None])[at] for at in (0, 5, 10, 19, 20)] == [
        *("below 5.75", "5.75 to 10.5", "10.5 to 15.2", "15.2 on", "unknown"),
    ]
    assert binned(["f", 3, 2.5, ""]) == ["f", "3", "2.5", "unknown"]


def test_words_by_frequency_in_training() -> None:
    report = score({"u": "new rare often often"}, {"u": "knew rare often"})
    found = by_frequency(report, ["rare " + "often " * 5])
    assert [(each.words, each.errors) for each in found] == [(1, 1), (1, 0), (2, 1)]


def test_confusions_by_hand() -> None:
    references = {"1": "a b c", "2": "a b", "3": "b", "4": "the end"}
    found = confusions(score(references, {"1": "a x c", "2": "a x", "3": "", "4": "the the uh end"}))
    assert found.substituted == (("b", "x", 2),)
    assert found.deleted == (("b", 1),)
    assert found.inserted == (("the", 1), ("uh", 1))
    assert found.lost == (("b", 3),)
    assert found.hallucinated == (("uh", 1),)


def test_calibration_by_hand() -> None:
    found = calibration([0.95, 0.95, 0.15, 0.15], [True, True, False, True])
    assert found is not None
    assert [(each.words, each.right) for each in found.bins] == [(2, 0.5), (2, 1.0)]
    assert found.error == pytest.approx((0.35 + 0.05) / 2)
    assert found.correlation == pytest.approx(np.corrcoef([0.95, 0.95, 0.15, 0.15], [1, 1, 0, 1])[0, 1])
    sure = calibration([0.9, 0.8], [True, True])
    assert sure is not None
    assert sure.cross_entropy is None
    assert calibration([], []) is None


def test_what_rules_hide() -> None:
    plain, basic = hidden({"u": "Yes, No"}, {"u": "yes no"}, {"none": TEXT_RULES["none"], "basic": TEXT_RULES["basic"]})
    assert plain.report is not None
    assert basic.report is not None
    assert (plain.report.wer, basic.report.wer) == (1.0, 0.0)
    assert basic.equal == (("No", "no", 1), ("Yes,", "yes", 1))
    (empty,) = hidden({"u": "?"}, {"u": ""}, {"basic": TEXT_RULES["basic"]})
    assert empty.report is None


@pytest.mark.parametrize("db", [0.0, 10.0, 30.0])
def test_snr_of_bursts_in_noise(db: float) -> None:
    rng, time = np.random.default_rng(0), np.arange(32000) / 16000
    speech = np.sqrt(2) * np.sin(2 * np.pi * 300 * time) * (time % 1 < 0.6)
    noise = rng.standard_normal(32000) * 10 ** (-db / 20)
    assert snr_db((0.1 * (speech + noise)).astype(np.float32), 16000) == pytest.approx(db, abs=1.5)
    assert snr_db(np.zeros(1000, np.float32), 16000) is None
