"""sherpa-onnx, which computes the features itself and gives no log-probabilities."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from asr import bundle
from asr.errors import require
from asr.export.runtimes.answers import Answer, Answers
from asr.mel import FeatureSpec
from asr.types import FloatArray


def answers(model: Path, waveforms: Sequence[FloatArray]) -> Answers:
    """Ask sherpa-onnx, of a folder that is written for it; raises MissingPackage and what writing it raises."""
    engine = require("sherpa_onnx", extra="runtimes", purpose="comparing with sherpa-onnx")
    require("onnx", extra="onnx", purpose="writing a folder for sherpa")
    from asr.export import sherpa

    spec = FeatureSpec(**bundle.read_info(model).features)
    with tempfile.TemporaryDirectory() as folder:
        sherpa.write(model, folder)
        recognizer = engine.OfflineRecognizer.from_zipformer_ctc(
            *(str(Path(folder) / name) for name in (sherpa.MODEL, sherpa.TOKENS)),
            sample_rate=spec.rate_hz,
            feature_dim=spec.bands,
        )
    found = []
    for samples in waveforms:
        stream = recognizer.create_stream()
        stream.accept_waveform(spec.rate_hz, samples)
        recognizer.decode_stream(stream)
        found.append(Answer(stream.result.text, list(stream.result.timestamps), None))
    return Answers(f"sherpa-onnx {version('sherpa-onnx')}", found)
