"""The benchmark of the decoders: what it measures is what our decoder does, and it takes the setting that it should."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from asr import lm
from asr.lm import estimate
from asr.tokenizers import SPACE

pytest.importorskip("numba", reason="needs the extra `beam`")

ROOT = Path(__file__).resolve().parent.parent
TOKENS = ("<blk>", SPACE, *"abcdefgh")
SPOKEN = ("abba cafe", "a bad egg", "dead beef", "hedge", "a face", "bee fed")


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    monkeypatch.syspath_prepend(str(ROOT / "tools" / "decoder_bench"))
    return pytest.importorskip("bench_decoders")


def heard(text: str, generator: np.random.Generator) -> np.ndarray:
    """Return log-probabilities that say a text, a token and a blank in turn, with some noise."""
    labels = [label for char in text for label in (TOKENS.index(SPACE if char == " " else char), 0)]
    logits = generator.normal(size=(len(labels), len(TOKENS)))
    logits[np.arange(len(labels)), labels] += 5
    return (logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))).astype(np.float32)


def test_the_fastest_of_the_good(bench: ModuleType) -> None:
    from settings import OURS, Setting, Trial, fastest

    slow, quick, wrong = (
        Trial(Setting(OURS, "open", beam), wer, seconds)
        for beam, wer, seconds in ((64, 0.10, 3.0), (32, 0.11, 2.0), (8, 0.20, 1.0))
    )
    assert fastest([slow, quick, wrong], 0.11) is quick
    assert fastest([slow, quick, wrong], 0.10) is slow
    assert fastest([quick, wrong], 0.05) is quick  # none is as good: the fewest errors


def test_weights_are_found_axis_by_axis(bench: ModuleType) -> None:
    from settings import OURS, PYCTCDECODE, START, Setting, Trial, best_weights

    def measure(setting: Setting) -> Trial:
        far = abs(setting.lm_weight - 0.5) + abs(setting.word_bonus - 2) + abs(setting.unknown_price - 10)
        return Trial(setting, far, 1.0)

    for start in START:
        best = best_weights(start, measure)
        assert (best.lm_weight, best.word_bonus) == (0.5, 2.0)
        assert best.unknown_price == (10.0 if start.vocabulary == "open" else start.unknown_price)
    assert {start.decoder for start in START} > {OURS, PYCTCDECODE}


@pytest.mark.slow
def test_our_decoder_alone(bench: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from material import Set
    from settings import OURS, PYCTCDECODE, Setting
    from with_asr import Ours

    text = tmp_path / "text.txt"
    text.write_text("".join(f"{line}\n" for line in SPOKEN * 3), encoding="utf-8")
    arpa = tmp_path / "lm.arpa"
    estimate.train([text], order=2, out=arpa, fallback_discounts=True)
    generator = np.random.default_rng(0)
    data = Set(
        TOKENS, 0, 0.04, "none/1", [str(at) for at in range(len(SPOKEN))], SPOKEN,
        [heard(line, generator) for line in SPOKEN],
    )  # fmt: skip
    options = argparse.Namespace(
        lm=arpa, build_binary=shutil.which("build_binary") or "no-build-binary", rounds=2, clock="cpu", tokens=5,
        threshold=20.0, lm_weight=0.5, word_bonus=0.5, unknown_price=3.0,
    )  # fmt: skip
    found = bench.bench(data, None, {OURS: Path(sys.executable)}, options)
    out = capsys.readouterr().out
    assert "beam 16: " in out
    assert PYCTCDECODE not in out  # what is not installed is not measured
    assert {each.setting.beam for each in found["alike"]} == {100, 16}
    assert all(min(each.cpu_s) > 0 and len(each.cpu_s) == 2 for each in found["alike"])
    assert json.loads(json.dumps(bench.as_json(found)))["alike"][0]["setting"]["decoder"] == OURS
    # The process has the texts that the decoder gives here.
    from serve import Material

    material = Material(list(TOKENS), 0, 1, 0.04, list(data.log_probs), str(arpa), [], [])
    setting = found["alike"][0].setting
    assert isinstance(setting, Setting)
    ours = Ours(material, lm.load(arpa), setting)
    assert found["alike"][0].wer == data.wer([ours.decode(ours.prepare(each)) for each in data.log_probs])
