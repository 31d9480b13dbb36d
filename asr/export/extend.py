"""A model file whose graph does more: tokens of the text, other sample rates; or makes its features in today's way."""

from __future__ import annotations

from pathlib import Path

import onnx

from asr import bundle
from asr.errors import ConfigError, ModelError
from asr.export.labels import with_labels
from asr.export.renewal import with_features
from asr.export.resampling import with_rates
from asr.mel import FeatureSpec


def extend(
    model: str | Path, out: str | Path, *, tokens: bool = False, rates: bool = False, features: bool = False
) -> Path:
    """Write a model file whose graph also gives the tokens of the greedy text, or takes other sample rates.

    features: make them as this version exports them, which may be faster. Everything else about it stays, and
    `asr.load` takes it. Raises MissingFile, ModelError for a file that is not ours or does it already, ConfigError
    where nothing is asked for, OutputError.
    """
    if not (tokens or rates or features):
        raise ConfigError("tokens, rates and features: none is asked for; ask for one of them or more")
    data, info = bundle.load_bytes(model)
    graph = onnx.load_model_from_string(data)
    try:
        graph = with_features(graph, FeatureSpec(**info.features)) if features else graph
        graph = with_labels(graph, info.blank) if tokens else graph
        graph = with_rates(graph, info.rate_hz) if rates else graph
    except ModelError as error:
        raise ModelError(f"{model}: {error}") from error
    bundle.save(graph, info, out)
    return Path(out)
