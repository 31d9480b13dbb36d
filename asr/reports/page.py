"""A page with everything in it: one file, without anything from elsewhere, of a score or of two side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

from asr.files import replacing
from asr.reports import plots
from asr.reports.clips import clips
from asr.reports.parts import alignment, between, interval_cell, per_cent, rate_cell, settings, table
from asr.scoring.card import Card
from asr.scoring.comparison import Comparison
from asr.scoring.totals import RATES

_SHOWN = 2000  # utterances; of more, those with the most errors
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
_LEGEND = (
    '<p class="legend note">Said above, read below: <span class="w C"><i>right</i></span> '
    '<span class="w S"><i>said</i><b>read instead</b></span> <span class="w D"><i>lost</i></span> '
    '<span class="w I"><b>inserted</b></span></p>'
)


def write_page(
    cards: Sequence[Card], path: Path, comparison: Comparison | None = None, *, audio_mb: float = 20.0
) -> None:
    """Write the page of a card, or of two and their comparison, whole or not at all.

    audio_mb: how much audio it may hold, of the utterances with the most errors first.
    Raises OutputError, and AudioError for a recording that is there and is no audio.
    """
    text = page(cards, comparison, audio_mb=audio_mb)
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace")


def page(cards: Sequence[Card], comparison: Comparison | None = None, *, audio_mb: float = 0.0) -> str:
    """Return the page as HTML."""
    names = comparison.names if comparison else [system(card) for card in cards]
    sections = {
        "Overview": overview(cards, names, comparison),
        "Where the errors are": breakdowns(cards, names),
        "Words": words(cards, names),
        "Confidence": confidence(cards, names),
        "Utterances": utterances(cards, names, audio_mb),
        "How it was made": origin(cards, names, comparison),
    }
    kept = {name: html for name, html in sections.items() if html}
    links = "".join(f'<a href="#{_anchor(name)}">{escape(name)}</a>' for name in kept)
    body = "".join(f'<section id="{_anchor(name)}"><h2>{escape(name)}</h2>{html}</section>' for name, html in kept.items())
    title = escape(f"{' and '.join(names)}: {per_cent(cards[0]['wer'])} WER" if len(cards) == 1 else " and ".join(names))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{_file('page.css')}</style></head><body>"
        f"<header>{headline(cards, names, comparison)}</header><nav>{links}</nav><main>{body}</main>"
        f"<script>{_file('page.js')}</script></body></html>\n"
    )


def system(card: Card) -> str:
    inputs = card["inputs"]
    return str(inputs.get("model", inputs.get("hypothesis", {})).get("name", "this system"))


def headline(cards: Sequence[Card], names: Sequence[str], comparison: Comparison | None) -> str:
    """Return the error rates with their intervals, and what a comparison says of them."""
    of = escape(str(cards[0]["inputs"].get("reference", {}).get("name", "")))
    boxes = "".join(
        f'<div class="system s{number}"><span>{escape(name)}</span><strong>{per_cent(card["wer"])}</strong>'
        f"<span>word error rate{_interval_words(card)}</span></div>"
        for number, (name, card) in enumerate(zip(names, cards, strict=True))
    )
    verdict = f'<p class="verdict">{escape(comparison.verdict)}</p>' if comparison else ""
    count = f"{len(cards[0]['utterances'])} utterances, {cards[0]['words']} words"
    return f'<h1>{of}: {count}</h1><div class="systems">{boxes}</div>{verdict}'


def _interval_words(card: Card) -> str:
    found = card["intervals"]
    interval = found.get("utterances", {}).get("wer")
    return f", {100 * found['level']:g} % interval {between(interval)}" if interval else "; its interval is undefined"


def overview(cards: Sequence[Card], names: Sequence[str], comparison: Comparison | None) -> str:
    """Return all measures with their intervals, the plots, and the tests between two systems."""
    head = ["measure", *(text for name in names for text in (name, "interval"))]
    rows = [
        [_NAMES[rate], *(cell for card in cards for cell in (rate_text(card, rate), interval_cell(_over(card, "utterances", rate))))]
        for rate in RATES
    ]
    counts = [
        [name, *(cell for card in cards for cell in (card[name], ""))]
        for name in ("words", "substitutions", "deletions", "insertions", "characters", "char_errors")
    ]
    lines = [
        (f"{name}, over {units}" if len(cards) > 1 else f"over {units}", card["wer"], _over(card, units, "wer"), number)
        for number, (name, card) in enumerate(zip(names, cards, strict=True))
        for units in ("utterances", "speakers")
        if _over(card, units, "wer")
    ]
    rates = [[each["errors"] / each["words"] for each in _counted(card) if each["words"]] for card in cards]
    parts = [table(head, [*rows, *counts]), tests(comparison) if comparison else ""]
    if lines:
        parts += ["<h3>Word error rate and its interval</h3>", plots.intervals(lines)]
    parts += ["<h3>How the utterances' error rates are spread</h3>", key(names), plots.histogram(rates)]
    return "".join(parts)


def rate_text(card: Card, rate: str) -> tuple[float, str]:
    return (card[rate], per_cent(card[rate]))


def _over(card: Card, units: str, rate: str) -> Any:
    return card["intervals"].get(units, {}).get(rate)


def _counted(card: Card) -> Iterator[dict[str, Any]]:
    for each in card["utterances"]:
        yield each | {"errors": each["substitutions"] + each["deletions"] + each["insertions"]}


def key(names: Sequence[str]) -> str:
    """Return which colour is which system, where there are several."""
    if len(names) < 2:
        return ""
    keys = " ".join(f'<span><span class="key s{n}"></span>{escape(name)}</span>' for n, name in enumerate(names))
    return f'<p class="note">{keys}</p>'


def tests(comparison: Comparison) -> str:
    """Return the paired tests as a table."""
    pairs, signs = comparison.pairs, comparison.signs
    a, b = comparison.names
    rows: list[list[object]] = [["matched pairs", f"{pairs.segments} segments, z {pairs.z:.2f}", f"p {pairs.p:.4f}"]]
    for units, found in (("utterances", comparison.over_utterances), ("speakers", comparison.over_speakers)):
        if found:
            drawn = found.interval and [found.interval.low, found.interval.high]
            rows.append([f"bootstrap over {units}", f"{b} - {a}: {between(drawn)}", f"{b} better in {100 * found.probability:.1f} %"])
    if signs:
        odds = f"{signs.better_a} better with {a}, {signs.better_b} with {b}, {signs.equal} equal"
        rows.append(["sign test over speakers", odds, f"p {signs.p:.4f}"])
    return "<h3>Is the difference real?</h3>" + table(["test", "found", "says"], rows)


def breakdowns(cards: Sequence[Card], names: Sequence[str]) -> str:
    """Return a table a field, with the groups of every system side by side."""
    fields = dict.fromkeys(field for card in cards for field in card["breakdowns"])
    parts = [_breakdown(field, cards, names) for field in fields]
    if any(card["frequencies"] for card in cards):
        rows = [[each["name"], each["words"], each["errors"], rate_cell(each["errors"] / max(each["words"], 1), 1.0)] for each in cards[0]["frequencies"]]
        parts.append("<h3>How often a word was seen in training</h3>" + table(["reference words", "words", "lost", "share"], rows))
    return "".join(parts)


def _breakdown(field: str, cards: Sequence[Card], names: Sequence[str]) -> str:
    groups = [{group["name"]: group for group in card["breakdowns"].get(field, [])} for card in cards]
    shared = dict.fromkeys(name for side in groups for name in side)
    most = max((group["wer"] or 0.0 for side in groups for group in side.values()), default=0.0)
    rows = []
    for name in shared:
        first = next(side[name] for side in groups if name in side)
        row: list[object] = [name, first["utterances"], first["words"]]
        for side in groups:
            group = side.get(name, {"errors": 0, "wer": None, "interval": None})
            row += [group["errors"], rate_cell(group["wer"], most), interval_cell(group["interval"])]
        rows.append(row)
    several = len(names) > 1
    heads = [text for name in names for text in (f"errors {name}" if several else "errors", f"WER {name}" if several else "WER", "interval")]
    return f"<h3>{escape(field.replace('_', ' '))}</h3>" + table([field, "utterances", "words", *heads], rows)


def words(cards: Sequence[Card], names: Sequence[str]) -> str:
    """Return what is taken for what, lost and made up, by system."""
    parts = []
    for name, card in zip(names, cards, strict=True):
        lists = [table(head, card["confusions"][kind][:25]) for kind, head in _WORDS.items() if card["confusions"][kind]]
        title = f"<h3>{escape(name)}</h3>" if len(cards) > 1 else ""
        parts.append(f'{title}<div class="cols">{"".join(lists)}</div>' if lists else "")
    return "".join(parts)


def confidence(cards: Sequence[Card], names: Sequence[str]) -> str:
    """Return the calibration curves with what they amount to, nothing where no confidences are known."""
    known = [(name, card["calibration"]) for name, card in zip(names, cards, strict=True) if card["calibration"]]
    if not known:
        return ""
    curves = [[(bin["confidence"], bin["right"], bin["words"]) for bin in found["bins"]] for _, found in known]
    rows = [[name, *(_rounded(found[key]) for key in ("error", "correlation", "cross_entropy"))] for name, found in known]
    head = ["system", "expected calibration error", "correlation with being right", "normalised cross entropy"]
    return key([name for name, _ in known]) + plots.calibration(curves) + table(head, rows)


def _rounded(value: float | None) -> object:
    return "–" if value is None else (value, f"{value:.3f}")


def utterances(cards: Sequence[Card], names: Sequence[str], audio_mb: float) -> str:
    """Return every utterance, aligned under each system, with its audio; the worst first."""
    others = [{each["id"]: each for each in card["utterances"]} for card in cards]
    counted = sorted(_together(others), key=lambda each: -each["errors"])[:_SHOWN]
    heard = clips(counted, audio_mb)
    articles = "".join(_article(each["id"], others, names, heard.get(each["id"])) for each in counted)
    total = len(cards[0]["utterances"])
    left = f" The {len(counted)} with the most errors of {total} are here." if len(counted) < total else ""
    note = f'<p class="note">Audio beside {len(heard)} of {len(counted)} utterances.{left}</p>'
    tools = (
        '<div class="tools"><input type="search" id="find" placeholder="id or words" aria-label="find">'
        '<label><input type="checkbox" id="wrong"> only with errors</label>'
        '<label>sort by <select id="order"><option value="errors -1">most errors</option>'
        '<option value="rate -1">highest error rate</option><option value="words -1">longest</option>'
        '<option value="id">id</option></select></label><span class="note" id="shown"></span></div>'
    )
    return f'{_LEGEND}{note}{tools}<div id="list">{articles}</div>'


def _together(sides: Sequence[dict[str, dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    """Yield the utterances with the errors of all systems together."""
    for id, each in sides[0].items():
        yield each | {"errors": sum(_errors(side[id]) for side in sides)}


def _errors(each: dict[str, Any]) -> int:
    return int(each["substitutions"] + each["deletions"] + each["insertions"])


def _article(id: str, sides: Sequence[dict[str, dict[str, Any]]], names: Sequence[str], clip: str | None) -> str:
    first = sides[0][id]
    errors = [_errors(side[id]) for side in sides]
    texts = " ".join([id, first["reference"], *(side[id]["hypothesis"] for side in sides)]).lower()
    rate = sum(errors) / max(first["words"], 1)
    facts = [f"<b>{escape(id)}</b>", escape(first.get("speaker", "")), f"{' / '.join(map(str, errors))} errors in {first['words']} words"]
    sound = f'<audio controls preload="none" src="{clip}"></audio>' if clip else ""
    blocks = "".join(
        (f'<div class="of"><span class="key s{n}"></span>{escape(name)}</div>' if len(names) > 1 else "") + alignment(side[id])
        for n, (name, side) in enumerate(zip(names, sides, strict=True))
    )
    return (
        f'<article id="u-{escape(id)}" data-errors="{sum(errors)}" data-words="{first["words"]}" data-rate="{rate:.4f}" '
        f'data-text="{escape(texts)}"><header>{"".join(f"<span>{fact}</span>" for fact in facts if fact)}{sound}</header>{blocks}</article>'
    )


def origin(cards: Sequence[Card], names: Sequence[str], comparison: Comparison | None) -> str:
    """Return commands, files, settings and versions, and what of it differs between two systems."""
    parts = []
    if comparison and comparison.differences:
        rows = [[each.name, str(each.a), str(each.b)] for each in comparison.differences]
        parts.append("<h3>What differs</h3>" + table(["setting", *names], rows))
    for name, card in zip(names, cards, strict=True):
        known = {key: card[key] for key in ("made", "settings", "inputs")}
        bootstrap = {key: card["intervals"][key] for key in ("rounds", "seed", "level")}
        parts.append(f"<h3>{escape(name)}</h3><dl>{''.join(settings(known | {'bootstrap': bootstrap}))}</dl>")
    return "".join(parts)


def _anchor(name: str) -> str:
    return name.lower().replace(" ", "-")


def _file(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")
