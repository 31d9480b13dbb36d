"""A page with everything in it: one file, without anything from elsewhere, of a score or of two side by side."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from asr.files import replacing
from asr.reports.document import document, resource
from asr.reports.parts import between, per_cent, settings, table
from asr.reports.sections import breakdowns, confidence, overview, words
from asr.reports.utterances import utterances
from asr.scoring.card import Card, system_of
from asr.scoring.comparison import Comparison


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
    names = comparison.names if comparison else [system_of(card) for card in cards]
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
    body = "".join(
        f'<section id="{_anchor(name)}"><h2>{escape(name)}</h2>{html}</section>' for name, html in kept.items()
    )
    title = escape(
        f"{' and '.join(names)}: {per_cent(cards[0]['wer'])} WER" if len(cards) == 1 else " and ".join(names)
    )
    header = f"<header>{headline(cards, names, comparison)}</header><nav>{links}</nav>"
    script = f"<script>{resource('page.js')}</script>"
    return document(title, f"{header}<main>{body}</main>", style=resource("page.css"), scripts=script)


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
