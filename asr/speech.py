"""Where there is something to hear: what a model reads into steady noise, hum or a click is no word.

A model that was trained on speech alone knows only speech and pauses, and takes some sounds for letters. Speech is
louder, for as long as a vowel lasts, than what is around it, while noise is as loud all along and a click is short.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from asr.han import sentence
from asr.types import FloatArray, Hypothesis, Word

# Something stands out by this much, for 50 ms, above what is quiet within a second and a half of a word. A CTC model
# says a token where it is sure of it, which for the first word may be the first frame of all, long before its sound:
# nearer to the word nothing can be asked for. In clean speech of AN4 dev no word of four models has less than 29 dB.
STANDS_OUT_DB = 5.0
_RUN_S = 0.05
_NEAR_S = 1.5
_QUIET = 0.1  # the share of hops that are quiet
_RANGE_DB = 40.0  # what is quieter still is as quiet: beside digital silence the faintest sound would stand out


def audible(hypothesis: Hypothesis, levels: FloatArray, hop_s: float) -> Hypothesis:
    """Return a hypothesis without the words that do not stand out of the levels [H] of its recording (`voice_db`).

    The one that was given comes back where all of them do. So do alternatives, each without such words.
    """
    words = tuple(word for word in hypothesis.words if stands_out_db(word, levels, hop_s) >= STANDS_OUT_DB)
    if len(words) == len(hypothesis.words):
        return hypothesis
    others = {other.text: other for other in (audible(other, levels, hop_s) for other in hypothesis.alternatives)}
    text = sentence(word.text for word in words)
    others.pop(text, None)
    confidence = sum(word.confidence for word in words) / len(words) if words else 0.0
    return replace(hypothesis, text=text, words=words, confidence=confidence, alternatives=tuple(others.values()))


def stands_out_db(word: Word, levels: FloatArray, hop_s: float) -> float:
    """Return by how much the loudest run near a word is above what is quiet there."""
    run = max(1, round(_RUN_S / hop_s))
    near = levels[max(0, round((word.start_s - _NEAR_S) / hop_s)) : round((word.end_s + _NEAR_S) / hop_s)]
    if len(near) < run:  # too short a recording to tell
        return np.inf
    quiet = max(float(np.quantile(near, _QUIET)), float(near.max()) - _RANGE_DB)
    runs = np.lib.stride_tricks.sliding_window_view(near, run).min(axis=1)  # [H - run + 1]
    return float(runs.max()) - quiet
