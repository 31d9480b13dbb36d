"""What a runtime says about recordings, by greedy decoding."""

from __future__ import annotations

from typing import NamedTuple

from asr.types import FloatArray


class Answer(NamedTuple):
    """The text of a recording, where its tokens begin, and its log-probabilities [F, V] or None if there are none."""

    text: str
    starts_s: list[float]
    log_probs: FloatArray | None


class Answers(NamedTuple):
    """A runtime's answers, in the order of the recordings; `runtime` is its name and version."""

    runtime: str
    answers: list[Answer]
