"""A model file whose graph does more: the text's tokens as outputs, other sample rates as input."""

from __future__ import annotations

from pathlib import Path

import onnx

from asr import bundle
from asr.errors import ConfigError, ModelError
from asr.export.labels import with_labels
from asr.export.resampling import with_rates


def extend(model: str | Path, out: str | Path, *, tokens: bool = False, rates: bool = False) -> Path:
    """Write a model file whose graph also gives the tokens of the greedy text, or takes other sample rates.

    Everything else about it stays, and `asr.load` takes it. Raises MissingFile, ModelError for a file that is not ours
    or does it already, ConfigError where nothing is asked for, OutputError.
    """
    if not (tokens or rates):
        raise ConfigError("tokens and rates: neither is asked for; ask for one of them or both")
    data, info = bundle.load_bytes(model)
    graph = onnx.load_model_from_string(data)
    try:
        graph = with_labels(graph, info.blank) if tokens else graph
        graph = with_rates(graph, info.rate_hz) if rates else graph
    except ModelError as error:
        raise ModelError(f"{model}: {error}") from error
    bundle.save(graph, info, out)
    return Path(out)
