"""onnxruntime as this package runs it, one recording at a time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import onnxruntime

from asr.bundle import ModelInfo
from asr.decoders import get_decoder
from asr.decoders.path import collapse
from asr.export.runtimes.answers import Answer, Answers
from asr.recognizer import Recognizer
from asr.types import FloatArray


def answers(model: Path, waveforms: Sequence[FloatArray]) -> Answers:
    """Ask this package."""
    recognizer = Recognizer(model)
    found = [answer(recognizer.info, recognizer.log_probs([samples])[0]) for samples in waveforms]
    return Answers(f"onnxruntime {onnxruntime.__version__}", found)


def answer(info: ModelInfo, log_probs: FloatArray) -> Answer:
    """Return what greedy decoding makes of log_probs [F, V]."""
    decoder = get_decoder("greedy")(info.tokens, info.blank)
    runs = collapse(log_probs.argmax(axis=1), info.blank)
    starts_s = [first * info.frame_shift_s for _, first, _ in runs]
    return Answer(decoder.decode(log_probs, frame_shift_s=info.frame_shift_s).text, starts_s, log_probs)
