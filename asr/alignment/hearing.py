"""What alignment needs of a recording: log-probabilities and loudness, in memory bounded by them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from asr import longform
from asr.intake import Audio, take_in
from asr.longform import LONGEST_S, AcousticModel, frame_samples
from asr.signal import loudness_db
from asr.types import FloatArray


class Heard(NamedTuple):
    """A recording as a model hears it, and how loud it is."""

    log_probs: FloatArray  # [F, V]
    loudness: FloatArray  # [HOPS * F]
    duration_s: float


def hear(model: AcousticModel, audio: Audio, rate_hz: int | None = None) -> Heard:
    """Run a recording through a model, a long file piece by piece; raises AudioError, MissingFile."""
    info = model.info
    log_probs, loudness, total = [], [], 0
    before: FloatArray | None = None
    for part in longform.hear(model, take_in(audio, rate_hz, info.rate_hz, LONGEST_S).pieces()):
        log_probs.append(part.log_probs)
        loudness.append(loudness_db(part.samples, len(part.log_probs), frame_samples(info), before=before))
        total += len(part.samples)
        before = part.samples[-1:]
    return Heard(np.concatenate(log_probs), np.concatenate(loudness), total / info.rate_hz)
