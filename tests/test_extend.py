"""Graphs that do more: the tokens of the text against their definition, other sample rates against soxr."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import soxr
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

import asr
from asr import audio, bundle
from asr.cli import main
from asr.errors import ConfigError, ModelError
from asr.export import selfcheck
from asr.export.extend import extend
from asr.export.labels import with_labels
from asr.export.nodes import IR_VERSION, OPSET
from asr.export.quantise import convert
from asr.export.resampling import RATES_HZ, with_rates
from asr.types import FloatArray

TEXT = "enter four five seven one"
OTHERS_HZ = [rate_hz for rate_hz in RATES_HZ if rate_hz != 16000]


def session_of(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4  # what is refused on purpose is not logged
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def model_of(
    nodes: list[onnx.NodeProto], inputs: dict[str, list[Any]], outputs: dict[str, list[Any]]
) -> onnx.ModelProto:
    """Return a model; vectors are int64, everything else is float."""
    described = [
        [
            helper.make_tensor_value_info(name, TensorProto.INT64 if len(shape) == 1 else TensorProto.FLOAT, shape)
            for name, shape in values.items()
        ]
        for values in (inputs, outputs)
    ]
    graph = helper.make_graph(nodes, "test", *described)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)


@pytest.fixture(scope="module")
def extended(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return extend(bundle.default_model(), tmp_path_factory.mktemp("out") / "more.onnx", tokens=True, rates=True)


@pytest.fixture(scope="module")
def session(extended: Path) -> onnxruntime.InferenceSession:
    return session_of(onnx.load(extended))


# ---- tokens


@pytest.fixture(scope="module")
def labels() -> onnxruntime.InferenceSession:
    """A model whose scores are its input; the blank is token 2."""
    nodes = [
        helper.make_node("LogSoftmax", ["scores"], ["log_probs"], axis=-1),
        helper.make_node("Identity", ["lengths"], ["frames"]),
    ]
    cube = ["N", "F", "V"]
    model = model_of(nodes, {"scores": cube, "lengths": ["N"]}, {"log_probs": cube, "frames": ["N"]})
    return session_of(with_labels(model, blank=2))


def greedy(best: list[int], blank: int) -> list[tuple[int, int]]:
    """Return (token, frame) of each token that begins, by the definition of CTC's best path."""
    return [
        (token, frame)
        for frame, token in enumerate(best)
        if token != blank and (frame == 0 or token != best[frame - 1])
    ]


@settings(max_examples=100, deadline=None)
@given(data=st.data(), rows=st.integers(1, 4), frames=st.integers(1, 12), vocabulary=st.integers(3, 5))
def test_tokens_are_those_of_the_best_path(
    labels: onnxruntime.InferenceSession, data: st.DataObject, rows: int, frames: int, vocabulary: int
) -> None:
    matrix = st.lists(st.integers(0, vocabulary - 1), min_size=frames, max_size=frames)
    best = data.draw(st.lists(matrix, min_size=rows, max_size=rows))
    lengths = data.draw(st.lists(st.integers(0, frames), min_size=rows, max_size=rows))
    scores = 5.0 * np.eye(vocabulary, dtype=np.float32)[np.array(best)]
    names = ["token_ids", "token_frames", "token_counts"]
    ids, places, counts = labels.run(names, {"scores": scores, "lengths": np.array(lengths, dtype=np.int64)})
    expected = [greedy(row[:length], blank=2) for row, length in zip(best, lengths, strict=True)]
    assert counts.tolist() == [len(row) for row in expected]
    assert ids.shape == places.shape == (rows, max(map(len, expected)))
    for row, found in enumerate(expected):
        shown = list(zip(ids[row].tolist(), places[row].tolist(), strict=True))
        assert shown == found + [(2, -1)] * (len(shown) - len(found))


def test_the_text_is_a_lookup_and_a_join(session: onnxruntime.InferenceSession, sample: Path, extended: Path) -> None:
    samples = audio.read(sample, rate_hz=16000).samples
    model = asr.load(extended, threads=1)
    lengths = [len(samples), 0, 9000, 30000]
    padded = np.stack([samples] * len(lengths))  # what stands past a row's length is not heard
    feeds = {"samples": padded, "lengths": np.array(lengths), "rate_hz": np.array([16000])}
    ids, frames, counts = session.run(["token_ids", "token_frames", "token_counts"], feeds)
    for row, length in enumerate(lengths):
        known = ids[row, : counts[row]]
        text = "".join(model.info.tokens[token] for token in known).replace("▁", " ").strip()
        assert text == model.transcribe(samples[:length]).text
    assert counts[1] == 0
    begins = [word.start_s for word in model.transcribe(samples).words]
    assert set(np.round(begins, 3)) <= set(np.round(frames[0] * model.info.frame_shift_s, 3))


