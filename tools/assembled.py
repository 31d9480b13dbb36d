"""Speech put together from known pieces: where each begins is known, whatever an aligner says."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np

from asr.types import FloatArray, Utterance

RATE_HZ = 16000
HOP = 80  # 5 ms

Clip = tuple[Utterance, FloatArray]  # with its samples


class Piece(NamedTuple):
    """A clip within a recording: where it begins there, and its words as places among those of the recording."""

    utterance: Utterance
    start_s: float
    first: int
    end: int


class Assembled(NamedTuple):
    samples: FloatArray
    text: str
    pieces: list[Piece]


def assembled(clips: Sequence[Clip], *, cut: bool) -> list[Assembled]:
    """Join the clips of each speaker with pauses of a quiet room, cut to their first sound or as they are."""
    rng = np.random.default_rng(0)
    found = []
    for _, members in groupby(clips, key=lambda clip: clip[0].speaker):
        parts: list[FloatArray] = []
        pieces: list[Piece] = []
        words: list[str] = []
        for utterance, samples in members:
            parts.append(rng.normal(0, 1e-4, int(rng.integers(4800, 16000))).astype(np.float32))
            said = utterance.text.split()
            pieces.append(Piece(utterance, sum(map(len, parts)) / RATE_HZ, len(words), len(words) + len(said)))
            parts.append(samples[sound_begins(samples) :] if cut else samples)
            words += said
        found.append(Assembled(np.concatenate(parts), " ".join(words), pieces))
    return found


def sound_begins(samples: FloatArray) -> int:
    """Return where a clip becomes loud and stays so: halfway, in decibels, from its noise to its peaks."""
    starts = range(0, len(samples) - 400, HOP)
    level = 10 * np.log10([np.var(samples[at : at + 400]) + 1e-10 for at in starts])
    noise, peak = np.quantile(level, [0.1, 0.95])
    loud = level > (noise + peak) / 2
    return next(HOP * at for at in range(len(loud)) if loud[at] and loud[at : at + 12].mean() > 0.8)
