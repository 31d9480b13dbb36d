"""The bench of augmentation runs, and has a line for every kind."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from asr import manifest
from asr.augment import KINDS
from asr.types import Utterance

CHECKOUT = Path(__file__).resolve().parent.parent
TOOL = CHECKOUT / "tools" / "bench_augment.py"


@pytest.mark.slow
@pytest.mark.skipif(not TOOL.is_file(), reason="only in a checkout, where the tools are")
def test_every_kind_has_its_speed(tmp_path: Path, sounds: Callable[..., list[Utterance]]) -> None:
    for package in ("torch", "python_stretch", "pyroomacoustics"):
        pytest.importorskip(package, reason="needs the extras `train` and `augment`")
    manifest.write(tmp_path / "train.jsonl", sounds())
    config = CHECKOUT / "recipes" / "librispeech" / "config-augmented.toml"
    command = [sys.executable, str(TOOL), str(config), str(tmp_path / "train.jsonl"), "--seconds", "2"]
    page = subprocess.run(command, check=True, cwd=CHECKOUT, capture_output=True, text=True).stdout
    assert re.findall(r"^(\w+) +[\d.]+ s +\d+$", page, flags=re.MULTILINE) == list(KINDS)
    assert re.search(r"^samples \d+ audio s/s, masks \d+ audio s/s, both \d+ audio s/s$", page, flags=re.MULTILINE)
