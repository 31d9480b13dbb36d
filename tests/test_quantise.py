"""Quantised files: what they say beside fp32, what is in them, and every way in which one is refused."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

import asr
from asr import audio, bundle, manifest
from asr.bundle import ModelInfo
from asr.cli import main
from asr.errors import ConfigError, DataError, ModelError
from asr.export import precisions, selfcheck
from asr.export.precisions import PRECISIONS
from asr.export.precisions.rounding import rounded
from asr.export.quantise import Quantised, quantise
from asr.export.rewriting import CONTRIBUTED, Rewriting, encoder, normalised
from asr.types import FloatArray, Utterance

TEXT = "enter four five seven one"  # what sample.wav says; the card of the model has it


@pytest.fixture(scope="module")
def source(sample: Path) -> onnx.ModelProto:
    """The model that ships, in fp32."""
    return onnx.load_model_from_string(bundle.load_bytes(bundle.default_model())[0])


@pytest.fixture(scope="module")
def variants(source: onnx.ModelProto) -> dict[str, onnx.ModelProto]:
    return {name: make(source) for name, make in PRECISIONS.items()}


@pytest.fixture(scope="module")
def dev(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "dev.jsonl"
    manifest.write(path, [Utterance("one", sample, TEXT, audio.duration_s(sample))])
    return path


@pytest.fixture(scope="module")
def quantised(dev: Path, tmp_path_factory: pytest.TempPathFactory) -> Quantised:
    return quantise(bundle.default_model(), dev, out=tmp_path_factory.mktemp("out") / "new")


@pytest.fixture(scope="module")
def samples(sample: Path) -> FloatArray:
    return audio.read(sample, rate_hz=16000).samples


def session_of(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def probabilities(model: onnx.ModelProto, samples: FloatArray) -> FloatArray:
    """Return probabilities [F, V] of one recording [T]."""
    feeds = {"samples": samples[None], "lengths": np.array([len(samples)])}
    return np.exp(np.asarray(session_of(model).run(["log_probs"], feeds)[0][0], dtype=np.float32))


# ---- rounding


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.tuples(st.integers(1, 3), st.integers(1, 5), st.integers(1, 40)),
    largest=st.sampled_from([64, 127]),
    spread=st.floats(0.1, 3.0),
)
def test_rounding_is_no_worse_than_to_the_largest_weight(
    seed: int, shape: tuple[int, int, int], largest: int, spread: float
) -> None:
    weights = (np.random.default_rng(seed).lognormal(0, spread, shape) - 1).astype(np.float32)
    integers, scales = rounded(weights, (0, 1), largest)
    assert (integers.dtype, scales.dtype, scales.shape) == (np.int8, np.float32, (*shape[:2], 1))
    assert np.abs(integers.astype(int)).max() <= largest
    plain = np.abs(weights).max(axis=2, keepdims=True) / largest
    worst = np.square(np.rint(weights / plain) * plain - weights).sum(axis=2)
    assert np.all(np.square(integers * scales - weights).sum(axis=2) <= worst * (1 + 1e-4) + 1e-12)


def test_weights_that_are_all_zero_stay_so() -> None:
    integers, scales = rounded(np.zeros((2, 3), dtype=np.float32), (1,), 64)
    assert not integers.any()
    assert np.all(scales > 0)


def test_seven_bits_keep_sums_of_two_products_within_16(variants: dict[str, onnx.ModelProto]) -> None:
    """Older processors add two products of an unsigned and a signed byte in 16 bits, and cut off what does not fit."""
    integers = {w.name: numpy_helper.to_array(w) for w in variants["int8"].graph.initializer}
    met = [
        name
        for node in variants["int8"].graph.node
        if node.op_type.startswith("DynamicQuantize")
        for name in node.input
        if name in integers and integers[name].dtype == np.int8
    ]
    assert len(met) == 4 * 4 + 2  # of each LSTM two matrices and two zero points, and of the head
    assert max(int(np.abs(integers[name].astype(int)).max()) for name in met) * 255 * 2 <= 2**15 - 1


# ---- graphs


@pytest.mark.parametrize(("name", "within"), [("int8", 0.1), ("fp16", 0.01), ("int8-weights", 0.1)])
def test_a_variant_says_nearly_what_fp32_says(
    variants: dict[str, onnx.ModelProto], source: onnx.ModelProto, samples: FloatArray, name: str, within: float
) -> None:
    found, expected = probabilities(variants[name], samples), probabilities(source, samples)
    assert found.dtype == np.float32
    assert 0.0 < np.abs(found - expected).max() < within
    np.testing.assert_allclose(found.sum(axis=1), 1.0, atol=1e-4)


@pytest.mark.parametrize(("name", "smaller"), [("int8", 3.0), ("fp16", 1.85), ("int8-weights", 3.0)])
def test_a_variant_is_smaller(
    variants: dict[str, onnx.ModelProto], source: onnx.ModelProto, name: str, smaller: float
) -> None:
    assert source.ByteSize() / variants[name].ByteSize() >= smaller


def test_only_int8_needs_onnxruntimes_own_operators(variants: dict[str, onnx.ModelProto]) -> None:
    domains = {name: {node.domain for node in model.graph.node} for name, model in variants.items()}
    assert domains == {"int8": {"", CONTRIBUTED}, "fp16": {""}, "int8-weights": {""}}
    for model in variants.values():
        assert (model.ir_version, model.opset_import[0].version) == (8, 17)


def test_the_features_stay_as_they_are(
    variants: dict[str, onnx.ModelProto], source: onnx.ModelProto, samples: FloatArray
) -> None:
    """Their powers span more digits than eight or sixteen bits hold."""
    features = normalised(source)
    found = []
    for model in (source, *variants.values()):
        shown = onnx.ModelProto.FromString(model.SerializeToString())
        shown.graph.output.append(helper.make_tensor_value_info(features, TensorProto.FLOAT, ["N", "F", 80]))
        feeds = {"samples": samples[None], "lengths": np.array([len(samples)])}
        found.append(session_of(shown).run([features], feeds)[0])
    for other in found[1:]:
        np.testing.assert_array_equal(other, found[0])


def test_what_is_dynamic_in_int8(variants: dict[str, onnx.ModelProto]) -> None:
    kinds = [node.op_type for node in encoder(variants["int8"])]
    assert (kinds.count("LSTM"), kinds.count("DynamicQuantizeLSTM")) == (0, 4)
    assert (kinds.count("MatMul"), kinds.count("DynamicQuantizeMatMul")) == (1, 1)  # after a ReLU, and the head
    floats = [w.name for w in variants["int8"].graph.initializer if w.data_type == TensorProto.FLOAT]
    used = {name for node in encoder(variants["int8"]) for name in node.input}
    largest = max(
        numpy_helper.to_array(w).size for w in variants["int8"].graph.initializer if w.name in used & {*floats}
    )
    assert largest == 2 * 8 * 192, "of floats only biases are left"


def test_onnxruntimes_own_quantiser_is_no_nearer(
    variants: dict[str, onnx.ModelProto], source: onnx.ModelProto, samples: FloatArray, tmp_path: Path
) -> None:
    """It rounds to eight bits a matrix, we to seven a column."""
    theirs = pytest.importorskip("onnxruntime.quantization", reason="this onnxruntime cannot quantise beside this onnx")
    onnx.save(source, tmp_path / "fp32.onnx")
    theirs.quantize_dynamic(
        tmp_path / "fp32.onnx",
        tmp_path / "theirs.onnx",
        op_types_to_quantize=["LSTM"],
        weight_type=theirs.QuantType.QInt8,
    )
    expected = probabilities(source, samples)
    ours, other = (
        np.abs(probabilities(model, samples) - expected).mean()
        for model in (variants["int8"], onnx.load(tmp_path / "theirs.onnx"))
    )
    assert ours < 2 * other


def test_a_graph_that_was_not_exported_here_is_refused() -> None:
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N"]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", values[:1], values[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    for make in PRECISIONS.values():
        with pytest.raises(ModelError, match="has no features as 'asr export' writes them; name"):
            make(model)


# ---- files


def test_every_precision_is_written_with_its_table(quantised: Quantised) -> None:
    assert list(quantised.files) == list(PRECISIONS)
    assert quantised.refused == ()
    assert [row.precision for row in quantised.table] == ["fp32", *PRECISIONS]
    assert {(row.wer, row.errors, row.words, row.same_texts) for row in quantised.table} == {(0.0, 0, 5, 1)}
    for name, path in quantised.files.items():
        info = bundle.read_info(path)
        assert path.name == f"an4-en-{name}.onnx"
        assert (info.name, info.precision) == (f"an4-en-{name}", name)
        assert info.scores == (), "those of fp32 are not its own"
        assert info.tokens == bundle.read_info(bundle.default_model()).tokens
        assert (
            json.loads(json.dumps([dataclasses.asdict(row) for row in quantised.table])) == info.quantisation["table"]
        )
        assert info.quantisation["manifest"] == "dev.jsonl"


@pytest.mark.parametrize("name", PRECISIONS)
def test_a_quantised_file_does_all_that_a_file_does(quantised: Quantised, sample: Path, name: str) -> None:
    model = asr.load(quantised.files[name], threads=1)
    waveforms = [audio.read(sample, rate_hz=16000).samples[:size] for size in (0, 160, 16000, 40000)]
    single = [model.transcribe(samples) for samples in (*waveforms, sample)]
    assert single[-1].text == TEXT
    assert [len(hypothesis.words) for hypothesis in single[:2]] == [0, 0]
    together = model.transcribe_batch([*waveforms, sample])
    assert [found.text for found in together] == [found.text for found in single]
    # onnxruntime 1.19 rounds halves otherwise in a batch.
    assert [found.confidence for found in together] == pytest.approx([found.confidence for found in single], abs=1e-3)
    checked = selfcheck.check(quantised.files[name])
    assert checked.probe_difference is not None


def test_int8_is_run_one_at_a_time(quantised: Quantised, samples: FloatArray) -> None:
    """Beside a loud recording a faint one would be rounded coarsely: the scales of int8 span the batch."""
    model = asr.load(quantised.files["int8"], threads=1)
    (alone,) = model.log_probs([samples])
    beside = model.log_probs([samples, np.resize(8 * samples, 2 * len(samples))])[0]
    np.testing.assert_array_equal(beside, alone)
    assert model.log_probs([]) == []


def mute(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a model that hears nothing: its scores are all zero."""
    graph = Rewriting(model, "mute_")
    for node in model.graph.node:
        if node.op_type == "LogSoftmax":
            silent = graph.add("Mul", node.input[0], graph.constant(0.0))
            graph.keep(node, **{node.input[0]: silent})
        else:
            graph.keep(node)
    return graph.finished()


