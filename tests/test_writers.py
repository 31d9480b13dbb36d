"""Writers: what every format promises, and what each one prints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from asr.errors import AsrError
from asr.scoring import read_texts
from asr.types import Hypothesis, Word
from asr.writers import WRITERS, get_writer

SPOKEN = Hypothesis(
    "grüß 你", (Word("grüß", 0.04, 0.5200000001, 0.912345), Word("你", 0.6, 0.64, 1.0)), confidence=0.9561725
)
SILENT = Hypothesis("")
NAMES = ["a.wav", "my talk/käse.flac", "tab\tand\nline.wav", "not-utf8-\udcff.wav", "lone-\ud800.wav", ""]


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("hypothesis", [SPOKEN, SILENT])
@pytest.mark.parametrize("writer", WRITERS)
def test_every_writer_gives_text_that_can_be_printed(
    writer: str, hypothesis: Hypothesis, name: str, several: bool
) -> None:
    written = WRITERS[writer].write(name, hypothesis, several=several)
    written.encode("utf-8")
    assert not written.endswith("\n")
    assert all(word.text in written for word in hypothesis.words)


def test_unknown_format_names_the_known_ones() -> None:
    with pytest.raises(AsrError, match="output format 'jsn': unknown; did you mean 'json'"):
        get_writer("jsn")


def test_txt_is_the_text_alone_or_after_the_name() -> None:
    write = get_writer("txt").write
    assert write("a.wav", SPOKEN, several=False) == "grüß 你"
    assert write("a.wav", SPOKEN, several=True) == "a.wav\tgrüß 你"
    assert write("a.wav", SILENT, several=False) == ""
    assert write("a.wav", SILENT, several=True) == "a.wav\t"
    assert write("a\tb\nc.wav", SILENT, several=True) == "a b c.wav\t"


def test_txt_of_several_files_can_be_scored(tmp_path: Path) -> None:
    lines = [get_writer("txt").write(name, text, several=True) for name, text in (("a.wav", SPOKEN), ("b.wav", SILENT))]
    (tmp_path / "hyp.txt").write_text("\n".join(lines), encoding="utf-8")
    assert read_texts(tmp_path / "hyp.txt") == {"a.wav": "grüß 你", "b.wav": ""}


def test_json_is_one_object_on_one_line() -> None:
    written = get_writer("json").write("tab\tand\nline.wav", SPOKEN, several=True)
    assert "\n" not in written
    assert "grüß" in written, "readable, not escaped"
    assert json.loads(written) == {
        "file": "tab\tand\nline.wav",
        "text": "grüß 你",
        "confidence": 0.9562,
        "words": [
            {"text": "grüß", "start_s": 0.04, "end_s": 0.52, "confidence": 0.9123},
            {"text": "你", "start_s": 0.6, "end_s": 0.64, "confidence": 1.0},
        ],
    }
    assert json.loads(get_writer("json").write("a", SILENT, several=False))["words"] == []
