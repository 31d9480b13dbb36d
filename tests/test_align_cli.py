"""`asr align` on the recording that ships: what it prints, writes, warns of and refuses."""

from __future__ import annotations

import json
import shutil
import sys
from functools import partial
from pathlib import Path

import commands
import numpy as np
import pytest
import soundfile

import asr
from asr import audio, manifest
from asr.decoders import DECODERS
from asr.types import Hypothesis, Utterance

pytest.importorskip("numba", reason="needs the extra `beam`")

run = partial(commands.run, "align")


def done(*arguments: object) -> str:
    result = run(*arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


@pytest.fixture(scope="session")
def read(sample: Path) -> Hypothesis:
    """What the model reads in the recording, to be sure of a text that fits."""
    model = asr.load(threads=1, decoder="greedy")
    (log_probs,) = model.log_probs([audio.read(sample, rate_hz=model.info.rate_hz).samples])
    decoder = DECODERS["greedy"](model.info.tokens, model.info.blank)
    return decoder.decode(log_probs, frame_shift_s=model.info.frame_shift_s)


@pytest.fixture(scope="session")
def said(read: Hypothesis) -> str:
    return read.text


@pytest.fixture
def text(tmp_path: Path, said: str) -> Path:
    path = tmp_path / "words.txt"
    path.write_text(said.upper().replace(" ", "\n") + "\n", encoding="utf-8-sig")
    return path


@pytest.fixture
def two(tmp_path: Path, sample: Path, said: str) -> Path:
    """A manifest of the recording, of a part of it with a slash in its id, and of one too short for its text."""
    short = tmp_path / "short.wav"
    soundfile.write(short, np.zeros(1600), 16000)
    recording = Path(shutil.copy(sample, tmp_path))
    utterances = [
        Utterance("whole", recording, said, 2.79),
        Utterance("a/b", recording, said.split()[0], 0.7),
        Utterance("short", short, said, 0.1),
    ]
    manifest.write(tmp_path / "two.jsonl", utterances)
    return tmp_path / "two.jsonl"


def test_words_of_a_file(sample: Path, text: Path, said: str, read: Hypothesis) -> None:
    lines = [line.split() for line in done(sample, text).splitlines()]
    assert [line[4] for line in lines] == said.upper().split()
    assert all(line[:2] == [str(sample), "1"] for line in lines)
    starts = [float(line[2]) for line in lines]
    assert starts == sorted(starts)
    # The model's spikes lie inside words, up to their end; the aligner goes back to where the word begins.
    assert starts == pytest.approx([word.start_s for word in read.words], abs=0.3)


def test_words_on_the_command_line(sample: Path, said: str) -> None:
    (line,) = done(sample, "--words", said, "--format", "json", "--threads", 1).splitlines()
    found = json.loads(line)
    assert found["file"] == str(sample)
    assert found["text"] == said
    assert found["score"] > -0.5
    assert not any(word["interpolated"] for word in found["words"])


def test_every_format_can_be_written(sample: Path, text: Path, said: str, tmp_path: Path) -> None:
    for kind in ("txt", "json", "ctm", "srt", "textgrid"):
        out = tmp_path / "new" / f"out.{kind}"
        assert done(sample, text, "--format", kind, "--out", out) == ""
        written = out.read_text(encoding="utf-8")
        assert all(word in written for word in said.upper().split())
        assert written.endswith("\n")
        assert written.rstrip("\n") == done(sample, text, "--format", kind).rstrip("\n")


def test_a_manifest(two: Path, said: str) -> None:
    result = run("--manifest", two)
    assert result.exit_code == 1
    lines = [line.split() for line in result.stdout.splitlines()]
    assert [line[0] for line in lines] == ["whole"] * len(said.split()) + ["a/b"]
    (complaint,) = result.stderr.splitlines()
    assert complaint.startswith("asr: error: short: ")
    assert "frames (0.10 s) are too few" in complaint


def test_a_manifest_into_a_folder(two: Path, tmp_path: Path) -> None:
    result = run("--manifest", two, "--format", "textgrid", "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a%2Fb.TextGrid", "whole.TextGrid"]
    assert "Object class" in (tmp_path / "out" / "whole.TextGrid").read_text(encoding="utf-8")


def test_a_text_of_something_else_is_reported(sample: Path) -> None:
    result = run(sample, "--words", "what a wonderful world of music")
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 6, "it is aligned all the same"
    (warning,) = result.stderr.splitlines()
    assert warning.startswith(f"asr: warning: {sample}: the text does not seem to be what is said (score -")


def test_interpolated_words_are_named(sample: Path, said: str) -> None:
    first, *others = said.split()
    result = run(sample, "--words", " ".join([first, "1985", "—", "1985", *others]))
    assert result.exit_code == 0
    assert [line.split()[4] for line in result.stdout.splitlines()] == [first, "1985", "—", "1985", *others]
    assert "3 of 8 words cannot be spelled" in result.stderr
    assert result.stderr.strip().endswith("'1985'; '—'")


def test_no_words(sample: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("")
    result = run(sample, tmp_path / "empty.txt")
    assert result.exit_code == 0
    assert result.stdout.startswith(";; ")
    assert "does not seem to be what is said" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "name a recording and its text"),
        (["a.wav"], "give the text of the recording once"),
        (["a.wav", "a.txt", "--words", "a"], "give the text of the recording once"),
        (["a.wav", "--manifest", "m.jsonl"], "leave out AUDIO, TEXT and --words"),
        (["--words", "a", "--manifest", "m.jsonl"], "leave out AUDIO, TEXT and --words"),
        (["--words", "a"], "name a recording and its text"),
        (["--manifest", "m.jsonl", "--format", "srt"], "name a folder with --out"),
        (["--manifest", "m.jsonl", "--format", "textgrid"], "name a folder with --out"),
        (["a.wav", "a.txt", "--format", "ass"], "unknown 'ass'"),
    ],
)
def test_command_lines_that_make_no_sense(arguments: list[str], reason: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert reason in result.stderr


def test_files_that_are_not_there_or_no_text(sample: Path, tmp_path: Path) -> None:
    (tmp_path / "latin.txt").write_bytes("one\ntwo käse\n".encode("latin-1"))
    for arguments, reason in (
        ([tmp_path / "no.wav", "--words", "a"], f"{tmp_path}/no.wav: no such audio file"),
        ([sample, tmp_path / "no.txt"], f"{tmp_path}/no.txt: no such text file"),
        ([sample, tmp_path], "is a folder, not a text file"),
        ([sample, tmp_path / "latin.txt"], f"{tmp_path}/latin.txt:2: is not UTF-8"),
        (["--manifest", tmp_path / "no.jsonl"], "no such manifest"),
        ([sample, "--words", "a", "--model", tmp_path / "no.onnx"], "no such model file"),
        ([sample, "--words", "yes", "--out", tmp_path], "is no regular file"),
    ):
        result = run(*arguments)
        assert result.exit_code == 1
        assert result.stdout == ""
        (line,) = [line for line in result.stderr.splitlines() if "error" in line]
        assert line.startswith("asr: error: ")
        assert reason in line


def test_without_numba(two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "asr.viterbi", raising=False)
    monkeypatch.setitem(sys.modules, "numba", None)
    result = run("--manifest", two)
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert "pip install 'bilstm-asr[beam]'" in line


def test_the_help_shows_an_example() -> None:
    assert "asr align talk.flac talk.txt" in done("--help")
