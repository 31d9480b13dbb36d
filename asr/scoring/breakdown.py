"""Where the errors are: totals of the groups that a field of the utterances makes."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from asr.scoring.bootstrap import Bootstrap, Interval
from asr.scoring.formats.line import Line
from asr.scoring.report import Report, UtteranceScore
from asr.scoring.totals import Totals

UNKNOWN = "unknown"
LENGTHS = (1, 2, 6, 11, 21)  # words from which on a length has a group of its own
RARE = 5  # a word that was seen less often is rare
_BINS = 4
_FEW = 8  # a number with no more values than this is taken as a name


@dataclass(frozen=True, slots=True)
class Group:
    """The utterances that share a value of a field, with the interval of their word error rate."""

    name: str
    totals: Totals
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class Frequency:
    """The reference words of a frequency in training: how many there are, and how many were substituted or deleted."""

    name: str
    words: int
    errors: int

    @property
    def rate(self) -> float:
        """The share that was lost, NaN for no words."""
        return self.errors / self.words if self.words else math.nan


def of_speaker(score: UtteranceScore, line: Line) -> object:
    return line.speaker or None


def of_sex(score: UtteranceScore, line: Line) -> object:
    return line.fields.get("sex", line.fields.get("gender"))


def of_length(score: UtteranceScore, line: Line) -> object:
    starts = [start for start in LENGTHS if start <= score.words]
    if not starts:
        return "0 words"
    later = LENGTHS[len(starts) : len(starts) + 1]
    last = later[0] - 1 if later else None
    if last == starts[-1]:
        return f"{last} word{'s' * (last > 1)}"
    return f"{starts[-1]} {f'to {last}' if last else 'or more'} words"


def of_rate(score: UtteranceScore, line: Line) -> object:
    seconds = line.fields.get("duration_s")
    return score.words / seconds if isinstance(seconds, int | float) and seconds > 0 else None


# What a field is called -> how it is found; every other name is a key of the manifest.
FIELDS: dict[str, Callable[[UtteranceScore, Line], object]] = {
    "speaker": of_speaker,
    "sex": of_sex,
    "length": of_length,
    "words_per_s": of_rate,
}
STANDARD = (*FIELDS, "duration_s", "snr_db")


def breakdown(report: Report, lines: Mapping[str, Line], field: str, bootstrap: Bootstrap) -> list[Group]:
    """Return the groups that a field makes, none where no utterance has it.

    field: a name of FIELDS, or a key of the references' file. Numbers with more than a few values are put into
    quarters.
    """
    names = binned([_value(field, score, lines[score.id]) for score in report.utterances])
    if set(names) <= {UNKNOWN}:
        return []
    places: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        places.setdefault(name, []).append(place)
    return [_group(report, name, places[name], bootstrap) for name in sorted(places, key=_order)]


def _value(field: str, score: UtteranceScore, line: Line) -> object:
    return FIELDS[field](score, line) if field in FIELDS else line.fields.get(field)


def _group(report: Report, name: str, places: list[int], bootstrap: Bootstrap) -> Group:
    counts = report.counts[places]
    return Group(name, Totals(counts.sum(axis=0)), bootstrap.intervals(counts, ["wer"])["wer"])


def binned(values: Sequence[object]) -> list[str]:
    """Return the name of each value's group: itself, or the quarter of the numbers that it lies in."""
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(set(numbers)) <= _FEW:
        return [_name(value) for value in values]
    edges = np.unique(np.quantile(numbers, np.arange(1, _BINS) / _BINS))
    shown = [f"{edge:.3g}" for edge in edges]
    names = [f"below {shown[0]}", *(f"{a} to {b}" for a, b in itertools.pairwise(shown)), f"{shown[-1]} on"]
    return [
        names[int(np.searchsorted(edges, value, side="right"))] if isinstance(value, int | float) else _name(value)
        for value in values
    ]


def _name(value: object) -> str:
    if value is None or value == "":
        return UNKNOWN
    return f"{value:g}" if isinstance(value, float) else str(value)


def _order(name: str) -> tuple[bool, bool, float, str]:
    """Sort `unknown` last and numbers by value, `below` first."""
    first, *rest = name.split()
    try:
        return name == UNKNOWN, False, float(rest[0] if first == "below" else first) - (first == "below"), name
    except (ValueError, IndexError):
        return name == UNKNOWN, True, 0.0, name


def by_frequency(report: Report, training: Iterable[str]) -> list[Frequency]:
    """Return what became of the reference words by how often they stand in the training texts."""
    seen = Counter(word for text in training for word in text.split())
    names = "unseen in training", f"seen 1 to {RARE - 1} times", f"seen {RARE} times or more"
    words: Counter[str] = Counter()
    errors: Counter[str] = Counter()
    for utterance in report.utterances:
        for mark, word, _ in utterance.pairs:
            if word:
                name = names[(seen[word] > 0) + (seen[word] >= RARE)]
                words[name] += 1
                errors[name] += mark != "C"
    return [Frequency(name, words[name], errors[name]) for name in names]
