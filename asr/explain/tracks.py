"""What the page draws over time, as values for its script: extremes, spectrum, likely tokens, words."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from itertools import repeat
from typing import Any

import numpy as np
import numpy.typing as npt

from asr.errors import require
from asr.explain.heard import Heard
from asr.types import FloatArray, Word

_PAIRS, _PAIRS_S = 4096, 400  # of extremes: for a short recording, and a second of a longer one
_HOP_S, _WINDOW_S, _FFT_S, _BANDS = 0.01, 0.025, 0.064, 80
_RANGE_DB = 70.0
_FAINT = 1e-6  # the power of the loudest band below which there is nothing to see
_TICKS_HZ = (500, 1000, 2000, 4000, 8000)
_LIKELY = 0.01  # tokens of a frame that are less probable are left out, unless they are the best
_DRAWN = 0.1  # a token has a line if it is so probable in a frame


def tracks(heard: Heard) -> dict[str, Any]:
    """Return the values; raises MissingPackage without librosa."""
    likely = _likely(np.exp(heard.log_probs))
    drawn = _drawn(heard)
    shown = sorted({heard.info.blank, *drawn, *(token for frame in likely for token in frame[::2])})
    columns = spectrum(heard.excerpt.samples, heard.excerpt.rate_hz)
    return {
        "duration_s": heard.excerpt.duration_s,
        "begin_s": heard.excerpt.start_s,
        "extremes": _packed(extremes(heard.excerpt.samples, heard.excerpt.rate_hz)),
        "spectrum": _packed(columns),
        "bands": columns.shape[1],
        "range_db": _RANGE_DB,
        "ticks": _ticks(heard.excerpt.rate_hz),
        "frames": len(heard.log_probs),
        "frame_shift_s": heard.info.frame_shift_s,
        "likely": likely,
        "blank": heard.info.blank,
        "tokens": drawn,
        "names": {token: heard.info.tokens[token] for token in shown} | {heard.info.blank: "blank"},
        "words": _words(heard, heard.hypothesis.words, "D"),
        "said": _words(heard, heard.said, "I"),
    }


def extremes(samples: FloatArray, rate_hz: int) -> npt.NDArray[np.int8]:
    """Return the least and the greatest sample of each short stretch by turns: [2 S], 127 for the loudest."""
    count = min(len(samples), max(_PAIRS, len(samples) * _PAIRS_S // rate_hz))
    firsts = np.arange(count) * len(samples) // count
    pairs = np.stack([np.minimum.reduceat(samples, firsts), np.maximum.reduceat(samples, firsts)], axis=1)
    return np.round(127 * pairs.ravel() / max(float(np.abs(pairs).max()), 1e-9)).astype(np.int8)


def spectrum(samples: FloatArray, rate_hz: int) -> npt.NDArray[np.uint8]:
    """Return how loud each mel band is every 10 ms: [columns, bands], 255 for the loudest, 0 for _RANGE_DB below."""
    librosa = _librosa()
    size, window, hop = (round(span_s * rate_hz) for span_s in (_FFT_S, _WINDOW_S, _HOP_S))
    padded = np.pad(samples, (0, max(0, size - len(samples))))
    power = librosa.feature.melspectrogram(
        y=padded, sr=rate_hz, n_fft=size, win_length=window, hop_length=hop, n_mels=_BANDS, pad_mode="constant"
    )[:, : 1 + len(samples) // hop]  # [bands, columns]
    decibels = librosa.power_to_db(power, ref=max(float(power.max()), _FAINT), amin=1e-14, top_db=None)
    return np.asarray(np.round(255 * np.clip(1 + decibels.T / _RANGE_DB, 0, 1)), np.uint8)


def _ticks(rate_hz: int) -> list[tuple[int, float]]:
    """Return frequencies with the share of the height of a spectrogram at which they stand."""
    mel = _librosa().hz_to_mel
    return [(hz, round(float(mel(hz) / mel(rate_hz / 2)), 4)) for hz in _TICKS_HZ if hz < rate_hz / 2]


def _librosa() -> Any:
    return require("librosa", extra="report", purpose="the spectrogram of a report")


def _likely(probabilities: FloatArray) -> list[list[int]]:
    """Return for each frame of [F, V] its likely tokens by turns with their probability in thousandths."""
    found = []
    for row in probabilities:
        ids = np.flatnonzero(row >= min(_LIKELY, row.max()))
        ids = ids[np.argsort(-row[ids], kind="stable")]
        found.append(np.stack([ids, np.round(1000 * row[ids])], axis=1).astype(int).ravel().tolist())
    return found


def _drawn(heard: Heard) -> list[int]:
    """Return the tokens that are heard somewhere, in the order in which they are."""
    probable = np.exp(heard.log_probs) >= _DRAWN  # [F, V]
    probable[:, heard.info.blank] = False
    _, tokens = np.nonzero(probable)
    return list(dict.fromkeys(tokens.tolist()))


def _words(heard: Heard, words: Sequence[Word], absent: str) -> list[dict[str, Any]]:
    """Return words with the mark of each, if they are those of one side of the alignment; `absent` marks the other."""
    marks = "" if heard.score is None else heard.score.marks.replace(absent, "")
    best = heard.log_probs.argmax(axis=1)
    return [
        {
            "text": word.text,
            "start_s": round(word.start_s, 3),
            "end_s": round(word.end_s, 3),
            "confidence": round(word.confidence, 3),
            "mark": mark,
            "id": int(best[min(round(word.start_s / heard.info.frame_shift_s), len(best) - 1)]),
        }
        for word, mark in zip(words, marks if len(marks) == len(words) else repeat("", len(words)), strict=True)
    ]


def _packed(values: npt.NDArray[Any]) -> str:
    return base64.b64encode(values.tobytes()).decode()
