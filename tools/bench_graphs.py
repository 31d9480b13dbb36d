"""Measure the parts of a model's graph on one thread: features, encoder in fp32 and int8, and kaldi-native-fbank.

    python tools/bench_graphs.py FILE... [--model MODEL] [--rounds 11]

Everything takes turns within each round. Times are processor time, which other programs disturb less than the clock on
the wall; medians and, in brackets, minima. The features of a model file are measured as they stand in the file, and as
this version would export them.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import kaldi_native_fbank
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper
from onnx.utils import Extractor

from asr import audio, bundle
from asr.export.frontend import features
from asr.export.nodes import Nodes
from asr.export.precisions import PRECISIONS
from asr.export.rewriting import normalised
from asr.machine import processor
from asr.mel import FeatureSpec
from asr.types import FloatArray


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("audio", nargs="+", type=Path)
    parser.add_argument("--model", type=Path, default=None, help="the model that ships, unless given")
    parser.add_argument("--rounds", type=int, default=11)
    options = parser.parse_args()
    model = options.model or bundle.default_model()
    data, info = bundle.load_bytes(model)
    spec = FeatureSpec(**info.features)
    clips = [audio.read(file, rate_hz=info.rate_hz).samples for file in options.audio]
    print(f"{model.name}, one thread of {processor()}, onnxruntime {onnxruntime.__version__}, {options.rounds} rounds,")
    print(f"{len(clips)} clips, {sum(map(len, clips)) / info.rate_hz:.1f} s of audio; milliseconds:")
    show(measured(jobs(onnx.load_model_from_string(data), spec, clips), options.rounds))


def jobs(model: onnx.ModelProto, spec: FeatureSpec, clips: list[FloatArray]) -> dict[str, Callable[[], object]]:
    """Return name -> what is measured."""
    border = normalised(model)
    front = session(until(model, border, spec.dim))
    values = [front.run([border], feeds(clip))[0] for clip in clips]
    found = {
        "whole graph, fp32": running(session(model), [feeds(clip) for clip in clips]),
        "features in the file": running(front, [feeds(clip) for clip in clips]),
        "features as exported now": running(session(front_end(spec)), [feeds(clip) for clip in clips]),
        "kaldi-native-fbank": lambda: [kaldi(spec, clip) for clip in clips],
    }
    for name, make in {"fp32": lambda same: same, **PRECISIONS}.items():
        inputs = [feeds(clip) | {"features": value} for clip, value in zip(clips, values, strict=True)]
        found[f"encoder, {name}"] = running(session(after(make(model), border, spec.dim)), inputs)
    return found


def until(model: onnx.ModelProto, border: str, dim: int) -> onnx.ModelProto:
    """Return the graph up to a value."""
    described = helper.make_tensor_value_info(border, TensorProto.FLOAT, ["N", "F", dim])
    whole = onnx.ModelProto.FromString(model.SerializeToString())
    whole.graph.value_info.append(described)
    return Extractor(whole).extract_model(["samples", "lengths"], [border])


def after(model: onnx.ModelProto, border: str, dim: int) -> onnx.ModelProto:
    """Return the graph from a value on, which is its third input."""
    cut = onnx.ModelProto.FromString(model.SerializeToString())
    for node in cut.graph.node:
        node.input[:] = ["features" if value == border else value for value in node.input]
    cut.graph.input.append(helper.make_tensor_value_info("features", TensorProto.FLOAT, ["N", "F", dim]))
    needed, kept = {"log_probs", "frames"}, []
    for node in reversed(cut.graph.node):
        if not needed.isdisjoint(node.output):
            kept.append(node)
            needed.update(node.input)
    nodes = [onnx.NodeProto.FromString(node.SerializeToString()) for node in reversed(kept)]
    del cut.graph.node[:]
    cut.graph.node.extend(nodes)
    return cut


def front_end(spec: FeatureSpec) -> onnx.ModelProto:
    nodes = Nodes()
    values, frames = features(nodes, spec, "samples", "lengths")
    nodes.add("Identity", values, output="values")
    nodes.add("Identity", frames, output="frames")
    return nodes.model({"samples": ("N", "T"), "lengths": ("N",)}, {"values": ("N", "F", spec.dim), "frames": ("N",)})


def kaldi(spec: FeatureSpec, samples: FloatArray) -> list[object]:
    options = kaldi_native_fbank.FbankOptions()
    options.frame_opts.samp_freq, options.frame_opts.dither, options.frame_opts.snip_edges = spec.rate_hz, 0.0, False
    options.mel_opts.num_bins, options.mel_opts.low_freq, options.mel_opts.high_freq = (
        spec.bands,
        spec.low_hz,
        spec.high_hz,
    )
    computer = kaldi_native_fbank.OnlineFbank(options)
    computer.accept_waveform(spec.rate_hz, samples)
    computer.input_finished()
    return [computer.get_frame(number) for number in range(computer.num_frames_ready)]


def feeds(samples: FloatArray) -> dict[str, np.ndarray]:
    return {"samples": samples[None], "lengths": np.array([len(samples)])}


def session(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def running(started: onnxruntime.InferenceSession, inputs: list[dict[str, np.ndarray]]) -> Callable[[], object]:
    return lambda: [started.run(None, feed) for feed in inputs]


def measured(named: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Return the processor seconds of each job, after one round that does not count."""
    times: dict[str, list[float]] = {name: [] for name in named}
    for _ in range(rounds + 1):
        for name, job in named.items():
            start = time.process_time()
            job()
            times[name].append(time.process_time() - start)
    return {name: row[1:] for name, row in times.items()}


def show(times: dict[str, list[float]]) -> None:
    for name, row in times.items():
        print(f"  {name:<26} {1000 * median(row):8.1f}  ({1000 * min(row):.1f})")
    whole, encoder = (median(times[name]) for name in ("whole graph, fp32", "encoder, fp32"))
    theirs = median(times["kaldi-native-fbank"])
    for name in ("features in the file", "features as exported now"):
        ours = median(times[name])
        print(f"{name}: {ours / (encoder + ours):.1%} of a run, {theirs / ours:.2f} x kaldi's speed")
    print(f"encoder in int8: {encoder / median(times['encoder, int8']):.2f} x fp32's speed")
    parts = encoder + median(times["features in the file"])
    print(f"(the whole graph took {whole / parts:.2f} of the sum of its parts)")


if __name__ == "__main__":
    main()
