"""The recipe that shows what each part of the decoder buys: its steps, what each language model knows, its table."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner

from asr import lm, manifest
from asr.cli import main as command_line
from asr.types import Utterance

CHECKOUT = Path(__file__).resolve().parent.parent
MODEL = CHECKOUT / "exported" / "an4-en.onnx"
SAID = {"train": ("one two", "two three", "one three two"), "dev": ("four one",), "test": ("three four",)}
WER = {"greedy": 0.2, "beam": 0.2, "beam-3-gram": 0.1, "beam-a-list-of-words": 0.15}

pytestmark = pytest.mark.skipif(not (CHECKOUT / "recipes").is_dir(), reason="only in a checkout, where the recipes are")


@pytest.fixture
def recipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(CHECKOUT / "recipes"))
    import decoding

    yield decoding
    for name in ("common", "decoding", "results"):
        sys.modules.pop(name, None)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "a.wav").touch()
    for split, texts in SAID.items():
        said = [Utterance(str(n), tmp_path / "a.wav", text, 1.0) for n, text in enumerate(texts)]
        manifest.write(tmp_path / "data" / f"{split}.jsonl", said)
    return tmp_path / "data"


@pytest.fixture
def run(
    recipe: ModuleType, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., list[list[str]]]:
    """Return a function that runs the recipe, with language models that are real, and returns the commands."""
    commands: list[list[str]] = []

    def step(result: Path, *arguments: object) -> None:
        if result.exists():
            return
        words = [str(argument) for argument in arguments]
        commands.append(words)
        if words[0] == "lm":
            done = CliRunner().invoke(command_line, words)
            assert done.exit_code == 0, done.output
        elif words[0] == "tune":
            result.write_text(json.dumps({"best": {"lm_weight": 0.5, "word_bonus": 1, "beam": 8}}))
        else:
            wer = WER.get(result.stem.partition("-")[2], 0.05)
            result.write_text(json.dumps({"wer": wer, "cer": wer / 2, "words": 100}))

    def run(*text: Path) -> list[list[str]]:
        commands.clear()
        recipe.run(MODEL, data, tmp_path / "out", text, 3)
        return list(commands)

    monkeypatch.setattr(recipe, "step", step)
    return run


def test_what_tunes_has_not_seen_dev(run: Callable[..., Any], tmp_path: Path) -> None:
    commands = run()
    out = tmp_path / "out"
    assert "four" not in list(lm.load(out / "tune.bin").words)
    assert "four" in list(lm.load(out / "final.bin").words)
    (tuned,) = (command for command in commands if command[0] == "tune")
    assert tuned[tuned.index("--lm") + 1] == str(out / "tune.bin")
    scored = [command for command in commands if command[0] == "evaluate"]
    for command in scored:
        assert Path(command[1]) == out / MODEL.name  # a copy: the settings are stored in it
        own = {"dev": "tune.bin", "test": "final.bin"}[Path(command[2]).stem]
        assert [Path(word).name for word in command if word.endswith(".bin")] in ([], [own])
    assert len(scored) == 10
    assert (out / "tune.words").read_text().split() == [
        word for word in lm.load(out / "tune.bin").words if word[0] != "<"
    ]


def test_the_table_counts_against_greedy(run: Callable[..., Any], tmp_path: Path) -> None:
    run()
    page = (tmp_path / "out" / "DECODING.md").read_text(encoding="utf-8")
    assert "| greedy | 20.00 | 20.00 | 10.00 |  |" in page
    assert "| beam, 3-gram | 10.00 | 10.00 | 5.00 | 50.0% |" in page
    assert "| beam, a list of words | 15.00 | 15.00 | 7.50 | 25.0% |" in page
    assert "lm_weight 0.5, word_bonus 1, beam 8" in page
    assert run() == []  # all is done


def test_a_transcript_is_read_without_its_names(run: Callable[..., Any], tmp_path: Path) -> None:
    transcript = tmp_path / "other.trans.txt"
    transcript.write_text("1-1-0 FIVE SIX\n1-1-1 SIX SEVEN FIVE\n")
    commands = run(transcript)
    assert [command[1] for command in commands if command[0] == "lm"] == ["train", "build"]
    words = list(lm.load(tmp_path / "out" / "tune.bin").words)
    assert {"five", "six", "seven"} <= set(words)
    assert not any("1-1" in word for word in words)
    assert not (tmp_path / "out" / "final.arpa").exists()


def test_other_material_is_not_mixed_in(run: Callable[..., Any], tmp_path: Path) -> None:
    run()
    (tmp_path / "text.txt").write_text("one\n")
    with pytest.raises(SystemExit, match="choose another --out"):
        run(tmp_path / "text.txt")
