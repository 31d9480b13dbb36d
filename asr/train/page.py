"""The page of a preview: one HTML file that holds its pictures and plays its audio by itself."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass

_HEAD = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>What training hears</title>
<style>
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
section { border-top: 1px solid #8886; margin-top: 2rem; padding-top: 1rem; }
h2 { font-size: 1.1rem; margin: 0; overflow-wrap: anywhere; }
p { margin: .25rem 0; }
ul { display: flex; flex-wrap: wrap; gap: .4rem; list-style: none; margin: .5rem 0; padding: 0; }
li { background: #8883; border-radius: .4rem; font-size: .85rem; padding: .1rem .5rem; }
.sounds { display: grid; grid-template-columns: repeat(auto-fit, minmax(16rem, 1fr)); gap: 1rem; margin: .75rem 0; }
audio, img { width: 100%; }
img { border-radius: .3rem; }
</style>
<h1>What training hears</h1>
<p>Left as recorded, right after augmentation. Below the spectrograms stand the features that the network sees,
normalised by the row's own mean and deviation; what is masked has the colour of the mean.</p>
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A row: its ids and text, what was done to it, two WAV files and a PNG."""

    title: str
    text: str
    steps: tuple[tuple[str, ...], ...]  # of each utterance
    before: bytes
    after: bytes
    picture: bytes


def render(entries: Sequence[Entry]) -> str:
    """Return the page as HTML without references to other files."""
    return _HEAD + "".join(map(section, entries)) + "</html>\n"


def section(entry: Entry) -> str:
    steps = "".join(f"<ul>{''.join(f'<li>{html.escape(step)}</li>' for step in steps)}</ul>\n" for steps in entry.steps)
    return f"""<section>
<h2>{html.escape(entry.title)}</h2>
<p>{html.escape(entry.text)}</p>
{steps}<div class="sounds">
<label>before<audio controls src="{embedded(entry.before, "audio/wav")}"></audio></label>
<label>after<audio controls src="{embedded(entry.after, "audio/wav")}"></audio></label>
</div>
<img alt="Spectrograms and features before and after" src="{embedded(entry.picture, "image/png")}">
</section>
"""


def embedded(content: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
