"""What a decoder is asked for, in words that all decoders share, and the search for each one's best; standard library.

Natural logarithms throughout: the workers bring the numbers to the units of their decoders.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import NamedTuple


@dataclass(frozen=True)
class Setting:
    """One way to decode.

    vocabulary: "open" (any word, the language model's are cheaper), "closed" (only its words) or "none" (no language
    model). tokens: how many of the most probable tokens a frame may add; threshold: what scores so much less than the
    best is dropped; floor: tokens less probable than e^-floor are left out (ours: than the frame's best times that).
    None: no such limit. log_add: sum over paths; flashlight-text alone can also take the best one.
    """

    decoder: str  # a key of serve.WORKERS
    vocabulary: str
    beam: int
    tokens: int | None = None
    threshold: float = 20.0
    floor: float | None = None
    lm_weight: float = 0.0
    word_bonus: float = 0.0
    unknown_price: float = 0.0
    log_add: bool = True
    hotwords: int = 0  # how many of the list

    @property
    def name(self) -> str:
        how = {"open": "open", "closed": "closed", "none": "no LM"}[self.vocabulary]
        path = "" if self.log_add else ", best path"
        return f"{self.decoder} ({how}{path})"

    @property
    def limits(self) -> str:
        shown = [f"beam {self.beam}"]
        shown += [f"{self.tokens} tokens"] if self.tokens else []
        shown += [f"floor {self.floor:g}"] if self.floor is not None else []
        shown += [f"{self.hotwords} hot words"] if self.hotwords else []
        return ", ".join([*shown, f"threshold {self.threshold:g}"])

    @property
    def weights(self) -> str:
        if self.vocabulary == "none":
            return ""
        price = f" unknown {self.unknown_price:g}" if self.vocabulary == "open" else ""
        return f"LM {self.lm_weight:g} word {self.word_bonus:+g}{price}"


class Trial(NamedTuple):
    """A setting and what it gave on a set."""

    setting: Setting
    wer: float
    seconds: float  # of the processor


Measure = Callable[[Setting], Trial]
Axes = Mapping[str, tuple[object, ...]]

OURS, PYCTCDECODE, FLASHLIGHT = "asr", "pyctcdecode", "flashlight-text"
# Where the search for the best weights stands: wide, and for pyctcdecode its own defaults, since it is slow.
START = (
    Setting(OURS, "open", 100, None, 16.0, 12.0, 0.75, 1.0, 5.0),
    Setting(OURS, "closed", 100, None, 16.0, 12.0, 0.75, 1.0, 5.0),
    Setting(PYCTCDECODE, "open", 100, None, 10.0, 5.0, 0.75, 1.0, 5.0),
    Setting(FLASHLIGHT, "closed", 100, 10, 25.0, None, 0.75, 1.0, 5.0, log_add=False),
    Setting(FLASHLIGHT, "closed", 100, 10, 25.0, None, 0.75, 1.0, 5.0, log_add=True),
)
# One axis after another, from the best so far.
WEIGHTS: tuple[Axes, ...] = (
    {"lm_weight": (0.25, 0.5, 0.75, 1.0, 1.25)},
    {"word_bonus": (-1.0, 0.0, 1.0, 2.0, 3.0)},
    {"unknown_price": (2.0, 5.0, 10.0, 15.0)},  # open vocabularies alone
    {"lm_weight": (0.4, 0.5, 0.6, 0.75, 0.9, 1.0, 1.1)},
)
# All combinations.
LIMITS: Mapping[str, Axes] = {
    OURS: {"beam": (4, 8, 16, 32, 64), "threshold": (6.0, 8.0, 10.0, 14.0), "floor": (4.0, 6.0, 8.0)},
    PYCTCDECODE: {"beam": (8, 16, 32, 64, 100), "threshold": (5.0, 8.0, 10.0), "floor": (3.0, 5.0, 7.0)},
    FLASHLIGHT: {"beam": (8, 16, 32, 64, 100, 200), "threshold": (6.0, 8.0, 10.0, 14.0, 20.0), "tokens": (3, 5, 8, 12)},
}


def best_weights(start: Setting, measure: Measure) -> Setting:
    """Return the setting with the weights of the lowest error rate on the way along the axes."""
    best = measure(start)
    for axes in WEIGHTS:
        if "unknown_price" in axes and start.vocabulary != "open":
            continue
        best = min([best, *map(measure, around(best.setting, axes))], key=lambda trial: trial.wer)
    return best.setting


def sweep(setting: Setting, measure: Measure) -> list[Trial]:
    """Return what all limits give, with the weights of a setting."""
    return [measure(setting), *map(measure, around(setting, LIMITS[setting.decoder]))]


def around(setting: Setting, axes: Axes) -> Iterable[Setting]:
    for values in product(*axes.values()):
        yield replace(setting, **dict(zip(axes, values, strict=True)))


def fastest(trials: Iterable[Trial], wer: float) -> Trial:
    """Return the fastest trial with no more errors than `wer`, or the one with the fewest where none has so few."""
    trials = list(trials)
    good = [trial for trial in trials if trial.wer <= wer]
    if not good:
        return min(trials, key=lambda trial: (trial.wer, trial.seconds))
    return min(good, key=lambda trial: trial.seconds)
