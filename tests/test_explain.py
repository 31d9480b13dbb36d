"""`asr explain`: what is taken of a recording, what the page holds, and what is refused; browsers are tested apart."""

from __future__ import annotations

import json
import re
import sys
from functools import partial
from pathlib import Path
from typing import Any

import commands
import numpy as np
import pytest
import soundfile
from html_pages import Page

import asr
from asr import audio
from asr.cli.explain import seconds
from asr.errors import AudioError, ConfigError
from asr.explain import LONGEST_S, Heard, excerpt_of, explain, html_page
from asr.explain.tracks import extremes, spectrum, tracks
from asr.recognizer import Recognizer
from asr.types import Channel, Waveform

run = partial(commands.run, "explain")
RATE_HZ = 16000
NAMES = "<b>&\"'\N{GRINNING FACE} </script>"


@pytest.fixture(scope="module")
def recognizer(sample: Path) -> Recognizer:
    return asr.load(threads=1)


@pytest.fixture(scope="module")
def heard(recognizer: Recognizer, sample: Path) -> Heard:
    """The sample with a reference of which a word is read wrong, one is lost and one inserted."""
    pytest.importorskip("numba", reason="readings need the extra `beam`")
    part = excerpt_of(str(sample), RATE_HZ, name=NAMES)
    return explain(recognizer, part, reference=f"ENTER FOUR SIX SEVEN ONE {NAMES}")


def write(path: Path, samples: Any, rate_hz: int = RATE_HZ) -> Path:
    soundfile.write(path, samples, rate_hz)
    return path


# ---- the part that is taken


