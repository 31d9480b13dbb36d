"""The utterances of a page: aligned under each system, with their audio, the worst first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from asr.reports.clips import clips
from asr.reports.parts import LEGEND, alignment, errors_of
from asr.scoring.card import Card

_SHOWN = 2000  # utterances; of more, those with the most errors


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
    return f'{LEGEND}{note}{tools}<div id="list">{articles}</div>'


def _together(sides: Sequence[dict[str, dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    """Yield the utterances with the errors of all systems together."""
    for id, each in sides[0].items():
        yield each | {"errors": sum(errors_of(side[id]) for side in sides)}


def _article(id: str, sides: Sequence[dict[str, dict[str, Any]]], names: Sequence[str], clip: str | None) -> str:
    first = sides[0][id]
    errors = [errors_of(side[id]) for side in sides]
    texts = " ".join([id, first["reference"], *(side[id]["hypothesis"] for side in sides)]).lower()
    rate = sum(errors) / max(first["words"], 1)
    facts = [
        f"<b>{escape(id)}</b>",
        escape(first.get("speaker", "")),
        f"{' / '.join(map(str, errors))} errors in {first['words']} words",
    ]
    sound = f'<audio controls preload="none" src="{clip}"></audio>' if clip else ""
    blocks = "".join(
        (f'<div class="of"><span class="key s{n}"></span>{escape(name)}</div>' if len(names) > 1 else "")
        + alignment(side[id])
        for n, (name, side) in enumerate(zip(names, sides, strict=True))
    )
    data = {"errors": sum(errors), "words": first["words"], "rate": f"{rate:.4f}", "text": escape(texts)}
    keys = " ".join(f'data-{name}="{value}"' for name, value in data.items())
    head = "".join(f"<span>{fact}</span>" for fact in facts if fact)
    return f'<article id="u-{escape(id)}" {keys}><header>{head}{sound}</header>{blocks}</article>'
