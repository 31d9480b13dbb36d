"""Forced alignment: when each word of a known text is said.

import asr
from asr.alignment import align

alignment = align(asr.load(), "talk.wav", "the words of the talk")
for word in alignment.words:
    print(word.start_s, word.end_s, word.text, word.confidence)
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from asr import text as texts
from asr import tokenizers
from asr.alignment.fit import measured
from asr.alignment.hearing import Heard, hear
from asr.alignment.result import DOUBTFUL, AlignedWord, Alignment
from asr.alignment.script import Script, script
from asr.alignment.words import timed
from asr.bundle import ModelInfo
from asr.decoders import check_log_probs
from asr.errors import DataError, ModelError, require
from asr.intake import Audio
from asr.longform import AcousticModel
from asr.types import FloatArray

__all__ = ["DOUBTFUL", "AlignedWord", "Alignment", "align"]

# What a frame of the wild card costs against the best token of the frame: little, so that it takes in whatever is said
# there; but not nothing, so that it leaves the silence around to the blank.
_WILD = 0.1


def align(model: AcousticModel, audio: Audio, text: str, *, rate_hz: int | None = None) -> Alignment:
    """Return when each word of `text` is said in a recording: the best CTC path, its word edges moved by the loudness.

    model: a Recognizer. audio: a file, a Waveform, or an array as `Recognizer.transcribe` takes it, hours long if need
    be. text: words with white space between them; the model's text rules are applied to each, and the words come back
    as they were given. Words that the token set cannot spell get what time is left between their neighbours, and are
    flagged as interpolated. A text that does not belong to the recording gets a low `score`.

    Raises MissingPackage without numba; DataError where the recording has fewer frames than the text has labels;
    AudioError and MissingFile as `Recognizer.transcribe` does; ModelError for a model that gives no log-probabilities.
    """
    info = model.info
    where = f"{audio}: " if isinstance(audio, str | Path) else ""
    viterbi = require("asr.viterbi", extra="beam", purpose="alignment")
    tokenizer = tokenizers.restore(info.tokenizer, info.tokens, info.tokenizer_state)
    wanted = script(text, texts.get_rule(info.text_rules), tokenizer)
    heard = hear(model, audio, rate_hz)
    _check(heard, wanted, info, where)
    best = heard.log_probs.max(axis=1, initial=-np.inf)  # [F]
    _, path = viterbi.best_path(_with_wild_card(heard.log_probs, best, wanted), wanted.labels, info.blank)
    if len(path) < len(best):
        raise DataError(f"{where}the model holds the text for impossible (probability 0); check that it is said there")
    fit = measured(heard.log_probs, best, path, wanted, info.blank)
    words = timed(wanted, fit, heard.loudness, info.frame_shift_s)
    confidences = [word.confidence for word in words if not word.interpolated]
    confidence = sum(confidences) / len(confidences) if confidences else 0.0
    return Alignment(" ".join(text.split()), words, confidence=confidence, score=fit.score, duration_s=heard.duration_s)


def _check(heard: Heard, wanted: Script, info: ModelInfo, where: str) -> None:
    """Refuse what are no log-probabilities, and a recording that is too short for its text."""
    check_log_probs(heard.log_probs, vocabulary=len(info.tokens))
    frames, labels = len(heard.log_probs), len(wanted.labels)
    if np.isnan(heard.log_probs.sum()):
        raise ModelError(f"{where}the model gives NaN; check the samples that went in")
    if frames < labels + wanted.repeats:
        raise DataError(
            f"{where}{frames} frames ({heard.duration_s:.2f} s) are too few for the {labels} labels of the text and "
            f"the blanks between its {wanted.repeats} repeats; check that the text belongs to the recording"
        )


def _with_wild_card(log_probs: FloatArray, best: FloatArray, wanted: Script) -> FloatArray:
    """Return the log-probabilities [F, V] with those of the wild card behind them, where the text needs it."""
    if not (wanted.labels == wanted.wild).any():
        return log_probs
    return np.column_stack([log_probs, best - np.float32(_WILD)])
