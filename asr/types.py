"""The nouns of the house, frozen: waveform, utterance, word, hypothesis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Waveform:
    """Mono samples in [-1, 1] and their rate."""

    samples: FloatArray  # [T]
    rate_hz: int

    @property
    def duration_s(self) -> float:
        return len(self.samples) / self.rate_hz


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel of an audio file, which is not read yet; the first is 0."""

    path: str | Path
    number: int


@dataclass(frozen=True, slots=True)
class Utterance:
    """One line of a manifest: a span of an audio file with its text."""

    id: str
    audio: Path
    text: str
    duration_s: float
    speaker: str = ""
    start_s: float = 0.0
    extra: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a hypothesis with its times and the model's confidence in it (0 to 1).

    `channel` counts from 1; it is None unless the channels of a recording were told apart.
    """

    text: str
    start_s: float
    end_s: float
    confidence: float
    channel: int | None = None


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What a decoder read out of an utterance; an empty text has no words and confidence 0.

    The scores are natural logarithms, None from a decoder that has none: the sum over all paths, what the language
    model says, and all together as the decoder weighs it.
    """

    text: str
    words: tuple[Word, ...] = ()
    confidence: float = 0.0
    acoustic: float | None = None
    lm: float | None = None
    total: float | None = None
    alternatives: tuple[Hypothesis, ...] = ()  # the next best readings, from a decoder that was asked for them
    warnings: tuple[str, ...] = field(default=(), compare=False)  # why it is doubtful, each without a subject
