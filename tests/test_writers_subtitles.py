"""Subtitles: the rules of cues by hand, and every format read back by programs of others."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path

import numpy as np
import pytest

from asr.errors import ConfigError
from asr.types import Hypothesis, Word
from asr.writers import SUBTITLES, WRITERS, Rules, get_writer
from asr.writers.cues import cues

SILENT = Hypothesis("")


def said(*words: tuple[str, float, float], channel: int | None = None) -> Hypothesis:
    spoken = tuple(Word(text, start, end, 0.5, channel) for text, start, end in words)
    return Hypothesis(" ".join(word.text for word in spoken), spoken, 0.5)


def many(count: int, seed: int) -> Hypothesis:
    """Return words of all lengths with pauses between some of them, to the millisecond."""
    rng = np.random.default_rng(seed)
    words, at_ms = [], 0
    for number in range(count):
        start_ms = at_ms + (int(rng.integers(0, 1500)) if rng.random() < 0.2 else 0)
        at_ms = start_ms + int(rng.integers(1, 600))
        words.append((f"w<{number}&{'x' * int(rng.integers(0, 12))}", start_ms / 1000, at_ms / 1000))
    return said(*words)


SPOKEN = said(("Good", 1.0, 1.3), ("day.", 1.3, 1.9), ("a<b", 2.0, 2.2), ("&", 2.3, 2.4), ("so", 2.5, 2.9))


# ---- the rules


def test_a_cue_ends_at_pauses_sentences_and_lengths() -> None:
    words = said(("a", 0.0, 0.1), ("b.", 0.2, 0.3), ("c", 0.4, 0.5), ("d", 1.3, 1.4), ("e", 5.0, 8.0))
    groups = [[word.text for word in cue.words] for cue in cues(words.words, Rules())]
    assert groups == [["a", "b."], ["c"], ["d"], ["e"]]
    assert len(cues(words.words, Rules(pause_s=9.0, longest_s=9.0))) == 2, "the sentence alone parts"


def test_a_cue_stays_until_it_can_be_read() -> None:
    (cue,) = cues(said(("x" * 40, 1.0, 1.1)).words, Rules(reading_speed=10.0))
    assert (cue.start_s, cue.end_s) == (1.0, 5.0)
    (cue,) = cues(said(("x" * 40, 1.0, 1.1)).words, Rules(reading_speed=1.0, longest_s=3.0))
    assert cue.end_s == 4.0, "but no longer than the longest"
    (cue,) = cues(said(("x", 1.0, 1.1)).words, Rules(shortest_s=2.0))
    assert cue.end_s == 3.0


def test_a_gap_stays_before_the_next_cue() -> None:
    first, _ = cues(said(("yes.", 1.0, 2.0), ("no", 2.0, 3.0)).words, Rules(min_gap_s=0.2))
    assert first.end_s == pytest.approx(1.8)
    first, _ = cues(said(("yes.", 1.0, 1.1), ("no", 1.1, 3.0)).words, Rules(min_gap_s=0.2))
    assert first.end_s == pytest.approx(1.05), "half of the time where there is less than the gap"


def test_lines_are_balanced_and_no_longer_than_allowed() -> None:
    words = said(*((text, number, number + 0.9) for number, text in enumerate(["one", "two", "three", "four"])))
    (cue,) = cues(words.words, Rules(line_chars=14))
    assert cue.texts() == ["one two", "three four"], "not 'one two three' and 'four'"
    assert [cue.texts() for cue in cues(words.words, Rules(line_chars=8, lines=1))] == [
        ["one two"],
        ["three"],
        ["four"],
    ]


def test_a_speaker_has_cues_of_his_own() -> None:
    both = Hypothesis("", (*said(("yes", 0.0, 0.4), channel=1).words, *said(("no", 0.5, 0.9), channel=2).words))
    assert [cue.texts() for cue in cues(both.words, Rules())] == [["1: yes"], ["2: no"]]
    assert "<v channel 2>no" in get_writer("vtt").write("a", both, several=False)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "rules", [Rules(), Rules(line_chars=20, lines=1), Rules(lines=3, reading_speed=8.0, min_gap_s=0.5, longest_s=3.0)]
)
def test_cues_keep_the_rules(seed: int, rules: Rules) -> None:
    hypothesis = many(150, seed)
    found = cues(hypothesis.words, rules)
    assert [word for cue in found for word in cue.words] == list(hypothesis.words)
    assert all(1 <= len(cue.lines) <= rules.lines for cue in found)
    assert all(len(line) <= rules.line_chars for cue in found for line in cue.texts())
    assert all(0 < cue.end_s - cue.start_s <= rules.longest_s + 1e-9 for cue in found)
    for cue, after in itertools.pairwise(found):
        room_s = after.start_s - cue.start_s
        assert after.start_s - cue.end_s >= min(rules.min_gap_s, room_s / 2) - 1e-9
        readable_s = len(" ".join(cue.texts())) / rules.reading_speed
        if room_s - rules.min_gap_s > max(readable_s, rules.shortest_s) and readable_s < rules.longest_s:
            assert cue.end_s - cue.start_s >= readable_s - len(cue.lines) / rules.reading_speed - 1e-9


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ({"line_chars": 0}, "line_chars is 0"),
        ({"reading_speed": float("nan")}, "reading_speed is nan"),
        ({"min_gap_s": -1.0}, "min_gap_s is -1"),
        ({"min_gap_s": float("inf")}, "min_gap_s is inf"),
        ({"shortest_s": 7.0}, "more than longest_s"),
    ],
)
def test_rules_that_no_cue_can_keep_are_refused(rules: dict[str, float], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        Rules(**rules)  # type: ignore[arg-type]


def test_rules_reach_the_writers_that_have_them() -> None:
    for name in WRITERS:
        assert (getattr(get_writer(name, Rules(lines=1)), "rules", None) == Rules(lines=1)) == (name in SUBTITLES)


# ---- the formats


def test_vtt_by_hand() -> None:
    assert get_writer("vtt").write("a.wav", SPOKEN, several=False) == (
        "WEBVTT\n\n00:00:01.000 --> 00:00:01.900\nGood day.\n\n00:00:02.000 --> 00:00:02.900\na&lt;b &amp; so"
    )
    assert get_writer("vtt").write("a.wav", SILENT, several=False) == "WEBVTT"


def test_karaoke_has_a_time_for_each_word_that_rises() -> None:
    written = get_writer("karaoke").write("a.wav", SPOKEN, several=False)
    assert written.endswith("a&lt;b <00:00:02.300><c>&amp;</c> <00:00:02.500><c>so</c>")
    together = said(("a", 1.0, 1.0), ("b", 1.0, 1.0), ("c", 1.2, 1.2))
    assert get_writer("karaoke").write("a", together, several=False).endswith("\na b <00:00:01.200><c>c</c>")


@pytest.mark.parametrize("seed", range(3))
def test_times_within_karaoke_rise_and_stay_in_their_cue(seed: int) -> None:
    for block in get_writer("karaoke").write("a", many(150, seed), several=False).split("\n\n")[1:]:
        head, _, payload = block.partition("\n")
        start, end = head.split(" --> ")
        times = [start, *re.findall(r"<(\d\d:\d\d:\d\d\.\d{3})>", payload), end]
        assert times == sorted(set(times))


def test_tsv_has_the_times_of_speech_in_milliseconds() -> None:
    assert get_writer("tsv").write("a.wav", SPOKEN, several=False).splitlines() == [
        "start\tend\ttext",
        "1000\t1900\tGood day.",
        "2000\t2900\ta<b & so",
    ]


def test_jsonl_is_an_object_a_segment() -> None:
    lines = get_writer("jsonl").write("a.wav", SPOKEN, several=True).splitlines()
    segments = [json.loads(line) for line in lines]
    assert [(one["file"], one["start_s"], one["end_s"], one["text"]) for one in segments] == [
        ("a.wav", 1.0, 1.9, "Good day."),
        ("a.wav", 2.0, 2.9, "a<b & so"),
    ]
    assert [word["text"] for one in segments for word in one["words"]] == SPOKEN.text.split()
    silent = json.loads(get_writer("jsonl").write("b.wav", SILENT, several=True))
    assert silent == {"file": "b.wav", "start_s": 0.0, "end_s": 0.0, "text": "", "words": []}


def test_channels_are_columns_and_tiers() -> None:
    both = Hypothesis("", (*said(("yes", 0.0, 0.4), channel=1).words, *said(("no", 0.5, 0.9), channel=2).words))
    assert [line.split()[1] for line in get_writer("ctm").write("a", both, several=False).splitlines()] == ["1", "2"]
    grid = get_writer("textgrid").write("a", both, several=False)
    assert re.findall(r'name = "(.*)"', grid) == ["channel 1", "channel 2"]
    assert "size = 2\nitem []:" in grid
    assert [word["channel"] for word in json.loads(get_writer("json").write("a", both, several=False))["words"]] == [
        1,
        2,
    ]


# ---- read by others


def expected(hypothesis: Hypothesis) -> list[tuple[int, int, str]]:
    """Return start and end in milliseconds, and the text, of each cue."""
    return [
        (round(1000 * cue.start_s), round(1000 * cue.end_s), "\n".join(cue.texts()))
        for cue in cues(hypothesis.words, Rules())
    ]


@pytest.mark.parametrize("kind", ["srt", "vtt"])  # it takes the times within karaoke for those of cues
@pytest.mark.parametrize("seed", range(3))
def test_pysubs2_reads_the_same_cues(kind: str, seed: int) -> None:
    pysubs2 = pytest.importorskip("pysubs2", reason="a reader of subtitles to compare with")
    hypothesis = said(*((word.text.replace("<", ""), word.start_s, word.end_s) for word in many(200, seed).words))
    written = get_writer(kind).write("a.wav", hypothesis, several=False)
    events = pysubs2.SSAFile.from_string(written, format_=kind).events
    unescaped = [(one.start, one.end, one.plaintext.replace("&amp;", "&").replace("&lt;", "<")) for one in events]
    assert unescaped == expected(hypothesis)


@pytest.mark.parametrize("kind", ["vtt", "karaoke"])
def test_webvtt_py_reads_the_same_cues(kind: str, tmp_path: Path) -> None:
    webvtt = pytest.importorskip("webvtt", reason="a reader of WebVTT to compare with")
    for hypothesis in (SPOKEN, many(200, 7)):
        written = get_writer(kind).write("a.wav", hypothesis, several=False)
        (tmp_path / "a.vtt").write_text(written + "\n", encoding="utf-8")
        captions = [
            (one.start, one.end, one.text.replace("&lt;", "<").replace("&amp;", "&"))
            for one in webvtt.read(str(tmp_path / "a.vtt"))
        ]
        assert [(_ms(start), _ms(end), text) for start, end, text in captions] == expected(hypothesis)


def _ms(clock: str) -> int:
    hours, minutes, seconds, milliseconds = map(int, re.split(r"[:.]", clock))
    return 1000 * (60 * (60 * hours + minutes) + seconds) + milliseconds


def test_textgrid_of_channels_is_read_by_praatio(tmp_path: Path) -> None:
    textgrid = pytest.importorskip("praatio.textgrid", reason="a reader of TextGrids to compare with")
    both = Hypothesis("", (*said(("yes", 0.0, 0.4), channel=1).words, *said(("no", 0.5, 0.9), channel=2).words))
    (tmp_path / "a.TextGrid").write_text(WRITERS["textgrid"].write("a", both, several=False) + "\n", encoding="utf-8")
    grid = textgrid.openTextgrid(str(tmp_path / "a.TextGrid"), includeEmptyIntervals=False)
    assert [[entry.label for entry in grid.getTier(name).entries] for name in grid.tierNames] == [["yes"], ["no"]]
