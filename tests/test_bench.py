"""`asr bench`: what it measures adds up, in processes of its own. (How fast is no matter of a test.)"""

from __future__ import annotations

import json
import math
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from asr import benchmark, bundle
from asr.benchmark import Figures, Setting, bench
from asr.cli import main
from asr.errors import ConfigError, ModelError

ONNX = pytest.importorskip("onnx", reason="makes the other precisions")


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, ["bench", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.stdout, result.stderr


def test_a_table_and_json_of_every_combination(sample: Path, tmp_path: Path) -> None:
    model = bundle.default_model()
    options = ["--threads", 1, "--batch", 1, "--batch", 2, "--precision", "fp32", "--precision", "int8", "--rounds", 1]
    code, out, _ = run(model, sample, sample, *options, "--json", tmp_path / "bench.json")
    assert code == 0
    head, columns, *rows = out.splitlines()
    assert "model an4-en, clips 2, audio_s 5.6" in head
    assert columns.split()[:4] == ["precision", "provider", "threads", "batch"]
    asked = [["fp32", "cpu", "1", "1"], ["fp32", "cpu", "1", "2"], ["int8", "cpu", "1", "1"]]
    assert [row.split()[:4] for row in rows] == asked, "int8 runs one at a time"
    kept = json.loads((tmp_path / "bench.json").read_text())
    assert kept["processor"]
    assert [[row["precision"], row["batch"]] for row in kept["rows"]] == [["fp32", 1], ["fp32", 2], ["int8", 1]]
    for row in kept["rows"]:
        assert row["model"] == "an4-en"
        assert 0 < row["first_s"] < row["start_s"] + row["first_s"] < 120
        assert 1 < row["speed"] < 1e5
        assert row["peak_mb"] is None or 30 < row["peak_mb"] < 4000


def test_settings_take_turns_and_medians_count(monkeypatch: pytest.MonkeyPatch) -> None:
    order = []

    def pretend(setting: Setting, clips: object) -> Figures:
        order.append(setting.batch)
        speed = {1: [5.0, 100.0, 7.0], 2: [1.0, 2.0, 3.0]}[setting.batch][(len(order) - 1) // 2]
        return Figures(0.1, 0.2, speed, None)

    monkeypatch.setattr(benchmark, "_in_a_process", pretend)
    settings = [Setting(Path("m.onnx"), "fp32", 1, batch) for batch in (1, 2)]
    assert [one.speed for one in bench(settings, [], rounds=3)] == [7.0, 2.0]
    assert order == [1, 2, 1, 2, 1, 2]


def test_the_clips_are_the_same_every_time() -> None:
    clips, again = benchmark.synthetic(8000), benchmark.synthetic(8000)
    assert len(clips) == benchmark.CLIPS
    for one, other in zip(clips, again, strict=True):
        np.testing.assert_array_equal(one, other)
        assert 2.0 <= len(one) / 8000 <= 8.0
    assert math.isclose(sum(map(len, clips)) / 8000, 174.8, abs_tol=0.2)


@pytest.mark.parametrize(("option", "name"), [("--batch", "batch"), ("--rounds", "rounds"), ("--threads", "threads")])
def test_numbers_below_one(sample: Path, option: str, name: str) -> None:
    code, out, err = run(bundle.default_model(), sample, "--threads", 1, "--batch", 1, "--rounds", 1, option, 0)
    assert (code, out) == (1, "")
    assert err.startswith(f"asr: error: {name}: 0 is too few; give 1 or more")


def test_a_process_that_is_ended_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a batch that does not fit into memory looks like: the process dies without a word."""

    class Killed(ProcessPoolExecutor):
        def submit(self, *_: Any) -> Any:
            return super().submit(os._exit, 9)

    monkeypatch.setattr(benchmark, "ProcessPoolExecutor", Killed)
    with pytest.raises(ConfigError, match="the process with 512 recordings a batch was ended"):
        bench([Setting(bundle.default_model(), "fp32", 1, 512)], [], rounds=1)


def test_only_of_fp32_another_precision_is_made(sample: Path, tmp_path: Path) -> None:
    from asr.export.quantise import convert

    small = convert(bundle.default_model(), "int8-weights", tmp_path / "small.onnx")
    code, _, err = run(small, sample, "--precision", "int8")
    assert code == 1
    assert err.startswith(
        f"asr: error: {small}: is in int8-weights, of which no int8 can be made; name the file in fp32"
    )
    with pytest.raises(ModelError, match="is quantised already"):
        convert(small, "int8", tmp_path / "again.onnx")


def test_no_model(tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_bytes(b"nothing")
    code, _, err = run(tmp_path / "a.onnx")
    assert code == 1
    assert "is not an ONNX model" in err
