"""A folder that the package onnx-asr loads as a Kaldi transducer, the one type for which it has Kaldi's features.

Its greedy search takes at most one token a frame. A network whose repeated frames say blank, and a joiner that passes
frames on, make of it the greedy search of CTC. Source: https://github.com/istupakov/onnx-asr.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper, parser

from asr import bundle
from asr.errors import ModelError
from asr.export import halves, sherpa
from asr.export.nodes import IR_VERSION, OPSET
from asr.feasibility import FACTOR
from asr.files import replacing
from asr.recognizer import Recognizer

FOLDER = "model"  # onnx-asr looks in folders below
RATE_HZ, BANDS = 16000, 80
# A frame whose best token is that of the frame before says blank.
_COLLAPSE = """
collapse (float[N, F, V] log_probs) => (float[N, F, V] encoder_out) {
    best = ArgMax <axis = 2, keepdims = 1> (log_probs)
    collapse_pads = Constant <value_ints = [0, 1, 0, 0, 0, 0]> ()
    collapse_none = Constant <value_int = -1> ()
    shifted = Pad (best, collapse_pads, collapse_none)
    collapse_frames = Shape <start = 1, end = 2> (log_probs)
    collapse_zero = Constant <value_ints = [0]> ()
    collapse_one = Constant <value_ints = [1]> ()
    previous = Slice (shifted, collapse_zero, collapse_frames, collapse_one)
    repeated = Equal (best, previous)
    encoder_out = Where (repeated, collapse_blank, log_probs)
}
"""
_DECODER = "decoder (int64[N, two] y) => (float[N, two] decoder_out) { decoder_out = Cast <to = 1> (y) }"
_JOINER = """
joiner (float[N, V] encoder_out, float[N, two] decoder_out) => (float[N, V] logit) { logit = Identity (encoder_out) }
"""
_UNSAID = -1e4  # the logarithm of what is never said


def write(source: str | Path, out: str | Path) -> None:
    """Write the three graphs, the tokens and `config.json` of a model file into a folder.

    Raises MissingFile, OutputError, ModelError for features that onnx-asr cannot make, VerifyError as `sherpa.write`.
    """
    data, info = bundle.load_bytes(source)
    spec = sherpa.engine_features(info)
    if (spec.rate_hz, spec.bands) != (RATE_HZ, BANDS):
        raise ModelError(
            f"{info.name}: has {spec.bands} bands at {spec.rate_hz} Hz, onnx-asr makes {BANDS} at {RATE_HZ} Hz; "
            "run the file with onnxruntime"
        )
    tokens = sherpa.token_lines(info)
    parts = halves.cut(onnx.load_from_string(data), info)
    sherpa.check(parts, Recognizer(source, threads=1))
    graphs = {
        "encoder": collapsed(parts.network, len(info.tokens)),
        "decoder": _model(_DECODER),
        "joiner": _model(_JOINER),
    }
    config = {
        "model_type": "kaldi-rnnt",
        "features_size": BANDS,
        "subsampling_factor": FACTOR,
        "max_tokens_per_step": 1,
    }
    for name, graph in graphs.items():
        with replacing(Path(out) / FOLDER / f"{name}.onnx") as file:
            file.write_bytes(graph.SerializeToString())
    with replacing(Path(out) / FOLDER / sherpa.TOKENS) as file:
        file.write_text(tokens, encoding="utf-8", newline="\n")
    with replacing(Path(out) / "config.json") as file:
        file.write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")


def collapsed(network: onnx.ModelProto, vocabulary: int) -> onnx.ModelProto:
    """Return a network whose repeats are blanks, with the names that onnx-asr asks for."""
    encoder = halves.renamed(network, {"log_probs_len": "encoder_out_lens"})
    tail = parser.parse_graph(_COLLAPSE)
    blank = np.full(vocabulary, _UNSAID, dtype=np.float32)
    blank[0] = 0.0
    encoder.graph.initializer.append(numpy_helper.from_array(blank, "collapse_blank"))
    encoder.graph.node.extend(tail.node)
    lengths = helper.make_tensor_value_info("encoder_out_lens", onnx.TensorProto.INT64, ("N",))
    encoder.graph.output.extend([*tail.output, lengths])
    onnx.checker.check_model(encoder)
    return encoder


def _model(text: str) -> onnx.ModelProto:
    opset = helper.make_opsetid("", OPSET)
    return helper.make_model(parser.parse_graph(text), opset_imports=[opset], ir_version=IR_VERSION)
