"""`asr text`: what it prints of files, manifests and standard input, and what it refuses."""

from __future__ import annotations

import gzip
from functools import partial
from pathlib import Path

import commands
import pytest

run = partial(commands.run, "text", "normalise")


def test_a_text_is_printed_line_by_line(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Grüße, „Welt“!\n\nStraße\n", encoding="utf-8")
    result = run("--rules", "de", tmp_path / "a.txt")
    assert (result.stdout, result.exit_code) == ("grüße welt\n\nstraße\n", 0)


def test_steps_are_explained_below_their_line(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "a.txt.gz", "wt", encoding="utf-8") as file:
        file.write("The “Café” is here.\nnothing\n...\n")
    assert run("--rules", "en", "--explain", tmp_path / "a.txt.gz").stdout.splitlines() == [
        "the cafe is here",
        "  accents: “Café” -> “Cafe”",
        "  case: The “Cafe” -> the “cafe”",
        "  punctuation: “cafe” is here. -> cafe is here",
        "nothing",
        "",
        "  punctuation: ... -> (nothing)",
    ]


def test_numbers_are_explained(tmp_path: Path) -> None:
    pytest.importorskip("num2words", reason="num2words spells numbers (extra 'text')")
    (tmp_path / "a.txt").write_text("Am 3. Mai um 12:30 Uhr\n", encoding="utf-8")
    lines = run("--rules", "de", "--explain", tmp_path / "a.txt").stdout.splitlines()
    assert lines[0] == "am dritten mai um zwölf uhr dreißig"
    assert lines[1:3] == ["  numbers: 3. -> dritten", "  numbers: 12:30 Uhr -> zwölf Uhr dreißig"]


def test_manifests_and_standard_input_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"id": "a", "text": "It is, A"}\n', encoding="utf-8")
    assert run("--rules", "basic", tmp_path / "a.jsonl").stdout == "it is a\n"
    assert run("--rules", "zh", "-", given="\ufeff你 好!\r\nABC大厦".encode()).stdout == "你好\nabc 大厦\n"
    assert run("--rules", "en/1", "-", given=b"at 3 pm").stdout == "at 3 pm\n"


def test_what_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    for arguments, given, reason in (
        (("--rules", "xx", "-"), b"a", "text rules 'xx': unknown"),
        (("--rules", "en", tmp_path / "none.txt"), None, "none.txt"),
        (("--rules", "en", "-"), b"fine\n\xff\n", "standard input:2: not UTF-8"),
    ):
        result = run(*arguments, given=given)
        assert result.exit_code == 1
        assert reason in result.stderr
        assert len(result.stderr.splitlines()) == 1
