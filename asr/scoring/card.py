"""Result cards: everything that a score is and what it was made from, as JSON."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

from asr.errors import DataError
from asr.files import existing_file
from asr.scoring import score
from asr.scoring.breakdown import Group
from asr.scoring.confusions import confusions
from asr.scoring.hidden import Hidden
from asr.scoring.report import Report, UtteranceScore
from asr.scoring.scored import Scored

FORMAT = 1
_KEPT = 100  # how many words a list of a card holds
_WRITE_ONE = "write one with 'asr score --json' or 'asr evaluate --json'"
_OF_AUDIO = ("audio", "start_s", "duration_s")

Card = dict[str, Any]


def card_of(scored: Scored) -> Card:
    """Return a card, ready for JSON."""
    report = scored.report
    words = {name: value[:_KEPT] for name, value in asdict(confusions(report)).items()}
    measured = scored.calibration()
    return {
        "card": FORMAT,
        **report.as_dict(),
        "intervals": _intervals(scored),
        "settings": dict(scored.settings),
        "inputs": dict(scored.inputs),
        "made": dict(scored.made),
        "hidden": [_hidden(each) for each in scored.hidden],
        "breakdowns": {name: [_group(group) for group in groups] for name, groups in scored.breakdowns().items()},
        "frequencies": [asdict(each) for each in scored.frequencies()],
        "confusions": words,
        "calibration": measured and {**measured._asdict(), "bins": [bin._asdict() for bin in measured.bins]},
        "utterances": [_utterance(each, scored) for each in report.utterances],
    }


def read_card(path: str | Path) -> Card:
    """Return the card of a file; raises MissingFile, and DataError for a file that is none or of a later format."""
    path = existing_file(path, "result card")
    try:
        values = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: is no JSON ({error}); {_WRITE_ONE}") from error
    if not isinstance(values, dict) or not isinstance(values.get("card"), int) or "utterances" not in values:
        raise DataError(f"{path}: is no result card; {_WRITE_ONE}")
    if values["card"] > FORMAT:
        raise DataError(
            f"{path}: is a card of format {values['card']}, newer than the {FORMAT} that this version reads; update"
        )
    return values


def report_of(card: Card) -> Report:
    """Return the report of a card, counted anew from its texts."""
    settings = {name: card["settings"][name] for name in ("unit", "alignment")}
    left, right = ({each["id"]: each[side] for each in card["utterances"]} for side in ("reference", "hypothesis"))
    return score(left, right, **settings)


def system_of(card: Card) -> str:
    """Return what a card is of: the model, or the file of hypotheses."""
    inputs = card["inputs"]
    return str(inputs.get("model", inputs.get("hypothesis", {})).get("name", "unnamed"))


def number(value: float) -> float | None:
    """Return a rate as JSON has it: null where it is not defined."""
    return None if math.isnan(value) else float(value)


def _intervals(scored: Scored) -> dict[str, Any]:
    found: dict[str, Any] = asdict(scored.bootstrap)
    for name, of_rates in scored.intervals().items():
        found[name] = {rate: between and [between.low, between.high] for rate, between in of_rates.items()}
        found[name]["units"] = len(set(scored.speakers)) if name == "speakers" else len(scored.report.utterances)
    return found


def _group(group: Group) -> dict[str, Any]:
    totals = group.totals
    counts = {name: int(totals.of(name)) for name in ("utterances", "substitutions", "deletions", "insertions")}
    return {
        "name": group.name,
        "words": int(totals.words),
        "errors": int(totals.errors),
        **counts,
        "wer": number(float(totals.wer)),
        "cer": number(float(totals.cer)),
        "interval": group.interval and [group.interval.low, group.interval.high],
    }


def _hidden(hidden: Hidden) -> dict[str, Any]:
    report = hidden.report
    rates = {name: report and getattr(report, name) for name in ("wer", "cer", "words", "errors")}
    return {"rules": hidden.rules, **rates, "equal": hidden.equal[:_KEPT]}


def _utterance(score: UtteranceScore, scored: Scored) -> dict[str, Any]:
    line, read = scored.references[score.id], scored.hypotheses[score.id].words
    known: dict[str, Any] = {"speaker": line.speaker} if line.speaker else {}
    known |= {name: line.fields[name] for name in _OF_AUDIO if name in line.fields}
    if read:
        known["confidence"] = round(sum(word.confidence for word in read) / len(read), 4)
    return score.as_dict() | known