@pytest.fixture
def bad_int8(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(precisions.PRECISIONS, "int8", mute)


@pytest.mark.usefixtures("bad_int8")
def test_what_reads_worse_is_not_written(dev: Path, tmp_path: Path) -> None:
    found = quantise(bundle.default_model(), dev, out=tmp_path, precisions=["int8", "fp16"])
    assert (found.refused, list(found.files)) == (("int8",), ["fp16"])
    assert [file.name for file in tmp_path.iterdir()] == ["an4-en-fp16.onnx"]
    assert found.table[1].wer == 1.0
    table = bundle.read_info(found.files["fp16"]).quantisation["table"]
    assert [row["wer"] for row in table] == [0.0, 1.0, 0.0], "the table keeps what was refused"


@pytest.mark.usefixtures("bad_int8")
def test_a_margin_that_allows_it(dev: Path, tmp_path: Path) -> None:
    found = quantise(bundle.default_model(), dev, out=tmp_path, precisions=["int8"], margin=1.0)
    assert (found.refused, list(found.files)) == ((), ["int8"])


@pytest.mark.usefixtures("bad_int8")
def test_the_command_prints_the_table_and_what_it_refused(dev: Path, tmp_path: Path) -> None:
    arguments = [
        "quantize",
        str(bundle.default_model()),
        str(dev),
        "--out",
        str(tmp_path),
        "--json",
        str(tmp_path / "t"),
    ]
    result = CliRunner().invoke(main, [*arguments, "--precision", "int8", "--precision", "int8-weights"])
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["precision", "fp32", "int8", "int8-weights", "written:"]
    assert "100.00 %" in lines[2]
    assert result.stderr.count("\n") == 1
    assert "int8 reads worse by more than the margin" in result.stderr
    assert json.loads((tmp_path / "t").read_text())["refused"] == ["int8"]
    shown = CliRunner().invoke(main, ["info", str(tmp_path / "an4-en-int8-weights.onnx")]).stdout
    assert "precision: int8-weights" in shown
    assert "100.00 %" in shown


# ---- bad input


def test_a_quantised_file_is_not_quantised_again(quantised: Quantised, dev: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"is quantised already \(fp16\); name the file that it was made from"):
        quantise(quantised.files["fp16"], dev, out=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"precisions": ["int9"]}, r"precision: 'int9' is not known; did you mean 'int8'\?"),
        ({"margin": -0.1}, "margin: -0.1 is below 0; give"),
        ({"margin": float("nan")}, "margin: nan is below 0; give"),
        ({"threads": 0}, "threads: 0 is too few"),
    ],
)
def test_impossible_settings(dev: Path, tmp_path: Path, arguments: dict[str, object], complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        quantise(bundle.default_model(), dev, out=tmp_path, **{"precisions": ["fp16"], **arguments})  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_set_without_words(sample: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").touch()
    with pytest.raises(DataError, match=r"empty\.jsonl: no words in 0 references"):
        quantise(bundle.default_model(), tmp_path / "empty.jsonl", precisions=["fp16"], out=tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["empty.jsonl"]


def test_a_file_of_ours_with_another_graph(tmp_path: Path, dev: Path) -> None:
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N"]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", values[:1], values[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    bundle.save(model, ModelInfo("tiny", ("<blk>", "a"), 16000, 0.04), tmp_path / "tiny.onnx")
    with pytest.raises(ModelError, match="has no features"):
        quantise(tmp_path / "tiny.onnx", dev)
    assert [file.name for file in tmp_path.iterdir()] == ["tiny.onnx"]


# ---- the figure


@pytest.mark.slow
def test_int8_reads_an4_within_0_3_points(test_data: Path, tmp_path: Path) -> None:
    assert CliRunner().invoke(main, ["prepare", "an4", "--source", str(test_data / "an4"), "--out", str(tmp_path)])
    found = quantise(bundle.default_model(), tmp_path / "test.jsonl", out=tmp_path, precisions=["int8"])
    fp32, int8 = found.table
    assert int8.wer <= fp32.wer + 0.003
    assert fp32.bytes / int8.bytes >= 3
