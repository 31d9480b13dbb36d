"""Tuning the beam search: the settings that read a development set best are found, shown, and kept in the model."""

from __future__ import annotations

import json
import math
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from commands import done

from asr import bundle, lm, manifest
from asr.bundle import ModelInfo
from asr.errors import DataError
from asr.tokenizers import SPACE
from asr.tuning import Bench, Trial, tune
from asr.types import Utterance, Word

pytest.importorskip("numba", reason="needs the extra `beam`")

TOKENS = ("<blk>", SPACE, "a", "b")
BASED_ON_WORDS = """
\\data\\
ngram 1=5

\\1-grams:
-3.0\t<unk>
-99\t<s>
-0.7\t</s>
-2.0\ta
-0.1\tb

\\end\\
"""


class Unsure:
    """Hears `a` a little better than `b` in every utterance, and a third of a word after it."""

    info = ModelInfo("unsure", TOKENS, 16000, 0.04, text_rules="none/1")

    def log_probs(self, batch: list[np.ndarray]) -> list[np.ndarray]:
        rows = [(0.04, 0.01, 0.5, 0.45), (0.7, 0.1, 0.1, 0.1)]
        return [np.log(np.asarray(rows, np.float32)) for _ in batch]


@pytest.fixture
def arpa(tmp_path: Path) -> Path:
    path = tmp_path / "lm.arpa"
    path.write_text(BASED_ON_WORDS, encoding="utf-8")
    return path


def said(folder: Path, *texts: str) -> list[Utterance]:
    for number, _ in enumerate(texts):
        soundfile.write(folder / f"{number}.wav", np.zeros(1600), 16000)
    return [Utterance(f"u{number}", folder / f"{number}.wav", text, 0.1) for number, text in enumerate(texts)]


def test_the_weight_that_reads_the_set_best_is_found(tmp_path: Path, arpa: Path) -> None:
    bench = Bench(Unsure(), said(tmp_path, "b", "b", "b", "a"))  # type: ignore[arg-type]
    seen: list[Trial] = []
    tuned = tune(bench, {"lm": lm.load(arpa)}, seen=seen.append)
    deaf = next(trial for trial in seen if trial.settings["lm_weight"] == 0 and trial.settings["word_bonus"] == 0)
    assert deaf.wer == 0.75, "without the language model all are read as a"
    assert tuned.best.wer == 0.25
    assert tuned.best.settings["lm_weight"] > 0
    assert tuned.best.settings["beam"] == 8, "no wider than it has to be"
    assert tuned.best.wer == min(trial.wer for trial in tuned.trials)
    assert len(seen) == len(tuned.trials) == len({tuple(trial.settings.values()) for trial in seen}), "none twice"
    assert set(tuned.settings) == {"lm_weight", "word_bonus", "beam", "calibration"}
    json.dumps(tuned.settings)


def test_confidences_of_the_best_are_calibrated(tmp_path: Path, arpa: Path) -> None:
    """All words have the confidence 0.45 and three of four are right."""
    bench = Bench(Unsure(), said(tmp_path, *50 * ["b", "b", "b", "a"]))  # type: ignore[arg-type]
    tuned = tune(bench, {"lm": lm.load(arpa)}, weights=(2.0,), bonuses=(0.0,), beams=(4,))
    assert tuned.error_before == pytest.approx(0.3, abs=1e-6)
    assert tuned.error_after < 0.02
    assert tuned.calibration.of(0.45) == pytest.approx(0.75, abs=0.02)


def test_a_set_without_words_cannot_be_tuned_on(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no words in 1 utterances; tune on a set with reference texts"):
        Bench(Unsure(), said(tmp_path, " "))  # type: ignore[arg-type]


def test_the_command_keeps_what_it_found_in_the_model(sample: Path, tmp_path: Path) -> None:
    """The text of the sample is known, so that a language model of it cannot but help."""
    model = tmp_path / "model.onnx"
    shutil.copy(bundle.default_model(), model)
    text = "enter four five seven one"
    (tmp_path / "text.txt").write_text(f"{text}\none two\nfour\n", encoding="utf-8")
    done("lm", "train", tmp_path / "text.txt", "--out", tmp_path / "lm.arpa", "--fallback-discounts")
    manifest.write(tmp_path / "dev.jsonl", [Utterance("s", sample, text, soundfile.info(sample).duration)])
    trials, search = tmp_path / "trials.json", ["--lm", tmp_path / "lm.arpa"]
    shown = done("tune", model, tmp_path / "dev.jsonl", *search, "--json", trials)
    best = re.search(r"best: lm_weight (\S+), word_bonus (\S+), beam (\d+): WER 0\.00 %", shown)
    assert best, shown
    stored: dict[str, Any] = dict(bundle.read_info(model).decoder)
    assert stored["name"] == "greedy", "the model's own way stays as it was"
    kept = stored["beam"]
    assert [kept[name] for name in ("lm_weight", "word_bonus", "beam")] == pytest.approx(
        list(map(float, best.groups()))
    )
    assert all(math.isfinite(value) for value in kept["calibration"])
    assert json.loads(trials.read_text("utf-8"))["best"] == kept
    assert done("transcribe", sample, "--model", model, "--decoder", "beam", *search) == f"{text}\n"


def test_words_that_the_rules_changed_in_number_are_not_judged() -> None:
    from asr import scoring
    from asr.scoring.calibration import judged

    words = (Word("a", 0.0, 0.1, 0.5), Word("b", 0.1, 0.2, 0.9))
    report = scoring.score({"u": "a c", "v": "a"}, {"u": "a b", "v": "a"})
    assert judged([words, words], report) == ([0.5, 0.9], [True, False])
