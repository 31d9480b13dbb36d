"""What a model hears in a recording, shown: sound, spectrum, probabilities, words, other readings, errors.

import asr
from asr.explain import excerpt_of, explain, html_page

model = asr.load()
part = excerpt_of("talk.wav", model.info.rate_hz, name="talk.wav")
heard = explain(model, part, reference="the words of the talk")
open("talk.html", "w", encoding="utf-8").write(html_page(heard, {"model": model.info.name}))
"""

from __future__ import annotations

from asr.explain.excerpt import LONGEST_S, Excerpt, excerpt_of
from asr.explain.heard import READINGS, Heard, explain
from asr.explain.page import html_page

__all__ = ["LONGEST_S", "READINGS", "Excerpt", "Heard", "excerpt_of", "explain", "html_page"]
