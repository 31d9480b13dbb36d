"""What users get wrong, as they would: each mistake is one sentence with a name and a way out, and leaves nothing."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from commands import run

import asr
from asr import bundle

RATE_HZ = 16000
TOKENS = ("<blk>", "▁", *"enopstwy")
TEXTS = ["yes", "no", "one two", "stop"]
TINY = "[model]\nhidden = 8\nlayers = 1\nchannels = 4\nproject = 8\n"

needs_training = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("torch", "onnx")), reason="needs the extra `train`"
)


# ---- running, and what every refusal is


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "asr", *map(str, arguments)]


def surroundings() -> dict[str, str]:
    path = os.pathsep.join(filter(None, [str(Path(asr.__file__).parents[1]), os.environ.get("PYTHONPATH")]))
    return os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"}


def checked(code: int, out: str, error: str, *names: object) -> str:
    """Check that a refusal is exit code 1, one line on standard error, and names things; return the line."""
    assert code == 1, error
    assert out == ""
    assert re.fullmatch(r"asr: error: [^\n]+\n", error), error
    assert "Traceback" not in error
    for name in names:
        assert str(name) in error
    return error


def refusal(*arguments: object, names: tuple[object, ...], way_out: str) -> str:
    """Run a command that must refuse, and check the line; `way_out` is a pattern for what it advises, after the `;`."""
    result = run(*arguments)
    line = checked(result.exit_code, result.stdout, result.stderr, *names)
    assert re.search(way_out, line.rpartition("; ")[2]), line
    return line


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


# ---- what the mistakes are made with


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file: a small untrained one where it can be made, else the one that ships."""
    path = tmp_path_factory.mktemp("tiny") / "tiny.onnx"
    if importlib.util.find_spec("torch") is None or importlib.util.find_spec("onnx") is None:
        try:
            return Path(shutil.copy(bundle.default_model(), path))
        except asr.AsrError as error:
            pytest.skip(str(error))
    from asr import config
    from asr.export import graph, info
    from asr.train.checkpoint import Checkpoint, new_model

    settings = config.parse({"model": {"hidden": 8, "layers": 1, "channels": 4, "project": 8}})
    model = new_model(settings, vocab=len(TOKENS)).eval()
    source = Checkpoint(settings.model_dump(mode="json"), TOKENS, model.state_dict())
    bundle.save(graph.build(model), info.model_info(source, model, name="tiny"), path)
    return path


def noise(duration_s: float = 0.8, rate_hz: int = RATE_HZ, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.1, round(duration_s * rate_hz)).astype(np.float32)


def wav(path: Path, samples: np.ndarray, rate_hz: int = RATE_HZ, subtype: str = "FLOAT") -> Path:
    soundfile.write(path, samples, rate_hz, subtype=subtype)
    return path


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return wav(tmp_path / "good.wav", noise())


