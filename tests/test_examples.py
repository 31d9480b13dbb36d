"""The examples of embedding, run as a stranger would, against `asr transcribe`."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import peers
import pytest
import soundfile
from click.testing import CliRunner
from real_speech import RATE_HZ, an4

from asr import bundle
from asr.cli import main
from asr.recognizer import Recognizer

EXAMPLES = Path(__file__).resolve().parent.parent / "exported" / "examples"
LINES = 60

Run = Callable[..., list[str]]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, test_data: Path, sample: Path) -> list[Path]:
    """WAV files of 16 bits: the sample, with an odd chunk before the sound too, real speech, nothing, and 10 ms."""
    folder = tmp_path_factory.mktemp("wav")
    clips = an4(test_data, folder, every=22) | {"none": np.zeros(0), "short": np.full(160, 0.01)}
    for name, samples in clips.items():
        soundfile.write(folder / f"{name}.wav", samples, RATE_HZ, subtype="PCM_16")
    plain = sample.read_bytes()
    odd = folder / "odd.wav"
    odd.write_bytes(plain[:12] + b"junk\x03\x00\x00\x00abc\x00" + plain[12:])
    return [sample, odd, *(folder / f"{name}.wav" for name in clips)]


@pytest.fixture(scope="module")
def texts(files: list[Path]) -> list[str]:
    recognizer = Recognizer(threads=1)
    found = [recognizer.transcribe(soundfile.read(file, dtype="float32")[0]).text for file in files]
    assert found[0] == found[1] == "enter four five seven one"
    assert found[-2:] == ["", ""]
    return found


def finished(*command: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    words = [str(word) for word in command]
    return subprocess.run(words, cwd=cwd, capture_output=True, text=True, encoding="utf-8", timeout=120)


def run(*command: object, cwd: Path) -> list[str]:
    process = finished(*command, cwd=cwd)
    assert process.returncode == 0, process.stderr
    return process.stdout.splitlines()


def refused(*command: object, cwd: Path) -> str:
    process = finished(*command, cwd=cwd)
    assert process.returncode != 0
    assert process.stdout == ""
    return process.stderr


@pytest.fixture
def other_rate(tmp_path: Path) -> Path:
    soundfile.write(tmp_path / "8k.wav", np.zeros(800), 8000, subtype="PCM_16")
    return tmp_path / "8k.wav"


# ---- Python


def test_python_with_onnxruntime_and_numpy_alone(files: list[Path], texts: list[str], tmp_path: Path) -> None:
    script = Path(shutil.copy(EXAMPLES / "transcribe.py", tmp_path))
    assert run(sys.executable, "-X", "utf8", "-I", script, bundle.default_model(), *files, cwd=tmp_path) == texts
    nodes = ast.walk(ast.parse(script.read_bytes()))
    names = {alias.name for node in nodes if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names}
    assert names == {"json", "sys", "wave", "numpy", "onnxruntime"}


def test_python_names_what_it_cannot_read(other_rate: Path, tmp_path: Path) -> None:
    error = refused(sys.executable, EXAMPLES / "transcribe.py", bundle.default_model(), other_rate, cwd=tmp_path)
    assert f"{other_rate}: must have 16 bits at 16000 Hz" in error


# ---- Node


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder as `npm install onnxruntime-node` leaves it, with the example in it."""
    (tmp_path / "node_modules").symlink_to(peers.node_modules("onnxruntime-node"), target_is_directory=True)
    for name in ("recognizer.mjs", "transcribe.mjs"):
        shutil.copy(EXAMPLES / name, tmp_path)
    return tmp_path


def test_node(files: list[Path], texts: list[str], project: Path) -> None:
    assert run(peers.program("node"), "transcribe.mjs", bundle.default_model(), *files, cwd=project) == texts


def test_node_names_what_it_cannot_read(other_rate: Path, files: list[Path], project: Path) -> None:
    node = peers.program("node")
    error = refused(node, "transcribe.mjs", bundle.default_model(), other_rate, cwd=project)
    assert f"{other_rate}: must be mono with 16 bits at 16000 Hz" in error
    for other in (files[0], EXAMPLES / "transcribe.c"):
        assert "this is no model file of 'asr export'" in refused(node, "transcribe.mjs", other, files[0], cwd=project)


# ---- C


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example in C and beside it the folder that it loads."""
    package = pytest.importorskip("sherpa_onnx", reason="its wheel brings the C library and its header")
    pytest.importorskip("onnx", reason="needs the extra `onnx`")
    prefix, folder = Path(package.__file__).parent, tmp_path_factory.mktemp("c")
    libraries = [f"-I{prefix}/include", f"-L{prefix}/lib", "-lsherpa-onnx-c-api", f"-Wl,-rpath,{prefix}/lib"]
    strict = ["-std=c99", "-Wall", "-Wextra", "-Werror"]
    run(peers.program("cc", "gcc"), *strict, EXAMPLES / "transcribe.c", *libraries, "-o", "transcribe", cwd=folder)
    assert CliRunner().invoke(main, ["export", "--target", "sherpa", "--out", str(folder / "model")]).exit_code == 0
    return folder


def test_c_through_sherpa_onnx(files: list[Path], texts: list[str], compiled: Path) -> None:
    # Its reader of WAV files takes no chunk before the format.
    plain = {file: text for file, text in zip(files, texts, strict=True) if file.stem != "odd"}
    assert run("./transcribe", "model", *plain, cwd=compiled) == list(plain.values())


def test_c_names_what_it_cannot_read(compiled: Path, tmp_path: Path) -> None:
    gone = tmp_path / "gone.wav"
    assert f"{gone}: cannot be read" in refused("./transcribe", "model", gone, cwd=compiled)
    assert "usage:" in refused("./transcribe", cwd=compiled)


# ---- all of them


def test_the_examples_are_short() -> None:
    lines = {file.name: len(file.read_text(encoding="utf-8").splitlines()) for file in EXAMPLES.iterdir()}
    assert set(lines) == {"transcribe.py", "recognizer.mjs", "transcribe.mjs", "transcribe.c"}
    assert max(lines.values()) < LINES
