"""What sherpa-onnx makes of an exported folder: on real speech the same tokens at the same times."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
import onnxruntime
import pytest
import talkative
from commands import run
from real_speech import an4

from asr import bundle
from asr.recognizer import Recognizer
from asr.types import FloatArray

SOME = 8  # one utterance in so many by default; the slow test takes all
BATCH = 16

needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="needs the extra `train`")


class Said(NamedTuple):
    """What a runtime heard: the text, its tokens as sherpa-onnx shows them, and where they begin."""

    text: str
    tokens: list[str]
    starts_s: list[float]


def exported(folder: Path, *source: Path) -> Path:
    assert run("export", *source, "--target", "sherpa", "--out", folder).exit_code == 0
    return folder


def ours(recognizer: Recognizer, samples: FloatArray) -> Said:
    info = recognizer.info
    (log_probs,) = recognizer.log_probs([samples])
    path = [info.blank, *log_probs.argmax(axis=1)]
    places = [place for place in range(1, len(path)) if path[place] not in (info.blank, path[place - 1])]
    tokens = [info.tokens[path[place]].replace("▁", " ") for place in places]
    starts_s = [round((place - 1) * info.frame_shift_s, 3) for place in places]
    return Said(recognizer.transcribe(samples).text, tokens, starts_s)


class Sherpa:
    def __init__(self, folder: Path, rate_hz: int = 16000, bands: int = 80) -> None:
        package = pytest.importorskip("sherpa_onnx", reason="needs the extra `runtimes`")
        self.rate_hz = rate_hz
        self.recognizer = package.OfflineRecognizer.from_zipformer_ctc(
            str(folder / "model.onnx"), str(folder / "tokens.txt"), sample_rate=rate_hz, feature_dim=bands
        )

    def hear(self, batch: Sequence[FloatArray]) -> list[Said]:
        streams = [self.recognizer.create_stream() for _ in batch]
        for stream, samples in zip(streams, batch, strict=True):
            stream.accept_waveform(self.rate_hz, samples)
        self.recognizer.decode_streams(streams)
        return [self.said(stream.result) for stream in streams]

    def said(self, result: Any) -> Said:
        return Said(result.text, result.tokens, [round(start_s, 3) for start_s in result.timestamps])


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory, sample: Path) -> Path:
    return exported(tmp_path_factory.mktemp("sherpa"))


@pytest.fixture(scope="module")
def recognizer(sample: Path) -> Recognizer:
    return Recognizer(threads=1)


# ---- the real engine


def check_all(shipped: Path, recognizer: Recognizer, waveforms: list[FloatArray]) -> None:
    sherpa = Sherpa(shipped)
    expected = [ours(recognizer, samples) for samples in waveforms]
    assert [sherpa.hear([samples])[0] for samples in waveforms] == expected
    batched = [said for batch in in_batches(waveforms) for said in sherpa.hear(batch)]
    assert batched == expected
    assert sum(len(said.tokens) for said in expected) > 3 * len(waveforms)


def in_batches(waveforms: list[FloatArray]) -> Iterator[list[FloatArray]]:
    for first in range(0, len(waveforms), BATCH):
        yield waveforms[first : first + BATCH]


def test_real_speech_has_the_same_tokens_at_the_same_times(
    shipped: Path, recognizer: Recognizer, test_data: Path, tmp_path: Path
) -> None:
    check_all(shipped, recognizer, list(an4(test_data, tmp_path, every=SOME).values()))


@pytest.mark.slow
def test_every_utterance_of_an4(shipped: Path, recognizer: Recognizer, test_data: Path, tmp_path: Path) -> None:
    waveforms = list(an4(test_data, tmp_path).values())
    assert len(waveforms) == 130
    check_all(shipped, recognizer, waveforms)


@pytest.mark.slow
def test_ten_minutes(shipped: Path, recognizer: Recognizer, test_data: Path, tmp_path: Path) -> None:
    whole = np.concatenate(list(an4(test_data, tmp_path).values()))
    samples = np.tile(whole, 2)[: 600 * 16000]
    (heard,) = Sherpa(shipped).hear([samples])
    expected = ours(recognizer, samples)  # whose text is that of windows
    assert (heard.tokens, heard.starts_s) == (expected.tokens, expected.starts_s)


@pytest.mark.parametrize("sizes", [(0,), (1,), (79,), (80,), (160,), (400,), (0, 64000), (64000, 80, 0)])
def test_clips_of_next_to_nothing(
    shipped: Path, recognizer: Recognizer, test_data: Path, tmp_path: Path, sizes: tuple[int, ...]
) -> None:
    (speech, *_) = an4(test_data, tmp_path, every=130).values()
    batch = [speech[:size] for size in sizes]
    assert Sherpa(shipped).hear(batch) == [ours(recognizer, samples) for samples in batch]


@needs_torch
@pytest.mark.parametrize(
    "features", [{"rate_hz": 8000, "bands": 40}, {"kind": "mfcc"}, {"encoder": "lstm"}], ids=["8 kHz", "mfcc", "lstm"]
)
def test_other_models(tmp_path: Path, features: dict[str, Any]) -> None:
    """MFCCs are a sum of the bands, which the network's half makes of the engine's filterbank."""
    from asr.export.selfcheck import signal

    model = talkative.make(tmp_path / "small.onnx", **features)
    rate_hz, bands = features.get("rate_hz", 16000), features.get("bands", 80)
    sherpa = Sherpa(exported(tmp_path / "sherpa", model), rate_hz, bands)
    samples = signal(rate_hz, seed=5)
    said = ours(Recognizer(model, threads=1), samples)
    assert sherpa.hear([samples]) == [said]
    assert len(said.tokens) > 5


# ---- the folder, without the engine


def test_the_folder_is_a_standard_model_and_its_tokens(shipped: Path, recognizer: Recognizer) -> None:
    assert sorted(file.name for file in shipped.iterdir()) == ["model.onnx", "tokens.txt"]
    lines = (shipped / "tokens.txt").read_text(encoding="utf-8").splitlines()
    assert [line.split(" ") for line in lines] == [[t, str(i)] for i, t in enumerate(recognizer.info.tokens)]
    model = onnx.load(shipped / "model.onnx")
    onnx.checker.check_model(model, full_check=True)
    assert [value.name for value in model.graph.input] == ["x", "x_lens"]
    assert [value.name for value in model.graph.output] == ["log_probs", "log_probs_len"]
    assert {prop.key: prop.value for prop in model.metadata_props}["model_type"] == "zipformer2_ctc"


def test_what_the_engine_pads_with_does_not_matter(shipped: Path) -> None:
    session = onnxruntime.InferenceSession(shipped / "model.onnx")
    x = np.random.default_rng(0).normal(-7.0, 4.0, (3, 37, 80)).astype(np.float32)
    lengths = np.array([37, 12, 0])
    found = []
    for padding in (0.0, -23.03, np.float32(1e6)):
        for row, length in zip(x, lengths, strict=True):
            row[length:] = padding
        log_probs, frames = session.run(None, {"x": x, "x_lens": lengths})
        assert frames.tolist() == [10, 3, 0]
        found.append([row[:size] for row, size in zip(log_probs, frames, strict=True)])
    for other in found[1:]:
        for row, expected in zip(other, found[0], strict=True):
            np.testing.assert_array_equal(row, expected)


# ---- refusals


def refusal(*arguments: object) -> str:
    result = run("export", *arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.count("\n") == 1
    return result.stderr


def test_a_model_that_is_not_ours(tmp_path: Path, shipped: Path) -> None:
    error = refusal(shipped / "model.onnx", "--target", "sherpa", "--out", tmp_path / "again")
    assert f"{shipped / 'model.onnx'}: is an ONNX model but not one of ours" in error
    assert list(tmp_path.iterdir()) == []


def test_a_model_without_a_filterbank(tmp_path: Path, recognizer: Recognizer) -> None:
    value = onnx.helper.make_tensor_value_info("log_probs", onnx.TensorProto.FLOAT, ["N"])
    graph = onnx.helper.make_graph([onnx.helper.make_node("Identity", ["x"], ["log_probs"])], "g", [], [value])
    bundle.save(onnx.helper.make_model(graph), recognizer.info, tmp_path / "other.onnx")
    assert "has 0 places where a filterbank could end" in refusal(
        tmp_path / "other.onnx", "--target", "sherpa", "--out", tmp_path / "out"
    )


@needs_torch
def test_features_that_the_engine_cannot_have(tmp_path: Path) -> None:
    model = talkative.make(tmp_path / "small.onnx", window_ms=20, preemphasis=0.9)
    error = refusal(model, "--target", "sherpa", "--out", tmp_path / "out")
    assert "[features] window_ms is 20, and sherpa-onnx has 25 built in; train with window_ms = 25" in error
    assert not (tmp_path / "out").exists()


def test_options_that_do_not_go_together(tmp_path: Path) -> None:
    for options in (["--name", "x"], ["--manifest", "dev.jsonl"]):
        result = run("export", "--target", "sherpa", "--out", tmp_path / "out", *options)
        assert result.exit_code == 2
        assert options[0] in result.stderr
    assert list(tmp_path.iterdir()) == []
