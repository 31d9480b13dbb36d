"""The settings of the beam search that read a development set best, and how far its confidences can be trusted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, product
from typing import Any

from asr import audio, scoring, text
from asr.decoders.confidence import Calibration, fit
from asr.decoding import make_decoder
from asr.errors import DataError
from asr.recognizer import Recognizer
from asr.scoring.calibration import expected_calibration_error, judged
from asr.types import FloatArray, Hypothesis, Utterance

WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)
BONUSES = (-1.0, 0.0, 1.0, 2.0, 3.0)
BEAMS = (8, 16, 32, 64)
WIDER = (128, 256, 512)  # tried with the weights that are best at the widest of these
_FINE = 2  # how often the steps around the best point are halved
_ENOUGH = 0.001  # a wider beam has to be better by more than this share of the words

Settings = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Trial:
    """A setting and what it gave on the development set; lower is better: words, then characters."""

    settings: Settings
    wer: float
    cer: float

    @property
    def rank(self) -> tuple[float, float]:
        return (self.wer, self.cer)


@dataclass(frozen=True)
class Tuned:
    """What a search found: all trials, the best settings, and the calibration of their confidences."""

    trials: tuple[Trial, ...]
    best: Trial
    calibration: Calibration
    error_before: float  # expected calibration error of the words
    error_after: float

    @property
    def settings(self) -> dict[str, Any]:
        """What a model file keeps for the beam search."""
        return dict(self.best.settings) | {"calibration": list(self.calibration)}


class Bench:
    """A development set with the log-probabilities of a model, which are computed once.

    Raises DataError for a set without words, AudioError.
    """

    def __init__(self, recognizer: Recognizer, utterances: Sequence[Utterance]) -> None:
        self.info = recognizer.info
        self._rule = text.get_rule(self.info.text_rules)
        self._references = {utterance.id: self._rule(utterance.text) for utterance in utterances}
        if not any(self._references.values()):
            raise DataError(f"no words in {len(utterances)} utterances; tune on a set with reference texts")
        samples = (audio.read_utterance(utterance, self.info.rate_hz).samples for utterance in utterances)
        self._log_probs: list[FloatArray] = [recognizer.log_probs([each])[0] for each in samples]

    def decode(self, settings: Settings) -> list[Hypothesis]:
        """Return the hypotheses of the beam search with these settings and no others."""
        decoder = make_decoder(replace(self.info, decoder={"name": "beam"}), **settings).decoder
        return decoder.decode_batch(self._log_probs, frame_shift_s=self.info.frame_shift_s)

    def score(self, hypotheses: Sequence[Hypothesis]) -> scoring.Report:
        texts = (self._rule(hypothesis.text) for hypothesis in hypotheses)
        return scoring.score(self._references, dict(zip(self._references, texts, strict=True)))


def tune(
    bench: Bench,
    fixed: Settings,
    *,
    weights: Sequence[float] = WEIGHTS,
    bonuses: Sequence[float] = BONUSES,
    beams: Sequence[int] = BEAMS,
    wider: Sequence[int] = WIDER,
    seen: Callable[[Trial], None] = lambda trial: None,
) -> Tuned:
    """Search weight and bonus on a grid, then between its points around the best, then the narrowest beam as good.

    fixed: the language model (`lm`), which must not have been trained on the set's texts, and settings that are not
    searched; they are not part of the result. seen: called with every trial.
    """
    trials: dict[tuple[float, float, int], Trial] = {}

    def measure(weight: float, bonus: float, beam: int) -> Trial:
        key = (weight, bonus, beam)
        if key not in trials:
            settings = {"lm_weight": weight, "word_bonus": bonus, "beam": beam}
            report = bench.score(bench.decode({**fixed, **settings}))
            trials[key] = Trial(settings, report.wer, report.cer)
            seen(trials[key])
        return trials[key]

    widest = max(beams)
    best = min((measure(*point, widest) for point in product(weights, bonuses)), key=_rank)
    for around in _closer(weights, bonuses):
        best = min((measure(*point, widest) for point in around(best)), key=_rank)
    weight, bonus = best.settings["lm_weight"], best.settings["word_bonus"]
    widths = [measure(weight, bonus, beam) for beam in sorted({*beams, *wider})]
    lowest = min(trial.wer for trial in widths)
    best = next(trial for trial in widths if trial.wer <= lowest + _ENOUGH)
    hypotheses = bench.decode({**fixed, **best.settings})
    confidences, right = judged([hypothesis.words for hypothesis in hypotheses], bench.score(hypotheses))
    calibration = fit(confidences, right)
    after = [calibration.of(confidence) for confidence in confidences]
    errors = (expected_calibration_error(values, right) for values in (confidences, after))
    return Tuned(tuple(trials.values()), best, calibration, *errors)


def _rank(trial: Trial) -> tuple[float, float]:
    return trial.rank


def _closer(
    weights: Sequence[float], bonuses: Sequence[float]
) -> Iterator[Callable[[Trial], list[tuple[float, float]]]]:
    """Yield for every halving of the grid's steps what gives the points around a trial."""
    steps = [min((b - a for a, b in pairwise(axis)), default=0.0) for axis in (weights, bonuses)]
    for halving in range(1, _FINE + 1):
        by_weight, by_bonus = (step / 2**halving for step in steps)

        def around(trial: Trial, by_weight: float = by_weight, by_bonus: float = by_bonus) -> list[tuple[float, float]]:
            weight, bonus = trial.settings["lm_weight"], trial.settings["word_bonus"]
            moves = product((-by_weight, 0.0, by_weight), (-by_bonus, 0.0, by_bonus))
            return sorted({(max(0.0, weight + a), bonus + b) for a, b in moves})

        yield around
