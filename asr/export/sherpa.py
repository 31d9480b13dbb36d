"""A folder that sherpa-onnx loads as a zipformer CTC model, and so its C, C++, C#, Go, Java, Swift and Kotlin APIs.

sherpa-onnx computes Kaldi's filterbank itself, divides the frames by 4, and decodes; what it needs of us is the network
behind the features and the list of tokens. Its own names and numbers: https://k2-fsa.github.io/sherpa/onnx.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import helper

from asr import bundle
from asr.bundle import ModelInfo
from asr.errors import ModelError, VerifyError
from asr.export import halves, selfcheck
from asr.export.halves import Halves
from asr.files import replacing
from asr.mel import FeatureSpec
from asr.recognizer import Recognizer

MODEL, TOKENS = "model.onnx", "tokens.txt"
TOLERANCE = 1e-4  # of log-probabilities; the cut changes no sum
# What sherpa-onnx reads of a model's metadata; the factor is that of its zipformers and of our encoders.
METADATA = {"model_type": "zipformer2_ctc", "version": "1", "subsampling_factor": "4"}


def write(source: str | Path, out: str | Path) -> FeatureSpec:
    """Write `model.onnx` and `tokens.txt` of a model file into a folder; return the features that the engine must make.

    Raises MissingFile, OutputError, ModelError for features or tokens that sherpa-onnx cannot have, and VerifyError
    where the halves together do not say what the whole says.
    """
    data, info = bundle.load_bytes(source)
    spec = engine_features(info)
    tokens = token_lines(info)
    parts = halves.cut(onnx.load_from_string(data), info)
    check(parts, Recognizer(source, threads=1))
    helper.set_model_props(parts.network, METADATA | {"licence": info.licence})
    with replacing(Path(out) / MODEL) as model, replacing(Path(out) / TOKENS) as table:
        model.write_bytes(parts.network.SerializeToString())
        table.write_text(tokens, encoding="utf-8", newline="\n")
    return spec


def engine_features(info: ModelInfo) -> FeatureSpec:
    """Return a model's features where the engine can have them: it is told their rate and bands; ModelError else."""
    spec = FeatureSpec(**info.features)
    own = FeatureSpec(kind=spec.kind, rate_hz=spec.rate_hz, bands=spec.bands, ceps=spec.ceps, lifter=spec.lifter)
    for name in info.features:
        if (ours := getattr(spec, name)) != (built_in := getattr(own, name)):
            raise ModelError(
                f"{info.name}: its [features] {name} is {ours}, and sherpa-onnx has {built_in} built in; "
                f"train with {name} = {built_in}, or run the file with onnxruntime"
            )
    return spec


def token_lines(info: ModelInfo) -> str:
    """Return the tokens with their numbers, one a line, as the engines read them; ModelError for those they cannot."""
    if info.blank != 0:
        raise ModelError(f"{info.name}: its blank is token {info.blank}, sherpa-onnx takes 0; put '<blk>' first")
    for token in info.tokens:
        if token.split() != [token]:
            raise ModelError(f"{info.name}: token {token!r} holds white space, which ends a token in {TOKENS}; retrain")
    return "".join(f"{token} {number}\n" for number, token in enumerate(info.tokens))


def check(parts: Halves, recognizer: Recognizer) -> float:
    """Return how far the two halves together are from the whole on the probe, alone and padded; or VerifyError."""
    filterbank, network = (onnxruntime.InferenceSession(part.SerializeToString()) for part in parts)
    samples = selfcheck.signal(recognizer.info.rate_hz)
    lengths = np.array([len(samples), len(samples) // 3])
    batch = np.stack([samples, np.where(np.arange(len(samples)) < lengths[1], samples, 0.0)]).astype(np.float32)
    x, x_lens = filterbank.run(None, {"samples": batch, "lengths": lengths})
    found = network.run(None, {"x": x, "x_lens": x_lens})
    expected = recognizer.log_probs([samples[:length] for length in lengths])
    worst = max(selfcheck.difference(row[:size], right) for row, size, right in zip(*found, expected, strict=True))
    if worst > TOLERANCE:
        raise VerifyError(f"{recognizer.info.name}: cut after its features it differs by {worst:.2g}; report it")
    return worst
