"""The exported graph against the torch model, and every way in which an export is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import soundfile
import torch
from torch import Tensor, nn

from asr import bundle, manifest
from asr.bundle import ModelInfo
from asr.config import parse
from asr.errors import DataError, MissingFile, ModelError, VerifyError
from asr.export import export, graph, selfcheck, verify
from asr.export.carried import streaming
from asr.mel import FeatureSpec
from asr.model.ctc import AcousticModel
from asr.model.encoders import build_encoder
from asr.model.encoders.subsampling import ConvSubsampling
from asr.model.fbank import Features, masked
from asr.model.lstm import LstmLayer
from asr.recognizer import Recognizer
from asr.streaming import Frames
from asr.train import checkpoint as checkpoints
from asr.train.checkpoint import Checkpoint
from asr.types import FloatArray, Utterance

TOKENS = ("<blk>", "▁", *"abcdefghij")
# Rows of 0 frames, of 1, those that are mirrored several times, and long ones in between.
LENGTHS = (0, 16000, 1, 79, 80, 399, 12345, 400, 401, 561)
SMALL = {"hidden": 24, "layers": 2, "channels": 8, "project": 16, "blocks": 1}


def lively(model: AcousticModel) -> AcousticModel:
    """Make random weights say something: statistics like speech, and every token the best of some frames."""
    with torch.no_grad():
        model.mean.fill_(-7.0)
        model.deviation.fill_(4.0)
        model.head.weight.mul_(20.0)
        length = max(LENGTHS)
        log_probs, _ = model.eval()(torch.from_numpy(ragged((length,), seed=9)), torch.tensor([length]))
        model.head.bias.sub_(log_probs[0].mean(dim=0))
    return model


def model_of(
    encoder: nn.Module | None = None, *, name: str = "blstm", spec: FeatureSpec | None = None
) -> AcousticModel:
    torch.manual_seed(0)
    spec = spec or FeatureSpec()
    encoder = encoder or build_encoder(name, spec.dim, **SMALL)
    return lively(AcousticModel(Features(spec), [0.0] * spec.dim, [1.0] * spec.dim, encoder, len(TOKENS)))


def session_of(model: onnx.ModelProto, threads: int = 2) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def run(session: onnxruntime.InferenceSession, samples: FloatArray, lengths: list[int]) -> list[FloatArray]:
    """Return log_probs [F', V] of each row of samples [N, T]."""
    log_probs, frames = session.run(
        ["log_probs", "frames"], {"samples": samples, "lengths": np.array(lengths, dtype=np.int64)}
    )
    return [row[:size] for row, size in zip(log_probs, frames, strict=True)]


def ragged(lengths: tuple[int, ...] = LENGTHS, seed: int = 0) -> FloatArray:
    """Return a gliding tone in noise [N, T] of changing loudness, past the rows' lengths too."""
    shape = (len(lengths), max(lengths))
    time = np.arange(shape[1])
    tone = np.sin(time * (0.2 + 0.1 * np.sin(time / 1100.0)))
    noise = np.random.default_rng(seed).standard_normal(shape)
    return ((0.1 * noise + 0.3 * tone) * np.sin(time / 1500.0)).astype(np.float32)


@torch.inference_mode()
def torch_rows(model: AcousticModel, samples: FloatArray, lengths: tuple[int, ...]) -> list[FloatArray]:
    log_probs, frames = model(torch.from_numpy(samples), torch.tensor(lengths))
    return [row[:size].numpy() for row, size in zip(log_probs, frames.tolist(), strict=True)]


# ---- the graph


@pytest.mark.parametrize("name", ["blstm", "lstm"])
@pytest.mark.parametrize(
    "spec",
    [
        FeatureSpec(),
        FeatureSpec(kind="mfcc"),
        FeatureSpec(rate_hz=8000, bands=40),
        FeatureSpec(window_ms=20, shift_ms=10),
    ],
    ids=["fbank", "mfcc", "8 kHz", "two shifts a window"],
)
def test_the_graph_says_what_torch_says(name: str, spec: FeatureSpec) -> None:
    model = model_of(name=name, spec=spec)
    session, samples = session_of(graph.build(model)), ragged()
    batched = run(session, samples, list(LENGTHS))
    expected = torch_rows(model, samples, LENGTHS)
    assert [len(row) for row in batched] == [-(-spec.frames(length) // 4) for length in LENGTHS]
    for number, length in enumerate(LENGTHS):
        np.testing.assert_allclose(batched[number], expected[number], atol=1e-4)
        (alone,) = run(session, samples[number : number + 1, :length], [length])
        np.testing.assert_array_equal(alone, batched[number])  # padding changes not even the last bit
    assert len({token for row in batched for token in row.argmax(axis=1)}) > 3, "the outputs do not differ"


def test_neither_company_nor_threads_change_the_last_bit() -> None:
    """Threads share out work at places that depend on the sizes; no value may depend on where."""
    proto = graph.build(model_of())
    lengths = tuple(range(20000, 52000, 1600))
    samples = ragged(lengths)
    one, several = (session_of(proto, threads) for threads in (1, 3))
    batched = run(one, samples, list(lengths))
    for session in (one, several):
        for number, length in enumerate(lengths):
            (alone,) = run(session, samples[number : number + 1, :length], [length])
            np.testing.assert_array_equal(alone, batched[number])
    for found, expected in zip(run(several, samples, list(lengths)), batched, strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("size", [0, 1, 79, 80, 400])
def test_a_batch_of_only_short_rows(size: int) -> None:
    model = model_of()
    samples, lengths = ragged((size, size)), (size, 0)
    log_probs = run(session_of(graph.build(model)), samples, list(lengths))
    for found, expected in zip(log_probs, torch_rows(model, samples, lengths), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_what_stands_in_the_padding_does_not_matter() -> None:
    session, samples = session_of(graph.build(model_of())), ragged()
    clean = run(session, samples, list(LENGTHS))
    for row, length in zip(samples, LENGTHS, strict=True):
        row[length:] = np.nan
    for found, expected in zip(run(session, samples, list(LENGTHS)), clean, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_the_graph_is_standard_and_old_enough() -> None:
    model = graph.build(model_of())
    onnx.checker.check_model(model, full_check=True)
    assert model.ir_version == 8
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 17)]
    assert {node.domain for node in model.graph.node} == {""}
    assert {node.op_type for node in model.graph.node}.isdisjoint({"Loop", "Scan", "If", "STFT", "DFT"})
    shapes = {
        value.name: [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in (*model.graph.input, *model.graph.output)
    }
    assert shapes == {
        "samples": ["N", "T"], "lengths": ["N"], "log_probs": ["N", "F", len(TOKENS)], "frames": ["N"]
    }  # fmt: skip
    assert graph.build(model_of()) == model, "not the same twice"


@pytest.mark.parametrize("blocks", [0, 1, 2])
@pytest.mark.parametrize("length", [0, 1, 79, 80, 640, 760, 5000, 40_000])
def test_a_recording_in_pieces_is_the_whole_where_no_future_is_heard(tmp_path: Path, blocks: int, length: int) -> None:
    recognizer = pieced(tmp_path, blocks)
    samples = ragged((40_000,))[0, :length]
    (whole,) = recognizer.log_probs([samples])
    for size in (1 if length < 1000 else 333, 640, 7777, 10**6):
        frames = Frames(recognizer)
        pieces = [frames.feed(samples[first : first + size]) for first in range(0, length, size)]
        found = np.concatenate([*pieces, frames.finish()])
        np.testing.assert_allclose(found, whole, rtol=0, atol=1e-5)


def test_less_context_than_the_model_says_is_found_out(tmp_path: Path) -> None:
    recognizer = pieced(tmp_path, 1)
    selfcheck.check(tmp_path / "pieces.onnx")
    streaming = {**(recognizer.info.streaming or {}), "context_frames": 3}
    bundle.update(tmp_path / "pieces.onnx", replace(recognizer.info, streaming=streaming))
    with pytest.raises(VerifyError, match="in pieces and at once differ by"):
        selfcheck.check(tmp_path / "pieces.onnx")


def test_the_future_is_not_heard_in_pieces() -> None:
    names = {value.name for value in graph.build(model_of()).graph.input}
    assert names == {"samples", "lengths"}
    assert streaming(model_of()) is None


def pieced(folder: Path, blocks: int) -> Recognizer:
    """Return a model file of a unidirectional encoder with that many residual blocks, none of them idle."""
    encoder = build_encoder("lstm", 80, **SMALL | {"blocks": blocks})
    for weight in encoder.parameters():
        if not weight.any():
            nn.init.uniform_(weight, -0.1, 0.1)
    model = model_of(encoder).eval()
    spec = model.features.spec
    info = ModelInfo(
        name="pieces", tokens=TOKENS, rate_hz=spec.rate_hz, frame_shift_s=0.04, features=asdict(spec),
        streaming=streaming(model),
    )  # fmt: skip
    bundle.save(graph.build(model), info, folder / "pieces.onnx")
    return Recognizer(folder / "pieces.onnx")


class Fresh(nn.Module):
    """An encoder of known blocks that the exporter has never heard of."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.subsampling = ConvSubsampling(dim, 4, 12)
        self.gate = nn.Sequential(nn.Linear(12, 12), nn.ReLU(), nn.Dropout(0.5))
        self.layer = LstmLayer(12, 10)
        self.scale = nn.Parameter(torch.linspace(0.5, 1.5, 20))
        self.norms = nn.ModuleList(nn.LayerNorm(20) for _ in range(2))
        self.outputs = 20

    def forward(self, x: Tensor, frames: Tensor) -> tuple[Tensor, Tensor]:
        x, frames = self.subsampling(x, frames)
        x = x * torch.sigmoid(self.gate(x)) + 0.5
        x = self.layer(x, frames) * self.scale
        for norm in self.norms:
            x = x - torch.tanh(norm(x)) / 2.0
        return masked(x, frames), frames


def test_a_new_encoder_of_known_blocks_needs_nothing() -> None:
    model = model_of(Fresh(80))
    samples = ragged()
    batched = run(session_of(graph.build(model)), samples, list(LENGTHS))
    for found, expected in zip(batched, torch_rows(model, samples, LENGTHS), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-4)


class Unknown(Fresh):
    def forward(self, x: Tensor, frames: Tensor) -> tuple[Tensor, Tensor]:
        x, frames = super().forward(x, frames)
        return torch.special.erfcx(x), frames


class Branching(Fresh):
    def forward(self, x: Tensor, frames: Tensor) -> tuple[Tensor, Tensor]:
        return super().forward(x if frames.max() > 3 else x + 1, frames)


class Method(Fresh):
    def forward(self, x: Tensor, frames: Tensor) -> tuple[Tensor, Tensor]:
        return super().forward(x.cumsum(dim=1), frames)


@pytest.mark.parametrize(
    ("kind", "complaint"),
    [
        (Unknown, "Unknown calls special_erfcx, which has no ONNX form"),
        (Branching, "Branching cannot be traced"),
        (Method, "Method calls cumsum, which has no ONNX form"),
    ],
)
def test_what_has_no_onnx_form_is_named(kind: Callable[[int], nn.Module], complaint: str) -> None:
    with pytest.raises(ModelError, match=rf"^{complaint}[^\n]*; add [^\n]*$"):
        graph.build(model_of(kind(80)))


# ---- a run, exported


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of random weights, with a dev set of three utterances of noise."""
    folder = tmp_path_factory.mktemp("run")
    utterances = []
    for number, length in enumerate((24000, 9001, 16000)):
        audio = folder / f"{number}.flac"
        soundfile.write(audio, ragged((length,), seed=number)[0], 16000)
        utterances.append(Utterance(f"u{number}", audio, "a b", length / 16000))
    manifest.write(folder / "dev.jsonl", utterances)
    config = parse({"text": {"rules": "basic"}, "model": {"encoder": "blstm", **SMALL}})
    torch.manual_seed(0)
    model = lively(checkpoints.new_model(config, vocab=len(TOKENS)))
    split = {"manifest": str(folder / "dev.jsonl"), "sha256": "0" * 64, "utterances": 3}
    checkpoint = Checkpoint(
        config=config.model_dump(mode="json"),
        tokens=TOKENS,
        weights=model.state_dict(),
        provenance={"train": split, "dev": split, "torch": torch.__version__},
        history=[{"epoch": 1}, {"epoch": 2}],
    )
    checkpoints.save(checkpoint, folder / checkpoints.MODEL)
    return folder


@pytest.fixture(scope="module")
def exported(run_folder: Path) -> Path:
    return export(run_folder, run_folder / "out" / "noise.onnx")


def test_an_export_is_one_file_that_says_what_it_is(run_folder: Path, exported: Path) -> None:
    assert list(exported.parent.iterdir()) == [exported]
    info = bundle.read_info(exported)
    assert (info.name, info.tokens, info.blank) == ("noise", TOKENS, 0)
    assert (info.rate_hz, info.frame_shift_s) == (16000, 0.04)
    assert (info.tokenizer, info.text_rules, info.decoder) == ("char", "basic/1", {"name": "greedy"})
    assert FeatureSpec(**info.features) == FeatureSpec()
    assert info.priors == (), "a checkpoint may have none"
    assert info.provenance["epochs"] == 2
    assert info.provenance["dev"]["manifest"] == "dev.jsonl"
    assert str(run_folder) not in json.dumps(info.provenance), "folders of the training machine stay there"
    onnx.checker.check_model(onnx.load(exported), full_check=True)


def test_priors_travel_in_the_file(run_folder: Path, tmp_path: Path) -> None:
    priors = tuple(-0.1 * number for number in range(1, len(TOKENS) + 1))
    checkpoints.save(replace(checkpoints.load(run_folder), priors=priors), tmp_path / checkpoints.MODEL)
    assert bundle.read_info(export(tmp_path, tmp_path / "noise.onnx")).priors == priors


def test_priors_that_fit_no_token_are_refused(run_folder: Path, tmp_path: Path) -> None:
    checkpoints.save(replace(checkpoints.load(run_folder), priors=(-1.0,)), tmp_path / checkpoints.MODEL)
    with pytest.raises(ModelError, match=f"asr.priors are 1 for {len(TOKENS)} tokens"):
        export(tmp_path, tmp_path / "noise.onnx")
    assert [file.name for file in tmp_path.iterdir()] == [checkpoints.MODEL]


def test_the_same_checkpoint_gives_the_same_file(run_folder: Path, exported: Path, tmp_path: Path) -> None:
    again = export(run_folder / checkpoints.MODEL, tmp_path / "noise.onnx", manifest=run_folder / "dev.jsonl")
    assert again.read_bytes() == exported.read_bytes()


def test_verify_measures_the_difference(run_folder: Path, exported: Path) -> None:
    agreement = verify.verify(exported, run_folder)
    assert agreement.recordings == 3 + len(verify.SHORT)
    assert 0.0 < agreement.difference < 1e-4


def test_transcribing_with_the_export(run_folder: Path, exported: Path) -> None:
    model = Recognizer(exported, threads=1)
    files = [run_folder / f"{number}.flac" for number in range(3)]
    single = [model.transcribe(file) for file in files]
    assert all(hypothesis.text for hypothesis in single)
    assert model.transcribe_batch(files) == single


def gates_in_torch_order(weight: Any) -> FloatArray:
    return np.asarray(weight.detach().numpy(), dtype=np.float32)


def without_lengths(model: AcousticModel) -> onnx.ModelProto:
    """Return the graph with LSTMs that run through the padding, as torch's own exporter makes them."""
    proto = graph.build(model)
    for node in proto.graph.node:
        if node.op_type == "LSTM":
            node.input[4] = ""
    return proto


def test_wrong_weights_are_refused_and_leave_nothing(
    run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graph, "_gates", gates_in_torch_order)
    with pytest.raises(VerifyError, match=r"noise: log-probabilities of u0, alone, differ from torch's by"):
        export(run_folder, tmp_path / "noise.onnx")
    assert list(tmp_path.iterdir()) == []


def test_padding_that_is_heard_is_refused_and_leaves_the_old_file(
    run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "noise.onnx").write_bytes(b"old")
    wrong = without_lengths(checkpoints.build_model(checkpoints.load(run_folder)))
    monkeypatch.setattr(graph, "build", lambda model: wrong)
    with pytest.raises(VerifyError, match="in a batch, differ from torch's"):
        export(run_folder, tmp_path / "noise.onnx")
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("noise.onnx", b"old")]


def test_texts_must_be_identical(run_folder: Path, exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where two tokens are as good as equal, the smallest difference makes another text; so does a wrong table."""
    monkeypatch.setattr(verify, "TOLERANCE", 1e9)
    model = checkpoints.build_model(checkpoints.load(run_folder))
    with torch.no_grad():
        model.head.bias[3] += 500.0
    with pytest.raises(VerifyError, match=r"reads '.*', in torch 'b'; do not use"):
        verify.compare(model, Recognizer(exported), verify.recordings(checkpoints.load(run_folder)))


def test_a_dev_set_that_is_gone(run_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match="no such manifest"):
        export(run_folder, tmp_path / "a.onnx", manifest=tmp_path / "gone.jsonl")
    (tmp_path / "empty.jsonl").touch()
    with pytest.raises(DataError, match="no utterances to verify on"):
        export(run_folder, tmp_path / "a.onnx", manifest=tmp_path / "empty.jsonl")
    assert [file.name for file in tmp_path.iterdir()] == ["empty.jsonl"]


# ---- the file by itself


def test_a_good_file_passes_its_own_check(exported: Path) -> None:
    checked = selfcheck.check(exported)
    assert checked.recordings == 9
    assert checked.batch_difference < 1e-4
    assert checked.probe_difference is not None
    assert checked.probe_difference < 2e-4  # the probe is stored with four decimals


def test_the_check_needs_no_torch(exported: Path) -> None:
    code = (
        "import sys\n"
        "for name in ('torch', 'onnx', 'librosa', 'numba', 'matplotlib'): sys.modules[name] = None\n"
        f"from asr.export import selfcheck\nprint(selfcheck.check({str(exported)!r}).recordings)"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (process.stdout, process.stderr) == ("9\n", "")


def test_another_answer_to_the_probe(exported: Path, tmp_path: Path) -> None:
    data, info = bundle.load_bytes(exported)
    assert info.probe is not None
    wrong = json.loads(json.dumps(info.probe))
    wrong["log_probs"][20][2] -= 0.02
    (tmp_path / "a.onnx").write_bytes(data)
    bundle.update(tmp_path / "a.onnx", replace(info, probe=wrong))
    with pytest.raises(VerifyError, match=r"probe differ by 0\.02 from those stored"):
        selfcheck.check(tmp_path / "a.onnx")
    bundle.update(tmp_path / "a.onnx", replace(info, probe=None))
    assert selfcheck.check(tmp_path / "a.onnx").probe_difference is None


def test_padding_that_is_heard_fails_the_check(run_folder: Path, exported: Path, tmp_path: Path) -> None:
    wrong = without_lengths(checkpoints.build_model(checkpoints.load(run_folder)))
    bundle.save(wrong, bundle.read_info(exported), tmp_path / "a.onnx")
    with pytest.raises(VerifyError, match="alone and in a batch differ by"):
        selfcheck.check(tmp_path / "a.onnx")


def test_tokens_that_do_not_fit_fail_the_check(exported: Path, tmp_path: Path) -> None:
    data, info = bundle.load_bytes(exported)
    (tmp_path / "a.onnx").write_bytes(data)
    bundle.update(tmp_path / "a.onnx", replace(info, tokens=info.tokens[:-1]))
    with pytest.raises(VerifyError, match="log-probabilities"):
        selfcheck.check(tmp_path / "a.onnx")


@pytest.mark.parametrize("rate_hz", [8000, 16000, 44100])
def test_the_signal_never_changes(rate_hz: int) -> None:
    samples = selfcheck.signal(rate_hz)
    assert samples.shape == (2 * rate_hz,)
    assert samples.dtype == np.float32
    assert 0.2 < np.abs(samples).max() < 1.0
    if rate_hz == 16000:  # stored: the probes of files that exist already depend on it
        assert float(np.abs(samples).sum(dtype=np.float64)) == pytest.approx(2452.508, abs=1e-2)