class Corpus:
    """A folder with train.jsonl, dev.jsonl and config.toml, each of which a test may spoil."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "config.toml"
        self.run = folder / "run"
        self.lines = {split: [self.line(split, number) for number in range(8)] for split in ("train", "dev")}
        self.configure()

    def line(self, split: str, number: int) -> dict[str, object]:
        samples = noise(0.6 + 0.05 * (number % 3), seed=number)
        path = wav(self.folder / f"{split}{number}.wav", samples)
        text = TEXTS[number % len(TEXTS)]
        return {"id": f"{split}-{number}", "audio": path.name, "text": text, "duration_s": len(samples) / RATE_HZ}

    def manifest(self, split: str) -> Path:
        return self.folder / f"{split}.jsonl"

    def write(self) -> None:
        for split, lines in self.lines.items():
            self.manifest(split).write_text("".join(json.dumps(line) + "\n" for line in lines))

    def configure(self, more: str = "", epochs: int = 2, model: str = TINY) -> None:
        train = f"[train]\nepochs = {epochs}\nbatch_s = 2.0\n"
        data = '[data]\ntrain = "train.jsonl"\ndev = "dev.jsonl"\n'
        self.config.write_text(
            f"{more}\n{model}\n{data}\n{train}" if "[" in more else f"{model}\n{data}\n{train}{more}\n"
        )

    def train(self) -> tuple[object, ...]:
        return ("train", self.config, "--out", self.run)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    corpus = Corpus(tmp_path)
    corpus.write()
    return corpus


# ---- audio


def truncated_flac(path: Path) -> None:
    soundfile.write(path, noise(3.0), RATE_HZ, format="FLAC")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def header_alone(path: Path) -> None:
    wav(path, noise(), subtype="PCM_16")
    path.write_bytes(path.read_bytes()[:44])


def with_samples(value: float) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        samples = noise()
        samples[100] = value
        wav(path, samples)

    return make


# file name, what makes it, what the sentence advises
BAD_AUDIO: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "missing": ("a.wav", lambda path: None, "check the path"),
    "folder": ("a.wav", lambda path: path.mkdir(), "name a file"),
    "empty": ("a.wav", lambda path: path.touch(), "copy"),
    "header alone": ("a.wav", header_alone, "copy"),
    "no samples": ("a.wav", lambda path: wav(path, noise(0.0)), "copy"),
    "truncated": ("a.flac", truncated_flac, "copy"),
    "text": ("a.wav", lambda path: path.write_text("Dear all,\nplease find attached\n" * 40), "."),
    "NaN": ("a.wav", with_samples(np.nan), "repair"),
    "infinite": ("a.wav", with_samples(-np.inf), "repair"),
    "not scaled": ("a.wav", lambda path: wav(path, noise() * 32768), "divide"),
}


@pytest.mark.parametrize("kind", BAD_AUDIO)
def test_audio_that_cannot_be_heard(tiny: Path, tmp_path: Path, kind: str) -> None:
    name, make, way_out = BAD_AUDIO[kind]
    make(tmp_path / name)
    before = everything(tmp_path)
    refusal("transcribe", tmp_path / name, "--model", tiny, names=(tmp_path / name,), way_out=way_out)
    assert everything(tmp_path) == before


@pytest.mark.parametrize(
    ("channels", "rate_hz", "subtype"),
    [(1, 96000, "PCM_24"), (8, 16000, "PCM_16"), (8, 96000, "FLOAT"), (2, 8000, "PCM_U8")],
)
def test_audio_that_is_only_unusual_is_heard(
    tiny: Path, tmp_path: Path, channels: int, rate_hz: int, subtype: str
) -> None:
    path = wav(tmp_path / "a.wav", np.tile(noise(1.0, rate_hz)[:, None], channels), rate_hz, subtype)
    result = run("transcribe", path, "--model", tiny)
    assert result.exit_code == 0
    warned = f"asr: warning: {path}: has 8000 samples a second" if rate_hz == 8000 else ""
    assert result.stderr.startswith(warned)
    assert result.stderr.count("\n") == bool(warned)
    assert result.stdout.count("\n") == 1


def test_one_process_goes_on_through_all_of_them(tiny: Path, good: Path, tmp_path: Path) -> None:
    """Every bad file between good ones: each good one is transcribed, each bad one named, in a real process."""
    files = []
    for kind, (name, make, _) in BAD_AUDIO.items():
        path = tmp_path / kind / name
        path.parent.mkdir()
        make(path)
        files += [path, Path(shutil.copy(good, path.parent / "good.wav"))]
    arguments = command("transcribe", *files, "--model", tiny)
    ended = subprocess.run(arguments, capture_output=True, text=True, timeout=300, check=False, env=surroundings())
    assert ended.returncode == 1
    assert [line.split("\t")[0] for line in ended.stdout.splitlines()] == list(map(str, files[1::2]))
    errors = ended.stderr.splitlines()
    assert len(errors) == len(BAD_AUDIO)
    for line, path in zip(errors, files[::2], strict=True):
        assert line.startswith(f"asr: error: {path}: ")
    assert "Traceback" not in ended.stderr


def test_an_empty_batch_is_an_empty_list(tiny: Path) -> None:
    """onnxruntime aborts the process on a batch of none, so this runs in one of its own."""
    script = f"import asr; print(asr.load({str(tiny)!r}).transcribe_batch([]))"
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, timeout=300, check=True, env=surroundings()
    )
    assert ended.stdout == b"[]\n"


def test_no_file_at_all_is_a_wrong_command_line() -> None:
    result = run("transcribe")
    assert result.exit_code == 2
    assert "FILES" in result.stderr


# ---- model files


def flipped(data: bytes) -> bytes:
    middle = len(data) * 3 // 4  # among the weights
    return data[:middle] + bytes([data[middle] ^ 0x10]) + data[middle + 1 :]


def replaced(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def replace(data: bytes) -> bytes:
        assert old in data
        return data.replace(old, new)

    return replace


BAD_MODELS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda data: b"", "export"),
    "no ONNX": (lambda data: b"%PDF-1.7\n" + bytes(range(256)) * 20, "asr export"),
    "not ours": (replaced(b"asr.", b"xyz."), "asr export"),
    "newer": (replaced(b"asr.format\x12\x011", b"asr.format\x12\x019"), "update"),
    "flipped": (flipped, "copy or export"),
    "cut short": (lambda data: data[: len(data) // 2], "copy or export"),
}


@pytest.mark.parametrize("kind", BAD_MODELS)
def test_a_model_file_that_is_none(tiny: Path, good: Path, tmp_path: Path, kind: str) -> None:
    damage, way_out = BAD_MODELS[kind]
    path = tmp_path / "bad.onnx"
    path.write_bytes(damage(tiny.read_bytes()))
    reference = tmp_path / "dev.jsonl"
    reference.write_text(json.dumps({"id": "a", "audio": good.name, "text": "yes", "duration_s": 0.8}) + "\n")
    before = everything(tmp_path)
    for arguments in (
        ("transcribe", good, "--model", path),
        ("info", path),
        ("verify", path),
        ("evaluate", path, reference, "--store", "dev", "--json", tmp_path / "score.json"),
    ):
        refusal(*arguments, names=(path,), way_out=way_out)
    assert everything(tmp_path) == before


@pytest.mark.parametrize("name", ["none.onnx", "."])
def test_a_model_that_is_no_file(good: Path, tmp_path: Path, name: str) -> None:
    for arguments in (("transcribe", good, "--model", tmp_path / name), ("info", tmp_path / name)):
        refusal(*arguments, names=(tmp_path / name,), way_out="check the path|name a file")


# ---- configs


BAD_CONFIGS = {
    "unknown key": ("learing_rate = 1e-3", ("train", "learing_rate"), "did you mean 'learning_rate'"),
    "unknown section": ("[trian]\nseed = 1", ("trian",), "did you mean 'train'"),
    "wrong type": ('seed = "one"', ("train", "seed", "one"), ""),
    "impossible": ("clip_norm = 0.0", ("train", "clip_norm"), ""),
    "impossible in a list": ("[augment]\nspeeds = [1.0, -1.1]", ("augment", "speeds", "-1.1"), ""),
    "impossible features": ("[features]\nrate_hz = 11025", ("features",), "change the rate"),
    "no TOML": ("seed 1", ("line",), "mend"),
}


@pytest.mark.parametrize("kind", BAD_CONFIGS)
def test_a_config_that_is_wrong(corpus: Corpus, kind: str) -> None:
    more, names, way_out = BAD_CONFIGS[kind]
    corpus.configure(more)
    refusal(*corpus.train(), names=(corpus.config, *names), way_out=way_out)
    assert not corpus.run.exists()


@needs_training
def test_a_lock_that_cannot_be_written(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: "/proc/nowhere")
    refusal(*corpus.train(), names=(Path("/proc/nowhere"),), way_out="let TMPDIR name a folder")


@pytest.mark.parametrize("name", ["none.toml", "."])
def test_a_config_that_is_no_file(tmp_path: Path, name: str) -> None:
    arguments = ("train", tmp_path / name, "--out", tmp_path / "run")
    refusal(*arguments, names=(tmp_path / name,), way_out="check the path|name a file")


def test_a_config_without_manifests(corpus: Corpus) -> None:
    corpus.config.write_text(TINY)
    refusal(*corpus.train(), names=(corpus.config,), way_out="--train MANIFEST")
    refusal(*corpus.train(), "--train", corpus.manifest("train"), names=(corpus.config,), way_out="--dev MANIFEST")


def test_an_option_that_is_impossible(corpus: Corpus) -> None:
    refusal(*corpus.train(), "--epochs", "0", names=("epochs",), way_out="")


@needs_training
@pytest.mark.parametrize(
    ("model", "names"),
    [
        ("hiden = 8", ("hiden", "did you mean 'hidden'")),
        ('hidden = "wide"', ("hidden", "wide")),
        ("hidden = 0", ("hidden",)),
        ("dropout = 1.5", ("dropout", "1.5")),
        ("dim = 3", ("dim",)),
        ('encoder = "blsmt"', ("blsmt", "did you mean 'blstm'")),
    ],
)
def test_an_encoder_with_impossible_settings(corpus: Corpus, model: str, names: tuple[str, ...]) -> None:
    corpus.configure(model=f"[model]\n{model}\n")
    result = run(*corpus.train())
    checked(result.exit_code, result.stdout, result.stderr, "model", *names)
    assert not corpus.run.exists()


# ---- manifests


def spoil_missing(lines: list[str]) -> None:
    lines[2] = lines[2].replace("2.wav", "lost.wav")


def spoil_duplicate(lines: list[str]) -> None:
    lines[4] = lines[4].replace('-4"', '-1"')


def spoil_json(lines: list[str]) -> None:
    lines[5] = lines[5].removesuffix("}")


def spoil_duration(lines: list[str]) -> None:
    lines[1] = lines[1].replace('"duration_s": ', '"duration_s": -')


BAD_MANIFESTS: dict[str, tuple[Callable[[list[str]], None], int, str, str]] = {
    "missing audio": (spoil_missing, 3, "lost.wav", "manifest's folder"),
    "duplicate id": (spoil_duplicate, 5, "-1", "its own"),
    "broken JSON": (spoil_json, 6, "JSON", "one JSON object a line"),
    "negative duration": (spoil_duration, 2, "duration_s", "mend"),
}


def spoiled(corpus: Corpus, split: str, kind: str) -> tuple[str, str, str]:
    """Spoil a manifest; return the line that must be named, something in it, and the way out."""
    spoil, number, name, way_out = BAD_MANIFESTS[kind]
    lines = corpus.manifest(split).read_text().splitlines()
    spoil(lines)
    corpus.manifest(split).write_text("\n".join(lines) + "\n")
    return f"{corpus.manifest(split)}:{number}: ", name, way_out


@pytest.mark.parametrize("kind", BAD_MANIFESTS)
def test_a_manifest_that_cannot_be_scored_on(tiny: Path, corpus: Corpus, kind: str) -> None:
    where, name, way_out = spoiled(corpus, "dev", kind)
    refusal("evaluate", tiny, corpus.manifest("dev"), names=(where, name), way_out=way_out)


@needs_training
@pytest.mark.parametrize("split", ["train", "dev"])
@pytest.mark.parametrize("kind", BAD_MANIFESTS)
def test_a_manifest_that_cannot_be_trained_on(corpus: Corpus, kind: str, split: str) -> None:
    where, name, way_out = spoiled(corpus, split, kind)
    refusal(*corpus.train(), names=(where, name), way_out=way_out)
    assert not corpus.run.exists()


def test_a_manifest_that_is_not_there(tiny: Path, tmp_path: Path) -> None:
    refusal("evaluate", tiny, tmp_path / "none.jsonl", names=(tmp_path / "none.jsonl",), way_out="check the path")


def test_a_manifest_without_a_line(tiny: Path, corpus: Corpus) -> None:
    corpus.manifest("dev").write_text("\n")
    refusal("evaluate", tiny, corpus.manifest("dev"), names=(corpus.manifest("dev"),), way_out="score a set")


@needs_training
@pytest.mark.parametrize("split", ["train", "dev"])
def test_an_empty_training_set(corpus: Corpus, split: str) -> None:
    corpus.lines[split].clear()
    corpus.write()
    refusal(*corpus.train(), names=(corpus.manifest(split),), way_out="prepare")
    assert not corpus.run.exists()


@needs_training
def test_a_text_outside_the_token_set(corpus: Corpus) -> None:
    corpus.lines["dev"][3]["text"] = "zwölf"
    corpus.write()
    refusal(*corpus.train(), names=(corpus.manifest("dev"), "dev-3", "'z'"), way_out="text.characters")
    assert not corpus.run.exists()


@needs_training
def test_a_text_too_long_for_its_audio(corpus: Corpus) -> None:
    corpus.lines["train"][3]["text"] = "yes no " * 20
    corpus.write()
    refusal(*corpus.train(), names=(corpus.manifest("train"), "train-3"), way_out="max_dropped")
    assert not corpus.run.exists()


# ---- texts to score, and other files


def test_texts_that_cannot_be_scored(tmp_path: Path) -> None:
    reference, hypothesis = tmp_path / "ref.txt", tmp_path / "hyp.txt"
    reference.write_text("a one\nb two\n")
    hypothesis.write_text("a one\nc two\n")
    arguments = ("score", reference, hypothesis, "--json", tmp_path / "score.json")
    refusal(*arguments, names=(reference, hypothesis, "(b)", "(c)"), way_out="both sides")
    hypothesis.write_text("a one\na one\n")
    refusal(*arguments, names=(f"{hypothesis}:2", "'a'"), way_out="keep one")
    hypothesis.write_bytes(b"a one\nb \xff\n")
    refusal(*arguments, names=(f"{hypothesis}:2",), way_out="UTF-8")
    refusal("score", reference, reference, "--rules", "english", names=("english",), way_out="")
    assert not (tmp_path / "score.json").exists()


def test_a_report_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "ref.txt").write_text("a one\n")
    result = run("score", tmp_path / "ref.txt", tmp_path / "ref.txt", "--json", tmp_path / "ref.txt" / "score.json")
    assert result.exit_code == 1
    assert re.fullmatch(r"asr: error: .*score\.json: cannot be written .*\n", result.stderr)


def test_a_corpus_that_is_not_there(tmp_path: Path) -> None:
    out = tmp_path / "out"
    for source in (tmp_path / "none", tmp_path):
        refusal("prepare", "an4", "--source", source, "--out", out, names=(source,), way_out=".")
    assert not out.exists()


@needs_training
def test_a_checkpoint_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "model.pt").write_bytes(b"PK\x03\x04 no checkpoint")
    out = tmp_path / "model.onnx"
    for source in (tmp_path / "none", tmp_path, tmp_path / "model.pt"):
        result = run("export", source, "--out", out)
        checked(result.exit_code, result.stdout, result.stderr, source)
    assert not out.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("train", "config.toml", "--out", "run", "--train", "t.jsonl", "--dev", "d.jsonl"),
        ("export", "run", "--out", "a.onnx"),
        ("verify", "a.onnx", "--checkpoint", "run"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_training_without_its_packages(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "config.toml").touch()
    script = (
        "import sys\nsys.modules['torch'] = None  # as good as not installed\n"
        f"from asr.cli import main\nmain({list(arguments)!r})"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False,
        env=surroundings(),
    )  # fmt: skip
    checked(ended.returncode, ended.stdout, ended.stderr, "torch", "pip install 'bilstm-asr[train]'")
    assert [path.name for path in tmp_path.iterdir()] == ["config.toml"]


# ---- training that is cut off


@needs_training
def test_the_folder_of_a_run_is_a_file(corpus: Corpus) -> None:
    corpus.run.write_text("keep me")
    refusal(*corpus.train(), names=(corpus.run,), way_out="choose another folder")
    assert corpus.run.read_text() == "keep me"


@needs_training
def test_another_process_trains_in_the_folder(corpus: Corpus) -> None:
    from asr.train.lock import alone_in

    with alone_in(corpus.run):
        refusal(*corpus.train(), names=(corpus.run,), way_out="name another folder")
    assert not corpus.run.exists()


@contextlib.contextmanager
def files_up_to(size_bytes: int) -> Iterator[None]:
    """Stand in for a full disk: no file grows further; Python ignores the signal and sees an error of writing."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@needs_training
