"""The page: one HTML file with the sound, its pictures and its texts in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from asr.explain.heard import Heard
from asr.explain.tracks import tracks
from asr.inputs import Recording
from asr.reports.clips import data_address
from asr.reports.document import document, resource
from asr.reports.parts import LEGEND, alignment, per_cent, rate_cell, settings, table
from asr.scoring.alignment import edits
from asr.types import Hypothesis, Waveform

_HERE = Path(__file__).parent
# Found to the sample, where an MP3 of variable rate is sought by a coarse table: words are played by their times.
_OVER_TIME = """\
<noscript><p class="note">The pictures need JavaScript.</p></noscript>
<audio id="player" controls src="{sound}"></audio>
<div class="tools">
<button type="button" id="farther" aria-label="Show more at once">&minus;</button>
<button type="button" id="closer" aria-label="Show more closely">+</button>
<span class="note">Click a word to hear it.</span>
</div>
<div id="timeline" tabindex="0" role="group" aria-label="Over time; scroll sideways for more"><div id="tracks">
{pictures}{words}
<canvas id="axis" aria-hidden="true"></canvas><div id="cursor" hidden></div><div id="playhead" hidden></div>
</div></div>
<label class="frame">Frame <input type="range" id="frame" min="0" value="0"></label>
<output id="likely" for="frame">Move over the pictures, or the slider, to see what is likely in a frame.</output>
<script type="application/json" id="data">{data}</script>"""
_OPEN_WORDS = 30  # of more, the table is shown when it is asked for
_TICKS = '<div id="ticks" aria-hidden="true"></div>'
_KIND, _TYPE = "FLAC", "audio/flac"


def html_page(heard: Heard, made: Mapping[str, Any]) -> str:
    """Return the page as HTML; made: how it was made, as names and values. Raises MissingPackage without librosa."""
    sections = {
        "Over time": _over_time(heard),
        "Against the reference": _against(heard),
        "Readings": _readings(heard.readings),
        "Words": _words(heard),
        "How it was made": f"<dl>{''.join(settings(made))}</dl>",
    }
    body = "".join(f"<section><h2>{name}</h2>{html}</section>" for name, html in sections.items() if html)
    style = resource("page.css") + resource("page.css", _HERE)
    drawn = f'<script type="module">{resource("charts.js", _HERE)}{resource("page.js", _HERE)}</script>'
    scripts = f"{drawn}<script>{resource('page.js')}</script>"
    title = f"{_title(heard)}: what is heard"
    return document(title, f"<header>{_headline(heard)}</header><main>{body}</main>", style=style, scripts=scripts)


def _headline(heard: Heard) -> str:
    part, hypothesis = heard.excerpt, heard.hypothesis
    facts = [f"{part.duration_s:.2f} s" + (f" from {part.start_s:g} s on" if part.start_s else "")]
    facts += [f"model {heard.info.name}", _counted(len(hypothesis.words), "word")]
    if hypothesis.words:
        facts.append(f"mean confidence {per_cent(hypothesis.confidence)}")
    if heard.score is not None:
        facts.append(f"{_counted(heard.score.errors, 'error')} against {_counted(heard.score.words, 'word')} said")
    said = escape(hypothesis.text) if hypothesis.text else "<em>no words are heard</em>"
    warned = "".join(f"<li>{escape(sentence)}</li>" for sentence in hypothesis.warnings)
    warnings = f'<ul class="warnings" aria-label="Warnings">{warned}</ul>' if warned else ""
    note = f'<p class="note">{escape("; ".join(facts))}</p>'
    return f'<h1>{_title(heard)}</h1><p class="heard">{said}</p>{note}{warnings}'


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")


def _title(heard: Heard) -> str:
    """Return the name of the recording without its folders, which are of no use to who is sent the page."""
    return escape(Recording(heard.excerpt.name).fields()["name"])


def _over_time(heard: Heard) -> str:
    part = heard.excerpt
    # The data are no script to a browser, but what closes one would end them.
    data = json.dumps(tracks(heard), ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    sound = data_address(Waveform(part.samples, part.rate_hz), _KIND, _TYPE)
    said = f'{_caption("Said")}<ol id="said" aria-label="Words of the reference"></ol>' if heard.said else ""
    pictures = (
        _picture("waveform", "Waveform"),
        _picture("spectrogram", f"Spectrogram, 0 to {part.rate_hz / 2000:g} kHz on the mel scale", _TICKS),
        _picture("posteriors", "Probability of each token, blank in grey"),
    )
    words = f'{_caption("Heard, with confidence")}<ol id="words" aria-label="Words that are heard"></ol>{said}'
    return _OVER_TIME.format(sound=sound, pictures="".join(pictures), words=words, data=data)


def _picture(id: str, caption: str, above: str = "") -> str:
    canvas = f'<canvas id="{id}" role="img" aria-label="{caption}"></canvas>'
    return f"<figure>{_caption(caption, 'figcaption')}{above}{canvas}</figure>"


def _caption(text: str, tag: str = "div") -> str:
    return f'<{tag} class="caption">{text}</{tag}>'


def _against(heard: Heard) -> str:
    if heard.score is None:
        return ""
    found = heard.score
    counts = f"{found.substitutions} substituted, {found.deletions} lost, {found.insertions} inserted"
    rate = f"{per_cent(found.errors / found.words)} word error rate ({counts})" if found.words else counts
    doubt = f'<p class="note">Its words have no times: {escape(heard.doubt)}.</p>' if heard.doubt else ""
    return f"<p>{rate}.</p>{LEGEND}{alignment(found.as_dict())}{doubt}"


def _readings(readings: Sequence[Hypothesis]) -> str:
    """Return the readings with what differs from the first, and the share of each in the probability of all."""
    if len(readings) < 2 or any(reading.total is None for reading in readings):
        return ""
    totals = np.array([reading.total for reading in readings])
    shares = np.exp(totals - totals.max())
    shares /= shares.sum()
    best = readings[0].text
    items = "".join(
        f'<li><span class="reading">{"".join(_differing(best, reading.text))}</span>'
        f'<span class="note">{per_cent(float(share))}</span></li>'
        for reading, share in zip(readings, shares, strict=True)
    )
    note = "The most probable texts of a beam search, and how the probability of these is shared out among them."
    return f'<p class="note">{note} What differs from the first is marked.</p><ol class="readings">{items}</ol>'


def _differing(best: str, other: str) -> Iterator[str]:
    """Yield the words of a reading as HTML, those that the best one has not, and that it alone has, marked."""
    (marks,) = edits([best], [other])
    ours, theirs = iter(best.split()), iter(other.split())
    if not marks:
        yield "<em>nothing</em>"
    for mark in marks:
        lost = "" if mark == "I" else next(ours)
        word = "" if mark == "D" else escape(next(theirs))
        if mark == "C":
            yield f"<span>{word}</span> "
        elif mark == "D":
            yield f'<del class="w D">{escape(lost)}</del> '
        else:
            yield f'<mark class="w {mark}">{word}</mark> '


def _words(heard: Heard) -> str:
    begin_s = heard.excerpt.start_s
    rows = [
        [
            (number, str(number)),
            word.text,
            *((second, f"{second:.2f}") for second in (begin_s + word.start_s, begin_s + word.end_s)),
            rate_cell(word.confidence, 1.0),
        ]
        for number, word in enumerate(heard.hypothesis.words, start=1)
    ]
    if not rows:
        return ""
    shown = table(["#", "word", "from, s", "to, s", "confidence"], rows)
    is_open = " open" if len(rows) <= _OPEN_WORDS else ""
    return f"<details{is_open}><summary>{_counted(len(rows), 'word')} with times</summary>{shown}</details>"
