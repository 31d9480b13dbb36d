"""Bi-LSTM speech recognition: train with CTC, export one file, transcribe.

import asr

model = asr.load()
print(model.transcribe("a.flac").text)
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from asr.errors import AsrError
from asr.types import Hypothesis, Waveform, Word

if TYPE_CHECKING:
    from asr.recognizer import Recognizer

__version__ = "0.1.0"
__all__ = ["AsrError", "Hypothesis", "Waveform", "Word", "__version__", "load"]


def load(
    path: str | Path | None = None,
    *,
    threads: int | None = None,
    provider: str = "cpu",
    decoder: str | None = None,
    **settings: Any,
) -> Recognizer:
    """Return a Recognizer of a model file, or of the model that ships.

    threads: all cores that this process may use, unless given. provider: a name in `asr.runtime.PROVIDERS`, or "auto".
    decoder: a name of `asr.decoders.DECODERS`; the model's own unless given. settings: of the decoder:
    `asr.load(decoder="beam", lm="lm.bin", hotwords=["new york"], nbest=5)`.
    Raises MissingFile, ModelError, ConfigError.
    """
    from asr.recognizer import Recognizer  # here, so that importing the package does not load onnxruntime

    return Recognizer(path, threads=threads, provider=provider, decoder=decoder, **settings)
