"""Fixtures that every test may use, and which test files can run where training packages are absent."""

from __future__ import annotations

import ast
import importlib.util
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from asr.types import Utterance

TESTS = Path(__file__).resolve().parent
CHECKOUT = TESTS.parent
DATA = Path(os.environ.get("ASR_TEST_DATA", CHECKOUT.parent / "shared" / "data"))
IN_CI = os.environ.get("CI") == "true"

OPTIONAL = {"av", "kaldi_native_fbank", "librosa", "matplotlib", "onnx", "tensorboard", "torch", "torchaudio", "tqdm"}
# Trains through commands, which its imports do not tell.
_BY_COMMAND = {"test_recipes.py": {"torch", "onnx"}}


def _needs(file: Path) -> set[str]:
    """Return the optional packages that a test file imports at its top, by itself or through `asr`."""
    needed = set(_BY_COMMAND.get(file.name, ()))
    for node in ast.parse(file.read_bytes()).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        needed |= {name.partition(".")[0] for name in names}
        if any(name.startswith(("asr.model", "asr.train", "asr.export")) for name in names):
            needed |= {"torch", "onnx"}
    return needed & OPTIONAL


def _missing(file: Path) -> set[str]:
    return {name for name in _needs(file) if importlib.util.find_spec(name) is None}


# Without torch only the light half can be tested: what cannot even be imported is left out, and the header names it.
_LEFT_OUT = {file.name: missing for file in sorted(TESTS.glob("test_*.py")) if (missing := _missing(file))}
collect_ignore = list(_LEFT_OUT)


def pytest_report_header() -> list[str]:
    return [f"left out: {name} (needs {', '.join(sorted(missing))})" for name, missing in _LEFT_OUT.items()]


def pytest_configure() -> None:
    # A shell without job control starts what runs in the background with SIGINT ignored, and so would all it starts.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def absent(reason: str) -> None:
    """Skip a test for want of something; in CI (CI=true) nothing may be wanting, so there it fails."""
    if IN_CI:
        pytest.fail(f"{reason}; in CI it must be there")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of the corpora."""
    if not DATA.is_dir():
        absent(f"{DATA}: no corpora there; set ASR_TEST_DATA to their folder")
    return DATA


@pytest.fixture(scope="session")
def sample() -> Path:
    """The demonstration recording, beside the model that transcribes it."""
    path = CHECKOUT / "exported" / "sample.wav"
    if not path.is_file() or not list(path.parent.glob("*.onnx")):
        absent(f"{path.parent}: no model and sample there")
    return path


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Let torch compute on one thread and from one seed, so that sums come out the same on every machine."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def tone() -> Callable[..., npt.NDArray[np.float32]]:
    """Return a factory of a 440 Hz tone at half of full scale."""

    def make(duration_s: float = 1.0, rate_hz: int = 16000) -> npt.NDArray[np.float32]:
        time_s = np.arange(round(duration_s * rate_hz)) / rate_hz  # [T]
        return (0.5 * np.sin(2 * np.pi * 440 * time_s)).astype(np.float32)

    return make


@pytest.fixture
def speech() -> Callable[..., npt.NDArray[np.float32]]:
    """Return a factory of something like speech: a voice of 120 Hz in syllables with pauses, and a little noise."""

    def make(duration_s: float = 2.0, rate_hz: int = 16000, seed: int = 0) -> npt.NDArray[np.float32]:
        rng = np.random.default_rng(seed)
        time_s = np.arange(round(duration_s * rate_hz)) / rate_hz  # [T]
        turns = 120 * time_s + 0.8 * np.sin(2 * np.pi * 1.3 * time_s + seed)
        voice = 2.0 * (turns % 1.0) - 1.0  # a saw tooth, as vocal folds have it
        loudness = np.clip(np.sin(2 * np.pi * rng.uniform(2.5, 3.5) * time_s) + 0.4, 0.0, 1.0) ** 2
        return (0.2 * voice * loudness + 0.003 * rng.standard_normal(len(time_s))).astype(np.float32)

    return make


@pytest.fixture
def sounds(tmp_path: Path, speech: Callable[..., npt.NDArray[np.float32]]) -> Callable[..., list[Utterance]]:
    """Return a function that writes recordings of that speech to a folder, 0.5 to 1 s each, and lists them."""

    def write(folder: str = "sounds", count: int = 4, rate_hz: int = 16000) -> list[Utterance]:
        (tmp_path / folder).mkdir()
        utterances = []
        for number in range(count):
            samples = speech(0.5 + 0.5 * number / count, rate_hz, seed=number)
            soundfile.write(tmp_path / folder / f"{number}.wav", samples, rate_hz)
            utterances.append(Utterance(f"{number}", tmp_path / folder / f"{number}.wav", "", len(samples) / rate_hz))
        return utterances

    return write
