"""The files that texts are scored from: every format by hand, cut as sclite cuts, and what cannot be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from asr.errors import ConfigError, DataError
from asr.scoring import READERS, read_lines, read_pair, read_texts
from asr.types import Word

SAME = {
    "a.txt": "u1 one two\nu2\n",
    "a.jsonl": '{"id": "u1", "text": "one two"}\n{"id": "u2", "text": ""}\n',
    "a.csv": 'text,id\n"one two",u1\n,u2\n',
    "a.tsv": "id\ttext\nu1\tone two\nu2\t\n",
    "a.trn": ";; a comment\none two (u1)\n(u2)\n",
    "a.ctm": ";; a comment\nu1 1 0.5 0.2 two 0.9\nu1 1 0.1 0.2 one\n",
    "a.stm": "u1 1 s 0.0 1.0 <o,f> one two\nu2 1 s 0.0 1.0\n",
}


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "bom"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("name", SAME)
def test_every_format_gives_the_texts_by_id(tmp_path: Path, name: str, end: str, mark: str) -> None:
    assert {name.partition(".")[2] for name in SAME} == {"txt", *READERS} - {"text"}
    path = tmp_path / name
    path.write_bytes((mark + SAME[name].replace("\n", end)).encode())
    expected = {"u1": "one two"} if name == "a.ctm" else {"u1": "one two", "u2": ""}  # CTM cannot say that nothing was
    assert read_texts(path) == expected
    kind = path.suffix[1:].replace("txt", "text")
    assert read_texts(path.rename(tmp_path / "a.unknown"), kind) == expected


def test_a_table_keeps_its_other_columns(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('id,text,speaker,snr_db,room\nu1,"a, ""b""\nc",s,12.5,hall\n')
    (line,) = read_lines(tmp_path / "a.csv").values()
    assert (line.text, line.speaker, line.fields) == ('a, "b"\nc', "s", {"snr_db": 12.5, "room": "hall"})


def test_json_lines_keep_words_and_fields_and_find_their_audio(tmp_path: Path) -> None:
    word = {"text": "a", "start_s": 0, "end_s": 0.5, "confidence": 0.25}
    lines = [{"file": "x.wav", "text": "a", "words": [word]}, {"id": "y", "text": "", "words": 3, "audio": "y.wav"}]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, lines)))
    first, second = read_lines(tmp_path / "a.jsonl").items()
    assert first[0] == "x.wav"
    assert first[1].words == (Word("a", 0, 0.5, 0.25),)
    assert second[1].words == ()
    assert second[1].fields == {"words": 3, "audio": str(tmp_path / "y.wav")}


def test_trn_ids_begin_with_the_speaker(tmp_path: Path) -> None:
    (tmp_path / "a.trn").write_text("(a) b (s1-u_2)\nc (s2_u-2)\nd (alone)\n")
    lines = read_lines(tmp_path / "a.trn")
    assert {id: (line.speaker, line.text) for id, line in lines.items()} == {
        "s1-u_2": ("s1", "(a) b"),
        "s2_u-2": ("s2", "c"),
        "alone": ("", "d"),
    }


def test_ctm_channels_and_times(tmp_path: Path) -> None:
    (tmp_path / "a.ctm").write_text("r A 1.0 0.5 x 0.25\nr B 0 0.5 y\nq 1 0 0.5 z\n")
    lines = read_lines(tmp_path / "a.ctm")
    assert {id: line.text for id, line in lines.items()} == {"r-A": "x", "r-B": "y", "q": "z"}
    assert lines["r-A"].words == (Word("x", 1.0, 1.5, 0.25),)


def test_words_are_cut_at_segments_as_sclite_cuts_them(tmp_path: Path) -> None:
    """Seen with sclite 2.10: a word goes to the first segment that ends after its middle, the last ones to the last."""
    (tmp_path / "r.stm").write_text(
        "a 1 s1 0.00 2.00 one two three\na 1 s1 3.00 4.00 IGNORE_TIME_SEGMENT_IN_SCORING\n"
        "a 1 s2 5.00 7.00 <O,F> four five\nb 1 s1 0.00 1.00 six\n"
    )
    words = ["0.1 one", "0.5 two", "1.9 three", "2.1 gap", "3.1 ign", "5.1 four", "6.1 five", "8.1 late"]
    lines = [f"a 1 {start} 0.4 {text}" for start, text in map(str.split, words)]
    (tmp_path / "h.ctm").write_text("\n".join([*lines, "b 1 0.1 0.4 six", "c 1 0 1 nobody"]))
    references, hypotheses = read_pair(tmp_path / "r.stm", tmp_path / "h.ctm")
    assert {id: line.text for id, line in hypotheses.items()} == {
        "a-1-0.00-2.00": "one two",
        "a-1-5.00-7.00": "four five late",
        "b": "six",
    }
    assert [line.speaker for line in references.values()] == ["s1", "s2", "s1"]
    assert references["a-1-5.00-7.00"].fields["label"] == "O,F"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.csv", b"name,text\nu,x\n", r"a\.csv:1: has no column 'id' \(found: name, text\)"),
        ("a.csv", b"id,text\nu,x,y\n", r"a\.csv:2: does not have the 2 columns"),
        ("a.csv", b"id,text\nu\n", r"a\.csv:2: does not have the 2 columns"),
        ("a.csv", b"id,text\n,x\n", r"a\.csv:2: has no id"),
        ("a.csv", b'id,text\nu,"x\n', r"a\.csv:2: is no row"),
        ("a.csv", b"", r"a\.csv:1: has no column 'id' \(found: nothing\)"),
        ("a.tsv", b"id\ttext\nu\tx\nu\ty\n", r"a\.tsv:3: id 'u' is already on line 2"),
        ("a.trn", b"one two\n", r"a\.trn:1: ends in no \(id\)"),
        ("a.trn", b"one { um / uh } (u)\n", r"a\.trn:1: has alternatives"),
        ("a.ctm", b"u 1 0.1 x\n", r"a\.ctm:1: has 4 columns"),
        ("a.ctm", b"u 1 0.1 nan x\n", r"a\.ctm:1: 'nan' stands where a number"),
        ("a.ctm", b";; u has no words\n", "no line with an id"),
        ("a.stm", b"u 1 s 0.0\n", r"a\.stm:1: has 4 columns"),
        ("a.stm", b"u 1 s 0.0 -1 x\n", r"a\.stm:1: '-1' stands where"),
        ("a.txt", "u1 ä".encode("utf-16"), "is UTF-16"),
        ("a.txt", b"u1 a\nRIFF\0\0\n", r"a\.txt:2: holds a NUL"),
        ("a.wav", b"RIFF\xa4\xff\0\0WAVE", r"a\.wav:1: not UTF-8 text; name a text file"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=reason):
        read_lines(tmp_path / name)


def test_an_unknown_format_names_the_known_ones(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("u x\n")
    with pytest.raises(ConfigError, match="format 'smt': unknown; did you mean 'stm'"):
        read_lines(tmp_path / "a.txt", "smt")
