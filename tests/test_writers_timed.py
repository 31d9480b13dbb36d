"""CTM, SubRip and TextGrid: read back by programs of others, and by eyes of our own."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path

import numpy as np
import pytest

from asr.alignment.result import AlignedWord, Alignment
from asr.types import Hypothesis, Word
from asr.writers import get_writer

SILENT = Hypothesis("")
SPOKEN = Hypothesis(
    'well "grüß" 你 I',
    (
        Word("well", 0.0, 0.52, 0.912345),
        Word('"grüß"', 0.5200000001, 0.9, 1.0),
        Word("你", 1.0004, 1.04, 0.25),
        Word("I", 3661.5, 3661.9996, 0.0),
    ),
    confidence=0.5,
)
# Words without length: at the beginning, twice in the middle, at the end.
PUNCTUATED = Hypothesis(
    "— a -- ! b .",
    (
        Word("—", 0.0, 0.0, 0.0),
        Word("a", 0.1, 0.2, 0.9),
        Word("--", 0.2, 0.2, 0.0),
        Word("!", 0.2, 0.2004, 0.0),
        Word("b", 0.4, 0.5, 0.8),
        Word(".", 0.5, 0.5, 0.0),
    ),
)
ONLY_PUNCTUATION = Hypothesis("— !", (Word("—", 0.0, 0.0, 0.0), Word("!", 0.0, 0.0, 0.0)))
ALL = [SILENT, SPOKEN, PUNCTUATED, ONLY_PUNCTUATION]


def many(count: int, seed: int = 0) -> Hypothesis:
    """Return a hypothesis of words of all lengths with pauses between some of them."""
    rng = np.random.default_rng(seed)
    words, at = [], 0.0
    for number in range(count):
        start = at + (rng.uniform(0, 1.5) if rng.random() < 0.2 else 0.0)
        at = start + rng.uniform(0.01, 0.6)
        words.append(Word("w" * int(rng.integers(1, 15)) + (str(number) + "?" * (number % 9 == 0)), start, at, 0.5))
    return Hypothesis(" ".join(word.text for word in words), tuple(words), 0.5)


def written(kind: str, hypothesis: Hypothesis, *, name: str = "a.wav", several: bool = False) -> str:
    return get_writer(kind).write(name, hypothesis, several=several)


# ---- CTM


def test_ctm_has_a_line_a_word() -> None:
    assert written("ctm", SPOKEN).splitlines() == [
        "a.wav 1 0.000 0.520 well 0.9123",
        'a.wav 1 0.520 0.380 "grüß" 1.0000',
        "a.wav 1 1.000 0.040 你 0.2500",
        "a.wav 1 3661.500 0.500 I 0.0000",
    ]


@pytest.mark.parametrize("hypothesis", [*ALL[1:], many(50)])
def test_ctm_reads_back(hypothesis: Hypothesis) -> None:
    lines = [line.split(" ") for line in written("ctm", hypothesis, name="my talk\t.wav").split("\n")]
    assert {(len(line), *line[:2]) for line in lines} == {(6, "my_talk_.wav", "1")}
    assert [line[4] for line in lines] == [word.text for word in hypothesis.words]
    for (_, _, start, duration, _, confidence), word in zip(lines, hypothesis.words, strict=True):
        assert float(start) == pytest.approx(word.start_s, abs=5.1e-4)
        assert float(start) + float(duration) == pytest.approx(word.end_s, abs=5.1e-4)
        assert float(duration) >= 0
        assert float(confidence) == pytest.approx(word.confidence, abs=5.1e-5)


def test_ctm_of_silence_is_a_comment() -> None:
    assert written("ctm", SILENT, name="my talk.wav") == ";; my_talk.wav has no words"
    assert written("ctm", SPOKEN, name="").startswith("- 1 ")


# ---- SubRip


def test_srt_by_hand() -> None:
    assert written("srt", SPOKEN) == (
        '1\n00:00:00,000 --> 00:00:01,040\nwell "grüß" 你\n\n2\n01:01:01,500 --> 01:01:02,333\nI'
    )
    assert written("srt", SILENT) == written("srt", SILENT, several=True) == ""
    assert written("srt", PUNCTUATED) == (
        "1\n00:00:00,000 --> 00:00:00,317\n— a -- !\n\n2\n00:00:00,400 --> 00:00:01,233\nb ."
    )


def test_srt_of_han_characters_has_no_spaces_and_breaks_its_lines() -> None:
    characters = [*"今天我们讲的是怎样把声音变成文字、", "Python", *"也可以。"]
    words = tuple(Word(text, 0.1 * at, 0.1 * at + 0.1, 1.0) for at, text in enumerate(characters))
    lines = written("srt", Hypothesis("", words, 1.0)).splitlines()[2:]
    assert lines == ["今天我们讲的是怎样把声音", "变成文字、 Python 也可以。"], (
        "as long as each other, Han counted twice"
    )


@pytest.mark.parametrize("seed", range(5))
def test_srt_cues_are_readable(seed: int) -> None:
    hypothesis = many(200, seed)
    blocks = [block.split("\n") for block in written("srt", hypothesis).split("\n\n")]
    assert [block[0] for block in blocks] == [str(number) for number in range(1, len(blocks) + 1)]
    assert " ".join(line for block in blocks for line in block[2:]) == hypothesis.text
    assert all(1 <= len(block[2:]) <= 2 for block in blocks)
    assert all(len(line) <= 42 for block in blocks for line in block[2:])
    assert all(line.count("?") <= 1 for block in blocks for line in block[2:])
    seconds = [[_seconds(time) for time in block[1].split(" --> ")] for block in blocks]
    assert all(0 < end - start <= 6.001 for start, end in seconds)
    assert all(before[1] <= after[0] + 1e-9 for before, after in itertools.pairwise(seconds))
    assert len(blocks) < 120, "words are gathered"


def _seconds(clock: str) -> float:
    hours, minutes, seconds, milliseconds = map(int, re.fullmatch(r"(\d\d):(\d\d):(\d\d),(\d{3})", clock).groups())  # type: ignore[union-attr]
    return 3600 * hours + 60 * minutes + seconds + milliseconds / 1000


def test_srt_of_one_long_word() -> None:
    word = Word("x" * 200, 1.0, 99.0, 0.5)
    assert written("srt", Hypothesis(word.text, (word,))) == f"1\n00:00:01,000 --> 00:01:39,000\n{word.text}"


def test_srt_is_read_by_srt() -> None:
    srt = pytest.importorskip("srt", reason="a reader of SubRip to compare with")
    for hypothesis in (SPOKEN, many(300)):
        cues = list(srt.parse(written("srt", hypothesis)))
        assert " ".join(cue.content.replace("\n", " ") for cue in cues) == hypothesis.text
        assert cues[0].start.total_seconds() == pytest.approx(hypothesis.words[0].start_s, abs=6e-4)
        assert cues[-1].end.total_seconds() >= hypothesis.words[-1].end_s - 6e-4
    both = "\n".join(written("srt", one, several=True) for one in (SPOKEN, SILENT, many(30)))
    texts = [cue.content for cue in srt.parse(both)]
    assert " ".join(texts).split() == [*SPOKEN.text.split(), *many(30).text.split()]


# ---- TextGrid


def intervals(grid: str) -> list[tuple[float, float, str]]:
    """Return the intervals of a TextGrid in the long format, after checking its frame."""
    assert grid.startswith('File type = "ooTextFile"\nObject class = "TextGrid"\n\nxmin = 0\nxmax = ')
    found = re.findall(r'xmin = (\S+)\n +xmax = (\S+)\n +text = "((?:[^"]|"")*)"', grid)
    assert [int(number) for number in re.findall(r"intervals \[(\d+)\]:", grid)] == list(range(1, len(found) + 1))
    assert f"intervals: size = {len(found)}\n" in grid
    times = [(float(first), float(last)) for first, last, _ in found]
    assert times[0][0] == 0
    assert all(first < last for first, last in times)
    assert all(before[1] == after[0] for before, after in itertools.pairwise(times))
    assert set(re.findall(r"^ {0,8}xmax = (\S+)$", grid, flags=re.MULTILINE)) == {found[-1][1]}
    return [(first, last, text.replace('""', '"')) for (first, last), (*_, text) in zip(times, found, strict=True)]


def test_textgrid_by_hand() -> None:
    assert intervals(written("textgrid", SPOKEN)) == [
        (0.0, 0.52, "well"),
        (0.52, 0.9, '"grüß"'),
        (0.9, 1.0, ""),
        (1.0, 1.04, "你"),
        (1.04, 3661.5, ""),
        (3661.5, 3662.0, "I"),
    ]
    assert intervals(written("textgrid", SILENT)) == [(0.0, 0.001, "")]


def test_textgrid_keeps_words_without_length() -> None:
    found = intervals(written("textgrid", PUNCTUATED))
    assert [text for *_, text in found if text] == ["— a -- !", "b ."]
    assert intervals(written("textgrid", ONLY_PUNCTUATION)) == [(0.0, 0.001, "— !")]


def test_textgrid_lasts_as_long_as_the_recording() -> None:
    word = AlignedWord("a", 0.1, 0.2, 0.9)
    assert intervals(written("textgrid", Alignment("a", (word,), duration_s=1.5)))[-1] == (0.2, 1.5, "")
    assert intervals(written("textgrid", Alignment("", (), duration_s=2.0))) == [(0.0, 2.0, "")]
    assert intervals(written("textgrid", Alignment("a", (word,), duration_s=0.15)))[-1] == (0.1, 0.2, "a")


def test_textgrid_of_words_that_overlap() -> None:
    words = (Word("a", 0.0, 0.5, 1.0), Word("b", 0.4, 0.9, 1.0))
    assert intervals(written("textgrid", Hypothesis("a b", words))) == [(0.0, 0.5, "a"), (0.5, 0.9, "b")]


@pytest.mark.parametrize("hypothesis", [*ALL, many(200)])
def test_textgrid_is_read_by_praat(hypothesis: Hypothesis, tmp_path: Path) -> None:
    parselmouth = pytest.importorskip("parselmouth", reason="Praat, to compare with")
    (tmp_path / "a.TextGrid").write_text(written("textgrid", hypothesis) + "\n", encoding="utf-8")
    grid = parselmouth.read(str(tmp_path / "a.TextGrid"))
    call = parselmouth.praat.call
    assert call(grid, "Get number of tiers") == 1
    assert call(grid, "Get tier name", 1) == "words"
    expected = intervals(written("textgrid", hypothesis))
    assert call(grid, "Get number of intervals", 1) == len(expected)
    for number, (first, last, text) in enumerate(expected, start=1):
        assert call(grid, "Get label of interval", 1, number) == text
        assert call(grid, "Get start time of interval", 1, number) == pytest.approx(first, abs=1e-9)
        assert call(grid, "Get end time of interval", 1, number) == pytest.approx(last, abs=1e-9)


def test_textgrid_is_read_by_praatio(tmp_path: Path) -> None:
    textgrid = pytest.importorskip("praatio.textgrid", reason="a reader of TextGrids to compare with")
    (tmp_path / "a.TextGrid").write_text(written("textgrid", SPOKEN) + "\n", encoding="utf-8")
    tier = textgrid.openTextgrid(str(tmp_path / "a.TextGrid"), includeEmptyIntervals=False).getTier("words")
    assert [entry.label.replace('""', '"') for entry in tier.entries] == [word.text for word in SPOKEN.words]


# ---- JSON


def test_json_holds_the_flags_and_scores_of_an_alignment() -> None:

    words = (AlignedWord("a", 0.1, 0.2, 0.9, score=-0.12345), AlignedWord("1", 0.2, 0.4, 0.0, interpolated=True))
    alignment = Alignment("a 1", words, confidence=0.9, score=-1.23456, duration_s=1.5)
    assert json.loads(written("json", alignment)) == {
        "file": "a.wav",
        "text": "a 1",
        "confidence": 0.9,
        "score": -1.2346,
        "duration_s": 1.5,
        "words": [
            {"text": "a", "start_s": 0.1, "end_s": 0.2, "confidence": 0.9, "score": -0.1235, "interpolated": False},
            {"text": "1", "start_s": 0.2, "end_s": 0.4, "confidence": 0.0, "score": 0.0, "interpolated": True},
        ],
    }