# ---- rates


@pytest.fixture(scope="module")
def resampler() -> onnxruntime.InferenceSession:
    """A model whose outputs are its inputs, at 16 kHz."""
    nodes = [helper.make_node("Identity", [name], [f"{name}_out"]) for name in ("samples", "lengths")]
    square, vector = ["N", "T"], ["N"]
    model = model_of(nodes, {"samples": square, "lengths": vector}, {"samples_out": ["N", "S"], "lengths_out": vector})
    return session_of(with_rates(model, 16000))


def resampled(session: onnxruntime.InferenceSession, rows: FloatArray, lengths: list[int], rate_hz: int) -> list[Any]:
    feeds = {"samples": rows, "lengths": np.array(lengths, dtype=np.int64), "rate_hz": np.array([rate_hz])}
    found: list[Any] = session.run(["samples_out", "lengths_out"], feeds)
    return found


def voice(rate_hz: int, duration_s: float = 1.3) -> FloatArray:
    return selfcheck.signal(rate_hz, duration_s=duration_s)


@pytest.mark.parametrize("rate_hz", OTHERS_HZ)
def test_samples_are_as_soxr_has_them(resampler: onnxruntime.InferenceSession, rate_hz: int) -> None:
    below_hz = 0.875 * min(rate_hz, 16000)  # there the filters differ
    samples = soxr.resample(voice(rate_hz), rate_hz, below_hz, quality="VHQ")
    samples = soxr.resample(samples, below_hz, rate_hz, quality="VHQ").astype(np.float32)
    ((found,), (length,)) = resampled(resampler, samples[None], [len(samples)], rate_hz)
    expected = soxr.resample(samples, rate_hz, 16000, quality="HQ")
    assert len(found) == length == len(expected)
    inner = slice(200, -200)
    assert np.abs(found[inner] - expected[inner]).max() < 1e-3 * np.abs(expected).max()


