"""`asr manifest`: convert, filter and split as a user runs them."""

from __future__ import annotations

import json
import re
import shlex
from functools import partial
from pathlib import Path

import commands
import numpy as np
import pytest
import soundfile

from asr import manifest
from asr.cli.manifest import command
from asr.types import Utterance

run = partial(commands.run, "manifest")
done = partial(commands.done, "manifest")


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    """Four utterances of two speakers, one of them with a key of its own."""
    soundfile.write(tmp_path / "a.wav", np.zeros(32000), 16000)
    utterances = [
        Utterance(f"u{number}", tmp_path / "a.wav", text, 0.5, f"s{number // 2}", number / 2, {"n": 1} if text else {})
        for number, text in enumerate(["yes", "no", "yes no", ""])
    ]
    manifest.write(tmp_path / "all.jsonl", utterances)
    return tmp_path / "all.jsonl"


def ids(path: Path) -> list[str]:
    return [utterance.id for utterance in manifest.read(path)]


def test_the_help_lists_the_commands_in_the_order_of_the_work() -> None:
    text = done("--help").partition("Commands:")[2]
    assert re.findall(r"^  ([a-z]+)  ", text, flags=re.MULTILINE) == ["convert", "filter", "split"]
    assert "..." not in text, "a first sentence too long for a line"


@pytest.mark.parametrize("name", ["convert", "filter", "split"])
def test_each_help_has_an_example_that_parses(name: str) -> None:
    examples = re.findall(r"^    (asr .*)$", done(name, "-h") + done("-h"), flags=re.MULTILINE)
    chosen = [words for line in examples if (words := shlex.split(line))[:3] == ["asr", "manifest", name]]
    assert len(chosen) >= 2
    for words in chosen:
        command.commands[name].make_context(name, words[3:])


def test_a_set_goes_to_another_tool_and_back(lines: Path, tmp_path: Path) -> None:
    there = run("convert", lines, "--to", "kaldi", "--out", tmp_path / "kaldi")
    assert there.stdout.splitlines()[0] == str(tmp_path / "kaldi/wav.scp")
    assert there.stderr == ("4 utterances\nnot kept, since the format cannot hold it: the key 'n' (of 3 utterances)\n")
    back = run("convert", tmp_path / "kaldi", "--from", "kaldi", "--out", tmp_path / "back.jsonl")
    assert (back.stdout, back.stderr) == (f"{tmp_path / 'back.jsonl'}\n", "4 utterances\n")
    assert ids(tmp_path / "back.jsonl") == ids(lines)


def test_columns_root_and_size_are_passed_on(lines: Path, tmp_path: Path) -> None:
    (tmp_path / "set.tsv").write_text("path\tsentence\nwhole.wav\thello\nother.wav\tyou\n")
    (tmp_path / "clips").mkdir()
    for name in ("whole.wav", "other.wav"):
        (tmp_path / "clips" / name).write_bytes((tmp_path / "a.wav").read_bytes())
    options = ("--columns", "audio=path,text=sentence", "--root", tmp_path / "clips", "--size", 1)
    shards = done("convert", tmp_path / "set.tsv", "--from", "tsv", *options, "--out", tmp_path / "s.jsonl")
    assert shards.splitlines() == [str(tmp_path / f"s-0000{number}.jsonl") for number in range(2)]
    assert json.loads((tmp_path / "s-00001.jsonl").read_text())["text"] == "you"
    done("convert", tmp_path / "s-*.jsonl", "--out", tmp_path / "one.jsonl.gz")
    assert ids(tmp_path / "one.jsonl.gz") == ["whole", "other"]


def test_a_filter_keeps_or_leaves_out(lines: Path, tmp_path: Path) -> None:
    (tmp_path / "ids.txt").write_text("u1\n\nu3\nu9\n")
    out = tmp_path / "out.jsonl"
    for options, kept in (
        (["--match", "yes"], ["u0", "u2"]),
        (["--match", "yes", "--invert"], ["u1", "u3"]),
        (["--ids", tmp_path / "ids.txt"], ["u1", "u3"]),
        (["--ids", tmp_path / "ids.txt", "--match", "no"], ["u1"]),
        (["--min-s", "0.6"], []),
        (["--max-s", "0.5"], ["u0", "u1", "u2", "u3"]),
    ):
        result = run("filter", lines, *options, "--out", out)
        assert (result.stdout, result.stderr) == (f"{out}\n", f"{len(kept)} of 4 utterances\n")
        assert ids(out) == kept


def test_a_split_prints_what_it_wrote(lines: Path, tmp_path: Path) -> None:
    result = run("split", lines, "--shares", "dev=0.3,test=0.3", "--out", tmp_path / "data")
    assert result.stdout.splitlines() == [str(tmp_path / "data" / f"{name}.jsonl") for name in ("train", "dev", "test")]
    assert sum(int(line.split()[0]) for line in result.stderr.splitlines()) == 4


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["convert", "all.jsonl", "--to", "kladi", "--out", "x"], 2, "did you mean 'kaldi'"),
        (["convert", "all.jsonl", "--out", "x", "--size", "0"], 2, "--size"),
        (["convert", "all.jsonl", "--out", "x", "--columns", "text"], 2, "'text' where NAME=VALUE is needed"),
        (["split", "all.jsonl", "--out", "x", "--shares", "dev=much"], 2, "'dev=much' where NAME=VALUE is needed"),
        (["split", "all.jsonl", "--out", "x", "--shares", "dev=2"], 1, "shares: {'dev': 2.0} are no shares"),
        (["convert", "all.jsonl", "--out", "x", "--columns", "text=t"], 1, "jsonl: read has no option 'columns'"),
        (["convert", "none.jsonl", "--out", "x"], 1, "none.jsonl: no such manifest"),
        (["filter", "all.jsonl", "--out", "x", "--ids", "none.txt"], 1, "none.txt: no such list"),
        (["filter", "all.jsonl", "--out", "x", "--match", "("], 1, "'(' is no regular expression"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_written(
    arguments: list[str], code: int, says: str, lines: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(lines.parent)
    result = run(*arguments)
    assert result.exit_code == code
    assert says in result.stderr
    assert not (lines.parent / "x").exists()