def test_a_full_disk_while_a_checkpoint_is_written(corpus: Corpus) -> None:
    """The first state fits; the next, which has the optimiser's moments in it, does not."""
    with files_up_to(32 * 1024):
        result = run(*corpus.train())
    checked(result.exit_code, result.stdout, result.stderr, corpus.run / "last.pt", "free some space")
    # How many boards this process has written before, their names tell.
    paths = (path for path in corpus.run.rglob("*") if "tfevents" not in path.name)
    kept = {path.relative_to(corpus.run).as_posix() for path in paths}
    assert kept == {"best", "best/epoch-0001.pt", "last.pt", "tensorboard"}, "nothing half-written"
    result = run(*corpus.train())  # with space again, the same command goes on from what was whole
    assert result.exit_code == 0, result.stderr
    assert result.stdout == f"{corpus.run / 'model.pt'}\n"


@needs_training
def test_a_full_disk_from_the_start(corpus: Corpus) -> None:
    with files_up_to(1024):
        result = run(*corpus.train())
    checked(result.exit_code, result.stdout, result.stderr, corpus.run / "last.pt", "free some space")
    assert list(corpus.run.iterdir()) == []


@needs_training
def test_ctrl_c_saves_and_the_same_command_goes_on(corpus: Corpus) -> None:
    epochs = 30
    corpus.configure(epochs=epochs)
    running = subprocess.Popen(
        command(*corpus.train()), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=surroundings()
    )
    with running:
        assert running.stderr is not None
        assert running.stdout is not None
        lines = iter(running.stderr.readline, "")
        first = next(lines, "")
        assert first.startswith("epoch 1/"), first + "".join(lines)
        running.send_signal(signal.SIGINT)
        rest = "".join(lines)
        assert running.stdout.read() == ""
    assert running.returncode == 130, rest
    assert "Traceback" not in rest
    assert rest.endswith(f"asr: stopped; the state is in {corpus.run / 'last.pt'}, run the same command to resume\n")
    assert not (corpus.run / "model.pt").exists()
    assert [path for path in corpus.run.rglob("*") if path.suffix == ".part"] == []

    done = len((corpus.run / "epochs.csv").read_text().splitlines()) - 1
    assert 1 <= done < epochs
    result = run(*corpus.train())
    assert result.exit_code == 0, result.stderr
    assert re.findall(r"^epoch (\d+)/", result.stderr, flags=re.MULTILINE)[0] == str(done + 1)
    rows = (corpus.run / "epochs.csv").read_text().splitlines()[1:]
    assert [int(row.partition(",")[0]) for row in rows] == list(range(1, epochs + 1))


@needs_training
def test_a_run_is_not_resumed_with_other_settings(corpus: Corpus) -> None:
    assert run(*corpus.train()).exit_code == 0
    before = everything(corpus.run)
    refusal(*corpus.train(), "--seed", "9", names=(corpus.run, "train.seed = 1", "9"), way_out="choose another folder")
    assert everything(corpus.run) == before
