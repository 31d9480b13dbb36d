"""The sections of a page: measures, breakdowns, words, confidences."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from asr.reports import plots
from asr.reports.parts import UNDEFINED, between, errors_of, interval_cell, key, per_cent, rate_cell, table
from asr.reports.text import chance
from asr.scoring.card import Card
from asr.scoring.comparison import Comparison
from asr.scoring.totals import RATES

_NAMES = {
    "wer": "word error rate (WER)",
    "cer": "character error rate (CER)",
    "ser": "sentence error rate (SER)",
    "mer": "match error rate (MER)",
    "wil": "word information lost (WIL)",
}
_WORDS = {
    "substituted": ("said", "read", "times"),
    "deleted": ("deleted", "times"),
    "inserted": ("inserted", "times"),
    "lost": ("always lost", "times"),
    "hallucinated": ("hallucinated", "times"),
}


def overview(cards: Sequence[Card], names: Sequence[str], comparison: Comparison | None) -> str:
    """Return all measures with their intervals, the plots, and the tests between two systems."""
    head = ["measure", *(text for name in names for text in (name, "interval"))]
    rows = [
        [
            _NAMES[rate],
            *(
                cell
                for card in cards
                for cell in (rate_text(card, rate), interval_cell(_over(card, "utterances", rate)))
            ),
        ]
        for rate in RATES
    ]
    counts = [
        [name.replace("char_", "character "), *(cell for card in cards for cell in (card[name], ""))]
        for name in ("words", "substitutions", "deletions", "insertions", "characters", "char_errors")
    ]
    lines = [
        (f"{name}, over {units}" if len(cards) > 1 else f"over {units}", card["wer"], _over(card, units, "wer"), number)
        for number, (name, card) in enumerate(zip(names, cards, strict=True))
        for units in ("utterances", "speakers")
        if _over(card, units, "wer")
    ]
    rates = [[errors_of(each) / each["words"] for each in card["utterances"] if each["words"]] for card in cards]
    parts = [table(head, [*rows, *counts]), tests(comparison) if comparison else ""]
    if lines:
        parts += ["<h3>Word error rate and its interval</h3>", plots.intervals(lines)]
    parts += ["<h3>How the utterances' error rates are spread</h3>", key(names), plots.histogram(rates)]
    return "".join(parts)


def rate_text(card: Card, rate: str) -> tuple[float, str]:
    return (card[rate], per_cent(card[rate]))


def _over(card: Card, units: str, rate: str) -> Any:
    return card["intervals"].get(units, {}).get(rate)


def tests(comparison: Comparison) -> str:
    """Return the paired tests as a table."""
    pairs, signs = comparison.pairs, comparison.signs
    a, b = comparison.names
    rows: list[list[object]] = [["matched pairs", f"{pairs.segments} segments, z {pairs.z:.2f}", chance(pairs.chance)]]
    for units, found in (("utterances", comparison.over_utterances), ("speakers", comparison.over_speakers)):
        if found:
            drawn = found.interval and [found.interval.low, found.interval.high]
            rows.append(
                [
                    f"bootstrap over {units}",
                    f"{b} - {a}: {between(drawn)}",
                    f"{b} better in {100 * found.probability:.1f} %",
                ]
            )
    if signs:
        odds = f"{signs.better_a} better with {a}, {signs.better_b} with {b}, {signs.equal} equal"
        rows.append(["sign test over speakers", odds, chance(signs.p)])
    return "<h3>Is the difference real?</h3>" + table(["test", "found", "says"], rows)


def breakdowns(cards: Sequence[Card], names: Sequence[str]) -> str:
    """Return a table a field, with the groups of every system side by side."""
    fields = dict.fromkeys(field for card in cards for field in card["breakdowns"])
    parts = [_breakdown(field, cards, names) for field in fields]
    if any(card["frequencies"] for card in cards):
        rows = [
            [each["name"], each["words"], each["errors"], rate_cell(each["errors"] / max(each["words"], 1), 1.0)]
            for each in cards[0]["frequencies"]
        ]
        parts.append(
            "<h3>How often a word was seen in training</h3>"
            + table(["reference words", "words", "lost", "share"], rows)
        )
    return "".join(parts)


def _breakdown(field: str, cards: Sequence[Card], names: Sequence[str]) -> str:
    groups = [{group["name"]: group for group in card["breakdowns"].get(field, [])} for card in cards]
    shared = dict.fromkeys(name for side in groups for name in side)
    most = max((group["wer"] or 0.0 for side in groups for group in side.values()), default=0.0)
    rows = []
    for name in shared:
        first = next(side[name] for side in groups if name in side)
        row: list[object] = [name, first["utterances"], first["words"]]
        for number, side in enumerate(groups):
            group = side.get(name, {"errors": 0, "wer": None, "interval": None})
            row += [group["errors"], rate_cell(group["wer"], most, number), interval_cell(group["interval"])]
        rows.append(row)
    several = len(names) > 1
    heads = [
        text
        for name in names
        for text in (f"errors {name}" if several else "errors", f"WER {name}" if several else "WER", "interval")
    ]
    return f"<h3>{escape(field.replace('_', ' '))}</h3>" + table([field, "utterances", "words", *heads], rows)


def words(cards: Sequence[Card], names: Sequence[str]) -> str:
    """Return what is taken for what, lost and made up, by system."""
    parts = []
    for name, card in zip(names, cards, strict=True):
        lists = [
            table(head, card["confusions"][kind][:25]) for kind, head in _WORDS.items() if card["confusions"][kind]
        ]
        title = f"<h3>{escape(name)}</h3>" if len(cards) > 1 else ""
        parts.append(f'{title}<div class="cols">{"".join(lists)}</div>' if lists else "")
    return "".join(parts)


def confidence(cards: Sequence[Card], names: Sequence[str]) -> str:
    """Return the calibration curves with what they amount to, nothing where no confidences are known."""
    known = [(name, card["calibration"]) for name, card in zip(names, cards, strict=True) if card["calibration"]]
    if not known:
        return ""
    curves = [[(bin["confidence"], bin["right"], bin["words"]) for bin in found["bins"]] for _, found in known]
    rows = [
        [name, *(_rounded(found[key]) for key in ("error", "correlation", "cross_entropy"))] for name, found in known
    ]
    head = ["system", "expected calibration error", "correlation with being right", "normalised cross entropy"]
    return key([name for name, _ in known]) + plots.calibration(curves) + table(head, rows)


def _rounded(value: float | None) -> object:
    return UNDEFINED if value is None else (value, f"{value:.3f}")
