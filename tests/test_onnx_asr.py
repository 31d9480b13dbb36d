"""What the package onnx-asr makes of an exported folder, against this package."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
import talkative
from click.testing import CliRunner, Result
from real_speech import RATE_HZ, an4

from asr import bundle
from asr.cli import main
from asr.recognizer import Recognizer
from asr.types import FloatArray

SOME = 16  # one utterance in so many by default; the slow test takes all


def export(*arguments: object) -> Result:
    words = ["export", *map(str, arguments), "--target", "onnx-asr"]
    result = CliRunner().invoke(main, words, prog_name="asr")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, sample: Path) -> Path:
    folder = tmp_path_factory.mktemp("onnx-asr")
    assert export(bundle.default_model(), "--out", folder).exit_code == 0
    return folder


@pytest.fixture(scope="module")
def theirs(folder: Path) -> Any:
    package = pytest.importorskip("onnx_asr", reason="another runtime to compare with")
    return package.load_model("kaldi-rnnt", folder)


def check_all(theirs: Any, waveforms: list[FloatArray]) -> None:
    ours = Recognizer(threads=1)
    expected = [ours.transcribe(samples).text for samples in waveforms]
    assert [theirs.recognize(samples, sample_rate=RATE_HZ) for samples in waveforms] == expected
    assert theirs.recognize(waveforms, sample_rate=RATE_HZ) == expected


def test_real_speech_has_the_same_texts(theirs: Any, test_data: Path, tmp_path: Path) -> None:
    waveforms = list(an4(test_data, tmp_path, every=SOME).values())
    check_all(theirs, waveforms)


@pytest.mark.slow
def test_every_utterance_of_an4(theirs: Any, test_data: Path, tmp_path: Path) -> None:
    waveforms = list(an4(test_data, tmp_path).values())
    for first in range(0, len(waveforms), 16):
        check_all(theirs, waveforms[first : first + 16])


def test_what_the_folder_holds(folder: Path) -> None:
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    graphs = {f"model/{name}.onnx" for name in ("decoder", "encoder", "joiner")}
    assert files == {"config.json", "model/tokens.txt"} | graphs


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="needs the extra `train`")
def test_other_rates_are_refused(tmp_path: Path) -> None:
    model = talkative.make(tmp_path / "small.onnx", rate_hz=8000, bands=40)
    result = export(model, "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert "has 40 bands at 8000 Hz, onnx-asr makes 80 at 16000 Hz" in result.stderr
    assert not (tmp_path / "out").exists()