def test_a_part_is_that_of_the_whole(tmp_path: Path, speech: Any) -> None:
    stereo = np.stack([speech(3.0, 44100), speech(3.0, 44100, seed=1)], axis=1)
    file = str(write(tmp_path / "x.wav", stereo, 44100))
    for part, channel in ((file, None), (Channel(file, 1), 1)):
        whole = audio.read(file, rate_hz=RATE_HZ, channel=channel).samples
        assert np.array_equal(excerpt_of(part, RATE_HZ, name="x").samples, whole)
        middle = excerpt_of(part, RATE_HZ, name="x", start_s=0.5, end_s=2.0)
        assert (middle.start_s, middle.duration_s) == (0.5, 1.5)
        assert np.abs(middle.samples - whole[RATE_HZ // 2 : 2 * RATE_HZ]).max() < 1e-6
    wave = excerpt_of(Waveform(whole, RATE_HZ), RATE_HZ, name="x", start_s=0.5, end_s=2.0)
    assert np.array_equal(wave.samples, whole[RATE_HZ // 2 : 2 * RATE_HZ])


@pytest.mark.parametrize("as_wave", [False, True])
@pytest.mark.parametrize(
    ("start_s", "end_s", "reason"),
    [
        (0.0, None, "is 121 s long, and a page holds up to 120; choose a part with --from and --to"),
        (5.0, 4.0, "the part from 5 to 4 s does not lie in the recording"),
        (5.0, 5.0, "the part from 5 to 5 s does not lie in the recording"),
        (0.0, 122.0, "which lasts 121.000 s; correct --from and --to"),
        (122.0, None, "does not lie in the recording"),
    ],
)
def test_parts_that_are_not_there_or_too_long(
    tmp_path: Path, start_s: float, end_s: float | None, reason: str, as_wave: bool
) -> None:
    samples = np.zeros(round((LONGEST_S + 1) * 8000), np.float32)
    part = Waveform(samples, 8000) if as_wave else str(write(tmp_path / "x.wav", samples, 8000))
    with pytest.raises(AudioError, match=re.escape(reason)) as error:
        excerpt_of(part, RATE_HZ, name="a talk", start_s=start_s, end_s=end_s)
    assert str(error.value).startswith("a talk: ")


@pytest.mark.parametrize(
    ("text", "expected"), [("90", 90.0), ("0.5", 0.5), ("1:30", 90.0), ("1:02:03.5", 3723.5), ("0:00", 0.0)]
)
def test_times(text: str, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", ":", "1:", "-1", "x", "1e3", "1:2:3:4", "nan", "1..2", "."])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ConfigError, match="give seconds, or such as 1:30"):
        seconds(text)


# ---- what is heard in it


def test_text_words_and_warnings_are_those_of_transcribe(
    recognizer: Recognizer, sample: Path, tmp_path: Path, speech: Any
) -> None:
    pytest.importorskip("numba", reason="readings need the extra `beam`")
    samples, _ = soundfile.read(sample, dtype="float32")
    write(tmp_path / "dead.wav", np.stack([samples, np.zeros_like(samples)], axis=1))
    write(tmp_path / "slow.wav", samples[::2], 8000)
    gap = np.zeros(RATE_HZ, np.float32)
    write(tmp_path / "long.wav", np.concatenate([samples, gap] * 13))  # 49 s: heard in windows
    for name in ("dead.wav", "slow.wav", "long.wav"):
        file = str(tmp_path / name)
        found = explain(recognizer, excerpt_of(file, RATE_HZ, name=name), nbest=2)
        whole = recognizer.transcribe(file)
        assert found.hypothesis == whole
        assert found.hypothesis.warnings == whole.warnings
        assert len(found.log_probs) == pytest.approx(found.excerpt.duration_s / 0.04, abs=1)
    assert found.readings[0].text.split().count("seven") == 13


def test_readings_are_those_of_the_beam(recognizer: Recognizer, sample: Path) -> None:
    pytest.importorskip("numba", reason="readings need the extra `beam`")
    part = excerpt_of(str(sample), RATE_HZ, name="x")
    own = asr.load(decoder="beam", nbest=3, threads=1)
    best = own.transcribe(sample)
    expected = [best.text, *(other.text for other in best.alternatives)]
    assert [reading.text for reading in explain(own, part, nbest=3).readings] == expected
    assert [reading.text for reading in explain(recognizer, part, nbest=3).readings] == expected


def test_errors_are_marked_and_the_reference_has_times(heard: Heard, recognizer: Recognizer) -> None:
    assert heard.score is not None
    assert heard.score.hypothesis == "enter four five seven one"
    assert heard.score.marks == "CCSCC" + "D" * 3  # the name has words too, which nobody says
    assert (heard.said, heard.doubt) == ((), "the model hears something else than the reference")
    right = explain(recognizer, heard.excerpt, reference="enter four six seven one")
    assert [word.text for word in right.said] == ["enter", "four", "six", "seven", "one"]
    for said, read in zip(right.said, right.hypothesis.words, strict=True):
        assert said.start_s <= read.end_s, "the model tells a word in it or just behind it"
        assert read.start_s <= said.end_s + 0.3


# ---- what is drawn


def test_extremes_hold_every_peak() -> None:
    rng = np.random.default_rng(0)
    samples = rng.normal(0, 0.1, 9 * RATE_HZ).astype(np.float32)
    found = extremes(samples, RATE_HZ).reshape(-1, 2)
    assert len(found) == 4096
    edges = [len(samples) * at // 4096 for at in range(4097)]
    loudest = np.abs(samples).max()
    for at in range(0, 4096, 97):
        stretch = samples[edges[at] : edges[at + 1]]
        assert found[at] == pytest.approx([127 * stretch.min() / loudest, 127 * stretch.max() / loudest], abs=0.51)
    assert extremes(np.zeros(1, np.float32), RATE_HZ).tolist() == [0, 0]


@pytest.mark.parametrize("hz", [500, 1000, 2000])
@pytest.mark.parametrize("rate_hz", [8000, 16000])
def test_a_tone_stands_at_its_tick(hz: int, rate_hz: int) -> None:
    librosa = pytest.importorskip("librosa", reason="spectrograms need the extra `report`")
    tone = np.sin(2 * np.pi * hz * np.arange(rate_hz) / rate_hz).astype(np.float32)
    columns = spectrum(tone, rate_hz)
    assert columns.shape == (101, 80)
    share = librosa.hz_to_mel(hz) / librosa.hz_to_mel(rate_hz / 2)
    assert columns[50].argmax() == pytest.approx(81 * share - 1, abs=0.6)
    assert columns.max() == 255
    assert not spectrum(np.zeros(RATE_HZ, np.float32), RATE_HZ).any(), "silence is not blown up"


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("size", [1, 160, 1023])
def test_clips_of_next_to_nothing_have_a_spectrum(size: int) -> None:
    pytest.importorskip("librosa", reason="spectrograms need the extra `report`")
    assert spectrum(np.full(size, 0.01, np.float32), RATE_HZ).shape == (1 + size // 160, 80)


def test_likely_tokens_are_those_of_the_model(heard: Heard) -> None:
    pytest.importorskip("librosa", reason="spectrograms need the extra `report`")
    drawn = tracks(heard)
    probabilities = np.exp(heard.log_probs)
    assert len(drawn["likely"]) == drawn["frames"] == len(probabilities)
    for pairs, row in zip(drawn["likely"], probabilities, strict=True):
        ids, thousandths = pairs[::2], pairs[1::2]
        assert ids[0] == row.argmax()
        assert thousandths == sorted(thousandths, reverse=True)
        assert thousandths == pytest.approx(1000 * row[ids], abs=0.51)
        assert row.sum() - row[ids].sum() <= 0.01 * len(row)
    assert [word["mark"] for word in drawn["words"]] == list("CCSCC")


# ---- the page


def test_the_page_is_whole_and_nothing_in_it_is_taken_for_html(heard: Heard) -> None:
    pytest.importorskip("librosa", reason="spectrograms need the extra `report`")
    text = html_page(heard, {"command": NAMES})
    addresses = Page(text).addresses
    assert [address[:23] for address in addresses] == ["data:audio/flac;base64,"]
    assert "://" not in re.sub(r'"data:[^"]*"', "", text)
    assert text.count("</script>") == 3
    data = json.loads(re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)[0])
    assert [word["text"] for word in data["words"]] == heard.hypothesis.text.split()


# ---- the command


def test_the_command_writes_a_page_and_replaces_none(sample: Path, tmp_path: Path) -> None:
    pytest.importorskip("numba", reason="readings need the extra `beam`")
    pytest.importorskip("librosa", reason="spectrograms need the extra `report`")
    (tmp_path / "said.txt").write_text("\N{BYTE ORDER MARK}enter four five seven one\n", encoding="utf-8")
    result = run(sample, "--out", tmp_path, "--reference", tmp_path / "said.txt", "--from", "0.5", "--to", "0:02.5")
    assert (result.exit_code, result.stdout) == (0, f"{tmp_path / 'sample.html'}\n"), result.stderr
    text = (tmp_path / "sample.html").read_text(encoding="utf-8")
    assert "2.00 s from 0.5 s on" in text
    assert "against 5 words said" in text
    again = run(sample, "--out", tmp_path / "sample.html")
    assert (again.exit_code, again.stdout) == (1, "")
    assert "sample.html: is there already; --force replaces it, --out names another file" in again.stderr
    assert (tmp_path / "sample.html").read_text(encoding="utf-8") == text
    beam = run(sample, "--out", tmp_path, "--force", "--decoder", "beam", "--nbest", 2, "--words", "enter four")
    assert beam.exit_code == 0, beam.stderr
    text = (tmp_path / "sample.html").read_text(encoding="utf-8")
    assert text.count('class="reading"') == 2
    assert sorted(file.name for file in tmp_path.iterdir()) == ["said.txt", "sample.html"]


def test_standard_input_is_a_recording_too(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numba", reason="readings need the extra `beam`")
    pytest.importorskip("librosa", reason="spectrograms need the extra `report`")
    monkeypatch.chdir(tmp_path)
    samples, _ = soundfile.read(sample, dtype="int16")
    for given, form in ((sample.read_bytes(), []), (samples.tobytes(), ["--raw", "16000", "--force"])):
        result = run("-", *form, given=given)
        assert (result.exit_code, result.stdout) == (0, "stdin.html\n"), result.stderr
        text = (tmp_path / "stdin.html").read_text(encoding="utf-8")
        assert "<h1>stdin</h1>" in text
        assert asr.load().transcribe(sample).text in text


@pytest.mark.usefixtures("sample")
@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["--reference", "said.txt", "--words", "x"], 2, "give what is said once"),
        (["--channel", "split"], 2, "a page shows one channel: name it, such as --channel left"),
        (["--channel", "2"], 1, "has one channel alone and no channel 2"),
        (["--words", " "], 1, "--words: holds no words"),
        (["--words", "!?"], 1, "no words in 1 references"),
        (["--reference", "none.txt"], 1, "none.txt: no such text file"),
        (["--from", "x"], 2, "time: 'x' is none; give seconds"),
        (["--from", "9"], 1, "the part from 9 to 1 s does not lie in the recording"),
        (["--out", "a.wav"], 2, "a.wav is the recording itself"),
        (["--out", "said.txt"], 1, "said.txt: is there already"),
        (["--nbest", "0"], 2, "0 is not in the range"),
        (["--lm", "none.lm"], 1, "ask for the decoder 'beam'"),
    ],
)
def test_what_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, speech: Any, arguments: list[str], code: int, reason: str
) -> None:
    if "!?" in arguments:
        pytest.importorskip("numba", reason="readings need the extra `beam`")
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a.wav", speech(1.0))
    (tmp_path / "said.txt").write_text("one")
    result = run("a.wav", *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert reason in result.stderr
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.wav", "said.txt"]


@pytest.mark.usefixtures("sample")
def test_recordings_that_are_none_or_several(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, speech: Any) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.wav").write_text("no audio")
    for name, reason in (("text.wav", "text.wav: "), ("none.wav", "none.wav: no such audio file")):
        result = run(name)
        assert (result.exit_code, result.stdout) == (1, "")
        assert reason in result.stderr
    write(tmp_path / "a.wav", speech(0.5))
    assert ".: holds 2 recordings, and a page shows one; name one of them" in run(".").stderr
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.wav", "text.wav"]


def test_without_the_package_the_extra_is_named(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numba", reason="readings need the extra `beam`")
    monkeypatch.setitem(sys.modules, "librosa", None)
    result = run(sample, "--out", tmp_path / "x.html")
    assert (result.exit_code, "bilstm-asr[report]" in result.stderr) == (1, True)
    assert list(tmp_path.iterdir()) == []