@pytest.mark.parametrize("rate_hz", OTHERS_HZ)
def test_no_row_hears_its_company_or_its_padding(resampler: onnxruntime.InferenceSession, rate_hz: int) -> None:
    samples = voice(rate_hz)
    lengths = [0, 1, 2, 441, len(samples) // 3, len(samples)]
    rows = np.full((len(lengths), len(samples)), np.nan, dtype=np.float32)
    for row, length in zip(rows, lengths, strict=True):
        row[:length] = samples[:length]
    found, sizes = resampled(resampler, rows, lengths, rate_hz)
    for row, size, length in zip(found, sizes, lengths, strict=True):
        assert size == int(length * 16000 / rate_hz + 0.5)
        (alone,), (alone_size,) = resampled(resampler, samples[None, :length], [length], rate_hz)
        assert alone_size == size
        np.testing.assert_array_equal(alone, row[:size])
        assert np.isfinite(row).all()


@pytest.mark.parametrize(("rate_hz", "tone_hz", "gain"), [
    (48000, 3000, 1.0), (48000, 7000, 1.0), (48000, 9000, 0.0), (48000, 20000, 0.0), (44100, 7000, 1.0),
    (44100, 12000, 0.0), (22050, 7000, 1.0), (22050, 9500, 0.0), (8000, 3400, 1.0),
])  # fmt: skip
def test_a_tone_passes_or_does_not(
    resampler: onnxruntime.InferenceSession, rate_hz: int, tone_hz: int, gain: float
) -> None:
    tone = np.sin(2 * np.pi * tone_hz / rate_hz * np.arange(rate_hz)).astype(np.float32)
    ((found,), _) = resampled(resampler, tone[None], [rate_hz], rate_hz)
    expected = gain * np.sin(2 * np.pi * tone_hz / 16000 * np.arange(16000))
    assert np.abs(found - expected)[500:-500].max() < 2e-3


def test_at_its_own_rate_nothing_changes(resampler: onnxruntime.InferenceSession) -> None:
    samples = voice(16000)
    ((found,), (length,)) = resampled(resampler, samples[None], [len(samples)], 16000)
    assert length == len(samples)
    np.testing.assert_array_equal(found, samples)


@pytest.mark.parametrize("rate_hz", [11025, 0, -16000])
def test_another_rate_is_refused_by_the_runtime(resampler: onnxruntime.InferenceSession, rate_hz: int) -> None:
    with pytest.raises(Exception, match="out of data bounds"):
        resampled(resampler, voice(16000)[None], [100], rate_hz)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_the_text_does_not_depend_on_the_rate(
    session: onnxruntime.InferenceSession, sample: Path, extended: Path, rate_hz: int
) -> None:
    model = asr.load(extended, threads=1)
    samples = audio.read(sample, rate_hz=rate_hz).samples
    feeds = {"samples": samples[None], "lengths": np.array([len(samples)]), "rate_hz": np.array([rate_hz])}
    (ids,) = session.run(["token_ids"], feeds)[0]
    text = "".join(model.info.tokens[token] for token in ids).replace("▁", " ").strip()
    assert text == model.transcribe(samples, rate_hz=rate_hz).text
    assert rate_hz == 8000 or text == TEXT


# ---- files


def test_an_extended_file_is_one_of_ours(extended: Path, sample: Path) -> None:
    assert bundle.read_info(extended) == bundle.read_info(bundle.default_model())
    ours, plain = asr.load(extended, threads=1), asr.load(threads=1)
    assert ours.transcribe(sample) == plain.transcribe(sample)
    assert selfcheck.check(extended).batch_difference == 0.0
    assert extended.stat().st_size < 1.15 * bundle.default_model().stat().st_size


def test_it_is_quantised_like_any_other(extended: Path, sample: Path, tmp_path: Path) -> None:
    small = convert(extended, "int8", tmp_path / "small.onnx")
    assert asr.load(small, threads=1).transcribe(sample).text == TEXT
    outputs = {value.name for value in onnx.load(small).graph.output}
    assert outputs == {"log_probs", "frames", "token_ids", "token_frames", "token_counts"}


def test_a_quantised_file_is_extended_like_any_other(sample: Path, tmp_path: Path) -> None:
    small = convert(bundle.default_model(), "fp16", tmp_path / "small.onnx")
    assert asr.load(extend(small, small, tokens=True), threads=1).transcribe(sample).text == TEXT


@pytest.mark.parametrize(
    ("wanted", "complaint"), [({"tokens": True}, "gives token ids already"), ({"rates": True}, "resamples already")]
)
def test_nothing_is_added_twice(extended: Path, tmp_path: Path, wanted: dict[str, bool], complaint: str) -> None:
    with pytest.raises(ModelError, match=rf"^{extended}: the graph {complaint}; name the file that it was made from"):
        extend(extended, tmp_path / "twice.onnx", **wanted)
    assert list(tmp_path.iterdir()) == []


def test_nothing_asked_for(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="none is asked for"):
        extend(bundle.default_model(), tmp_path / "a.onnx")
    command = ["extend", str(bundle.default_model()), "--out", str(tmp_path / "a.onnx")]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 2
    assert "give --tokens, --rates or --features" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_command_writes_one_file(tmp_path: Path) -> None:
    command = ["extend", str(bundle.default_model()), "--tokens", "--out", str(tmp_path / "a.onnx")]
    result = CliRunner().invoke(main, command)
    assert (result.exit_code, result.stdout) == (0, f"{tmp_path / 'a.onnx'}\n")
    assert [value.name for value in onnx.load(tmp_path / "a.onnx").graph.input] == ["samples", "lengths"]


def test_features_are_those_of_this_version_and_say_the_same(sample: Path, tmp_path: Path) -> None:
    """The encoder is untouched: alone and padded the answers are those of the file before."""
    source = bundle.default_model()
    before, after = asr.load(source), asr.load(extend(source, tmp_path / "new.onnx", features=True))
    assert after.info == before.info
    samples = audio.read(sample, rate_hz=before.info.rate_hz).samples
    for batch in ([samples], [samples[:401], samples, samples[:0]]):
        for found, expected in zip(after.log_probs(batch), before.log_probs(batch), strict=True):
            np.testing.assert_allclose(found, expected, atol=1e-3)  # the sums of features are rounded in another order
    twice = extend(tmp_path / "new.onnx", tmp_path / "twice.onnx", features=True, tokens=True)
    once, again = (len(onnx.load(path).graph.node) for path in (tmp_path / "new.onnx", twice))
    labels = len(with_labels(onnx.load(tmp_path / "new.onnx"), before.info.blank).graph.node) - once
    assert again == once + labels, "nothing is left of the features before"
    np.testing.assert_array_equal(asr.load(twice).log_probs([samples])[0], after.log_probs([samples])[0])


def test_a_graph_that_resamples_keeps_its_features(extended: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="resamples already"):
        extend(extended, tmp_path / "new.onnx", features=True)
    assert not (tmp_path / "new.onnx").exists()
