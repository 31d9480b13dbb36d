"""The test set of AN4 as samples, for comparing what runtimes make of real speech."""

from __future__ import annotations

from pathlib import Path

from asr import audio
from asr.corpora import get_corpus
from asr.types import FloatArray

RATE_HZ = 16000


def an4(test_data: Path, out: Path, *, every: int = 1) -> dict[str, FloatArray]:
    """Return id -> samples [T] of the first test utterance and every so many after it."""
    utterances = get_corpus("an4").prepare(test_data / "an4", out)["test"]
    return {utterance.id: audio.read_utterance(utterance, RATE_HZ).samples for utterance in utterances[::every]}
