"""The programs that run a model file besides this package: a table from their names to what asks them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from asr.errors import ConfigError, did_you_mean
from asr.export.runtimes import browser, node, own, sherpa
from asr.export.runtimes.answers import Answer, Answers
from asr.types import FloatArray

__all__ = ["RUNTIMES", "Answer", "Answers", "get_runtime"]

Runtime = Callable[[Path, Sequence[FloatArray]], Answers]  # from a model file and waveforms [T] at its rate

RUNTIMES: dict[str, Runtime] = {
    "node": node.answers,
    "onnxruntime": own.answers,
    "sherpa": sherpa.answers,
    "web": browser.answers,
}


def get_runtime(name: str) -> Runtime:
    """Return what asks the runtime called `name`; ConfigError names the known ones."""
    if name not in RUNTIMES:
        raise ConfigError(f"runtime {name!r}: unknown{did_you_mean(name, RUNTIMES)}")
    return RUNTIMES[name]
