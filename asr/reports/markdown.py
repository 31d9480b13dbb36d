"""Scores as a Markdown table, for RESULTS.md."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from asr.scoring.card import Card, system_of

_ERRORS = ("substitutions", "deletions", "insertions")


def rows(cards: Sequence[Card], names: Sequence[str] = ()) -> Iterator[str]:
    """Yield a table with a line a card, and below it what the figures were made with.

    names: of the systems, the files that they are from unless given.
    """
    names = names or [system_of(card) for card in cards]
    speakers = any("speakers" in card["intervals"] for card in cards)
    head = ["system", "set", "words", "WER %", *_heads(cards[0], speakers), "CER %", "SER %", "errors (S + D + I)"]
    yield line(head)
    yield line([":--", ":--", *["--:"] * (len(head) - 2)])
    for name, card in zip(names, cards, strict=True):
        yield line([name, *_cells(card, speakers)])
    yield ""
    for name, card in zip(names, cards, strict=True):
        yield f"- {name}: {_story(card)}"


def line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _heads(card: Card, speakers: bool) -> list[str]:
    level = f"{100 * card['intervals']['level']:g} %"
    return [f"{level} over {units}" for units in ("utterances", *(["speakers"] if speakers else []))]


def _cells(card: Card, speakers: bool) -> list[str]:
    of = card["intervals"]
    intervals = [
        _between(of.get(units, {}).get("wer")) for units in ("utterances", *(["speakers"] if speakers else []))
    ]
    counts = [card[name] for name in _ERRORS]
    name = str(card["inputs"].get("reference", {}).get("name", ""))
    rates = [f"{100 * card[rate]:.2f}" for rate in ("wer", "cer", "ser")]
    errors = f"{sum(counts)} ({' + '.join(map(str, counts))})"
    return [name, str(card["words"]), rates[0], *intervals, *rates[1:], errors]


def _between(interval: Sequence[float] | None) -> str:
    return f"{100 * interval[0]:.2f} to {100 * interval[1]:.2f}" if interval else "undefined"


def _story(card: Card) -> str:
    made, of = card["made"], card["intervals"]
    parts = [f"`{made['command']}`", f"text rules {card['settings'].get('text_rules')}"]
    parts += [
        f"bootstrap of {of['rounds']} rounds from seed {of['seed']}",
        f"bilstm-asr {made['version']}",
        made["hardware"],
    ]
    return ", ".join(parts)
