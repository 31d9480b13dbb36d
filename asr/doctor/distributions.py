"""What is measured of every utterance, as a distribution over each manifest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from asr.doctor.case import Case, Survey
from asr.doctor.measure import Sound

BINS = 40
_QUANTILES = {"least": 0.0, "p05": 0.05, "median": 0.5, "p95": 0.95, "most": 1.0}
_TAILS = (0.005, 0.995)  # a histogram goes this far; what lies beyond is in its first or last bin

Value = Callable[[Case, Sound, Survey], float | None]


class Quantity(NamedTuple):
    """A number of an utterance: its title with the unit, the digits after its point, and how to get it."""

    title: str
    digits: int
    value: Value


def _per_second(case: Case, sound: Sound, survey: Survey) -> float | None:
    return case.letters / sound.speech_s if case.letters else None


def _frames_per_label(case: Case, sound: Sound, survey: Survey) -> float | None:
    return survey.target.frames(sound.duration_s) / case.frames_needed if case.labels else None


def _level_db(case: Case, sound: Sound, survey: Survey) -> float | None:
    return None if sound.is_constant else sound.level_db


def _silence(case: Case, sound: Sound, survey: Survey) -> float | None:
    return 100 * (1 - sound.speech_s / sound.duration_s)


def _score(case: Case, sound: Sound, survey: Survey) -> float | None:
    return case.heard.score if case.heard else None


QUANTITIES: dict[str, Quantity] = {
    "duration_s": Quantity("duration, s", 2, lambda case, sound, survey: sound.duration_s),
    "characters_per_s": Quantity("characters a second of speech", 1, _per_second),
    "frames_per_label": Quantity("frames for each that CTC needs", 2, _frames_per_label),
    "level_db": Quantity("level, dB of full scale", 1, _level_db),
    "contrast_db": Quantity("speech over background, dB", 1, lambda case, sound, survey: sound.pauses.contrast_db),
    "silence_percent": Quantity("silence, %", 0, _silence),
    "band_khz": Quantity("spectrum reaches up to, kHz", 1, lambda case, sound, survey: sound.band_hz / 1000),
    "score": Quantity("score of the model's alignment", 2, _score),
}


@dataclass(frozen=True)
class Distribution:
    """The values of a quantity: quantiles of all, and how many of each manifest lie between two edges."""

    quantity: Quantity
    quantiles: dict[str, float]
    edges: list[float]  # [BINS + 1]
    counts: dict[str, list[int]]  # by manifest, [BINS]

    @property
    def total(self) -> list[int]:
        return [sum(column) for column in zip(*self.counts.values(), strict=True)]

    def as_dict(self) -> dict[str, object]:
        return {
            "title": self.quantity.title,
            "quantiles": self.quantiles,
            "histogram": {"edges": self.edges, "counts": self.counts},
        }


def distributions(survey: Survey) -> dict[str, Distribution]:
    """Return the distributions of all quantities that are known of an utterance at least."""
    found = {}
    for name, quantity in QUANTITIES.items():
        values: dict[str, list[float]] = {manifest: [] for manifest in survey.manifests}
        for case, sound in survey.audible:
            value = quantity.value(case, sound, survey)
            if value is not None:
                values[case.manifest].append(value)
        if any(values.values()):
            found[name] = _distribution(quantity, values)
    return found


def _distribution(quantity: Quantity, values: dict[str, list[float]]) -> Distribution:
    together = np.concatenate([np.asarray(members, np.float64) for members in values.values()])
    low, high = (float(tail) for tail in np.quantile(together, _TAILS))
    edges = np.linspace(low, high if high > low else low + 1.0, BINS + 1)
    return Distribution(
        quantity,
        {name: round(float(np.quantile(together, share)), 4) for name, share in _QUANTILES.items()},
        [round(float(edge), 4) for edge in edges],
        {manifest: _counts(members, edges) for manifest, members in values.items()},
    )


def _counts(values: Sequence[float], edges: np.ndarray) -> list[int]:
    return [int(count) for count in np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0]]
