"""The benchmark of large manifests: what it makes can be trained on, and it prints what it promises."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import soundfile

from asr import manifest
from asr.types import Utterance

TOOLS = Path(__file__).resolve().parent.parent / "tools"


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    pytest.importorskip("resource", reason="the operating system says nothing of memory")
    monkeypatch.syspath_prepend(str(TOOLS))
    return pytest.importorskip("bench_manifest")


@pytest.fixture
def few(tmp_path: Path) -> Path:
    """Three utterances of 1 to 3 s."""
    for number in (1, 2, 3):
        soundfile.write(tmp_path / f"{number}.wav", np.zeros(16000 * number), 16000)
    utterances = [Utterance(f"u{n}", tmp_path / f"{n}.wav", "yes or no", float(n)) for n in (1, 2, 3)]
    manifest.write(tmp_path / "few.jsonl", utterances)
    return tmp_path / "few.jsonl"


def test_a_large_manifest_is_many_of_the_small_one(bench: ModuleType, few: Path, tmp_path: Path) -> None:
    (tmp_path / "large").mkdir()
    utterances = manifest.read(bench.enlarge(few, tmp_path / "large", 11))
    assert len({utterance.audio for utterance in utterances}) == 11
    assert [utterance.duration_s for utterance in utterances] == [1.0, 2.0, 3.0] * 3 + [1.0, 2.0]
    assert {" ".join(sorted(utterance.text.split())) for utterance in utterances} == {"no or yes"}


def test_the_way_to_the_first_batch_is_that_of_training(
    bench: ModuleType, few: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch", reason="needs the extra `train`")
    (tmp_path / "large").mkdir()
    bench.first_batch(bench.enlarge(few, tmp_path / "large", 200), None)
    printed = capsys.readouterr().out
    assert re.search(
        r"200 utterances read and checked after \d+\.\d s \(processor \d+\.\d s\), at most \d+ MB", printed
    )
    assert re.search(r"first batch of \d+ utterances", printed)


def test_padding_is_the_share_of_the_batches(
    bench: ModuleType, few: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch", reason="needs the extra `train`")
    (tmp_path / "config.toml").write_text("[augment]\nspeeds = [1.0]\n")
    bench.padding(few, tmp_path / "config.toml")
    # one batch of 1, 2 and 3 s: 3 of 9 s are padding
    assert capsys.readouterr().out.splitlines()[0] == (
        "epoch 1: 1 batches of up to 120 s, 33.3% padding; 33.3% after speed perturbation"
    )
