"""Two result cards of the same utterances: what differs between them, and whether the difference is real."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from asr.errors import DataError
from asr.scoring import check_pairing
from asr.scoring.bootstrap import Bootstrap, Interval, by_speaker
from asr.scoring.card import Card, report_of
from asr.scoring.nist import nist_edits
from asr.scoring.paired import (
    SIGNIFICANT,
    Improvement,
    MatchedPairs,
    Signs,
    improvement,
    matched_pairs,
    segments,
    sign_test,
)
from asr.scoring.report import Report
from asr.scoring.totals import IntArray, Totals

_FORBIDDEN = ("settings.text_rules", "settings.unit", "settings.alignment")
_HARMLESS = ("made", "inputs.hypothesis")
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Difference:
    """A setting that differs between two cards; `harmless` where it should not change a score."""

    name: str
    a: Any
    b: Any
    harmless: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """System A against system B on the same references; differences of rates are B - A."""

    names: tuple[str, str]
    reports: tuple[Report, Report]
    speakers: tuple[str, ...]  # of each utterance; empty where they are not known
    intervals: tuple[Interval | None, Interval | None]  # of the word error rates, over utterances
    differences: tuple[Difference, ...]
    pairs: MatchedPairs
    over_utterances: Improvement
    over_speakers: Improvement | None
    signs: Signs | None  # over speakers

    @property
    def verdict(self) -> str:
        """One or two plain sentences: which is better, and whether that is more than chance."""
        return " ".join(_verdict(self))

    def as_dict(self) -> dict[str, Any]:
        """Return all but the texts, ready for JSON."""
        return {
            "systems": [
                {"name": name, "wer": report.wer, "cer": report.cer, "errors": report.errors, "words": report.words}
                for name, report in zip(self.names, self.reports, strict=True)
            ],
            "differences": [asdict(each) for each in self.differences],
            "matched_pairs": self.pairs._asdict(),
            "over_utterances": _plain(self.over_utterances),
            "over_speakers": self.over_speakers and _plain(self.over_speakers),
            "signs": self.signs and self.signs._asdict(),
            "verdict": self.verdict,
        }


def compare(a: Card, b: Card, names: tuple[str, str], bootstrap: Bootstrap) -> Comparison:
    """Compare two cards by the utterances that both hold.

    The segments of the matched-pairs test come from the alignment of sclite, whatever the cards were scored with.
    Raises DataError where text rules, unit or alignment differ, where an id is on one side only, and where the texts
    of a reference differ; ConfigError for impossible rounds.
    """
    found = tuple(_differences(a, b))
    _check(a, b, names, found)
    reports = report_of(a), _in_order(report_of(b), a)
    counts = reports[0].counts, reports[1].counts
    speakers = tuple(each.get("speaker", "") for each in a["utterances"])
    grouped = (by_speaker(counts[0], speakers), by_speaker(counts[1], speakers)) if all(speakers) else None
    return Comparison(
        names,
        reports,
        speakers if grouped else (),
        (_interval(counts[0], bootstrap), _interval(counts[1], bootstrap)),
        found,
        matched_pairs(segments(_nist_marks(reports[0]), _nist_marks(reports[1]))),
        improvement(*counts, bootstrap),
        improvement(*grouped, bootstrap) if grouped else None,
        _signs(*grouped) if grouped else None,
    )


def _interval(counts: IntArray, bootstrap: Bootstrap) -> Interval | None:
    return bootstrap.intervals(counts, ["wer"])["wer"]


def _nist_marks(report: Report) -> list[str]:
    utterances = report.utterances
    return nist_edits([each.reference for each in utterances], [each.hypothesis for each in utterances])


def _signs(a: IntArray, b: IntArray) -> Signs | None:
    rates = [(x, y) for x, y in zip(Totals(a).wer.tolist(), Totals(b).wer.tolist(), strict=True) if x == x]
    return sign_test(*zip(*rates, strict=True)) if rates else None


def _in_order(report: Report, card: Card) -> Report:
    """Return the report with its utterances in the order of a card's."""
    by_id = {each.id: each for each in report.utterances}
    return Report(tuple(by_id[each["id"]] for each in card["utterances"]))


# ---- what differs


def _differences(a: Card, b: Card) -> Iterator[Difference]:
    left, right = (_flat({key: card.get(key, {}) for key in ("settings", "inputs", "made")}) for card in (a, b))
    for name in dict.fromkeys([*left, *right]):
        if left.get(name) != right.get(name):
            yield Difference(name, left.get(name), right.get(name), name.startswith(_HARMLESS))


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in values.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return flat


def _check(a: Card, b: Card, names: tuple[str, str], differences: tuple[Difference, ...]) -> None:
    both = " and ".join(names)
    for each in differences:
        if each.name in _FORBIDDEN:
            raise DataError(
                f"{both}: {each.name.rpartition('.')[2]} is {each.a!r} on one side and {each.b!r} on the other; "
                "score both in the same way"
            )
    left, right = ({each["id"]: each["reference"] for each in card["utterances"]} for card in (a, b))
    try:
        check_pairing(left, right)
    except DataError as error:
        raise DataError(f"{both}: {error}") from error
    if changed := [id for id in left if left[id] != right[id]]:
        raise DataError(
            f"{both}: the references of {len(changed)} utterances differ ({', '.join(changed[:_NAMED])}"
            f"{', ...' if len(changed) > _NAMED else ''}); score both against the same ones"
        )


# ---- what it means


def _verdict(found: Comparison) -> Iterator[str]:
    a, b = found.reports
    if found.pairs.segments == 0 or (a.errors == b.errors and found.pairs.chance == 1):
        same = all(x.hypothesis == y.hypothesis for x, y in zip(a.utterances, b.utterances, strict=True))
        yield f"{' and '.join(found.names)} {'read the same' if same else 'make equally many errors'}: no difference."
        return
    better, worse = (found.names, found.names[::-1])[b.errors < a.errors]
    rates = sorted((a.wer, b.wer))
    real = found.pairs.chance < SIGNIFICANT
    yield (
        f"{better} makes {abs(a.errors - b.errors)} errors fewer than {worse} in {a.words} words "
        f"({100 * rates[0]:.2f} % against {100 * rates[1]:.2f} %), and the difference "
        f"{'is real' if real else 'may be chance'}: two equally good systems would differ by this much or more in "
        f"{_share(found.pairs.chance)} of such tests (matched pairs, {found.pairs.segments} segments)."
    )
    between = found.over_speakers and found.over_speakers.interval
    if real and between and between.low <= 0 <= between.high:
        yield f"It is so for these {between.units} speakers; others could turn it (their interval spans 0)."


def _share(p: float) -> str:
    return "less than 0.1 %" if p < 0.001 else f"{100 * p:.1f} %"


def _plain(found: Improvement) -> dict[str, Any]:
    between = found.interval
    return found._asdict() | {"interval": between and [between.low, between.high], "units": between and between.units}
