"""`asr transcribe` with folders, several formats and files to write: what it leaves behind, and what it says."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import click
import commands
import numpy as np
import pytest
import soundfile
from commands import content, surroundings

import asr
from asr import audio
from asr.cli.line import Line, ending
from asr.cli.tally import Tally, duration
from asr.longform import LONGEST_S

run = partial(commands.run, "transcribe")
command = partial(commands.line, "transcribe")
FORMATS = {"txt": "txt", "json": "json", "jsonl": "jsonl", "ctm": "ctm", "textgrid": "TextGrid"} | {
    "srt": "srt",
    "vtt": "vtt",
    "karaoke": "karaoke.vtt",
    "tsv": "tsv",
}


@pytest.fixture
def folder(sample: Path, tmp_path: Path) -> Path:
    """Two recordings, one below a folder of its own."""
    (tmp_path / "in" / "deep").mkdir(parents=True)
    samples, rate_hz = soundfile.read(sample)
    soundfile.write(tmp_path / "in" / "a b.wav", samples, rate_hz)
    soundfile.write(tmp_path / "in" / "deep" / "-c.flac", samples[: rate_hz // 2], rate_hz)
    return tmp_path / "in"


def test_a_folder_gives_a_file_for_each_recording_and_format(folder: Path, tmp_path: Path, sample: Path) -> None:
    result = run(folder, "--out", tmp_path / "out", "--format", ",".join(FORMATS))
    assert (result.exit_code, result.stdout) == (0, ""), result.stderr
    written = content(tmp_path / "out")
    assert set(written) == {f"{stem}.{suffix}" for stem in ("a b", "deep/-c") for suffix in FORMATS.values()}
    text = asr.load().transcribe(sample).text
    assert written["a b.txt"].decode() == f"{text}\n"
    assert json.loads(written["a b.json"])["text"] == text
    assert re.search(r"^done +2\nfailed +0\nskipped +0\naudio +\d:\d\d\ntime ", result.stderr, flags=re.MULTILINE)
    again = run(folder, "--out", tmp_path / "out")
    assert (again.exit_code, again.stdout) == (1, "")
    assert "is there already; --force replaces" in again.stderr
    assert content(tmp_path / "out") == written


def test_resuming_does_what_is_left_and_force_does_all(folder: Path, tmp_path: Path) -> None:
    run(folder, "--beside", "--format", "txt")
    whole = content(folder)
    (folder / "deep" / "-c.txt").unlink()
    (folder / "a b.txt").write_text("mine\n")
    result = run(folder, "--beside", "--resume")
    assert result.exit_code == 0
    assert "done           1\nfailed         0\nskipped        1\n" in result.stderr
    assert content(folder) == whole | {"a b.txt": b"mine\n"}
    assert run(folder, "--beside", "--force", "--quiet").stderr == ""
    assert content(folder) == whole
    nothing = run(folder, "--beside", "--resume")
    assert (nothing.exit_code, "skipped        2" in nothing.stderr) == (0, True)


def test_every_bad_file_is_named_and_the_good_ones_written(folder: Path, tmp_path: Path) -> None:
    good, rate_hz = soundfile.read(folder / "a b.wav")
    bad = {
        "empty.wav": b"",
        "text.mp3": b"not audio at all",
        "cut.flac": (folder / "deep" / "-c.flac").read_bytes()[:900],
    }
    for name, data in bad.items():
        (folder / name).write_bytes(data)
    soundfile.write(folder / "header.wav", np.zeros(0), rate_hz)
    soundfile.write(folder / "nan.wav", np.full(800, np.nan), rate_hz, subtype="FLOAT")
    soundfile.write(folder / "wide 😀\n.wav", np.repeat(good[:4000, None], 8, axis=1), 96000)
    result = run(folder, "--out", tmp_path / "out", folder / "gone.wav")
    assert result.exit_code == 1
    errors = [line for line in result.stderr.splitlines() if line.startswith("asr: error: ")]
    for name in (*bad, "header.wav", "nan.wav", "gone.wav"):
        assert [name in line for line in errors].count(True) == 1, name
    assert set(content(tmp_path / "out")) == {"a b.txt", "deep/-c.txt", "wide 😀\n.txt"}
    assert "done           3\nfailed         6\n" in result.stderr


def test_standard_input_is_audio_of_any_format_or_raw(sample: Path) -> None:
    text = run(sample).stdout
    assert run("-", given=sample.read_bytes()).stdout == text
    samples, rate_hz = soundfile.read(sample, dtype="int16")
    assert run("-", "--raw", rate_hz, given=samples.astype("<i2").tobytes()).stdout == text
    nothing = run("-")
    assert (nothing.exit_code, nothing.stderr.startswith("asr: error: -: is empty")) == (1, True)


def test_split_channels_are_told_apart(sample: Path, tmp_path: Path) -> None:
    samples, rate_hz = soundfile.read(sample)
    silent = np.zeros_like(samples)
    soundfile.write(tmp_path / "a.wav", np.stack([silent, samples], axis=1), rate_hz)
    text = run(sample).stdout
    assert run(tmp_path / "a.wav", "--channel", "right").stdout == text
    assert run(tmp_path / "a.wav", "--channel", "left").stdout == "\n"
    split = run(tmp_path / "a.wav", "--channel", "split").stdout
    assert split.replace("2: ", "").split() == text.split()
    assert split.startswith("2: ")


def test_a_long_recording_is_the_same_in_an_archive_and_in_a_channel(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    once, rate_hz = soundfile.read(sample, dtype="float32")
    long = np.tile(once, 1 + round(1.1 * LONGEST_S * rate_hz / len(once)))
    soundfile.write(tmp_path / "one.wav", long, rate_hz)
    soundfile.write(tmp_path / "two.flac", np.stack([np.zeros_like(long), long], axis=1), rate_hz)
    with tarfile.open(tmp_path / "talks.tar", "w") as archive:
        for name in ("one.wav", "two.flac"):
            archive.add(tmp_path / name, name)
    spans: list[float] = []
    reading = audio.Recording.read
    monkeypatch.setattr(audio, "PIECE_S", 10.0)
    monkeypatch.setattr(
        audio.Recording, "read", lambda *args, **how: spans.append(how["duration_s"] or 0.0) or reading(*args, **how)
    )
    text = run(tmp_path / "one.wav").stdout
    for arguments in (["talks.tar/one.wav"], ["two.flac", "--channel", "2"], ["talks.tar/two.flac", "--channel", "2"]):
        assert run(tmp_path / arguments[0], *arguments[1:]).stdout == text
    split = run(tmp_path / "two.flac", "--channel", "split")
    assert split.stdout.replace("2: ", "").split() == text.split()
    assert "two.flac: channel 1 is silent" in split.stderr
    assert len(spans) > 20
    assert set(spans) == {0.0, 10.0}  # 0: the last piece, to the end


@pytest.mark.parametrize("jobs", [1, 2])
def test_warnings_are_told_where_files_are_written_too(folder: Path, tmp_path: Path, sample: Path, jobs: int) -> None:
    soundfile.write(folder / "line\nbreak.wav", audio.read(sample, rate_hz=8000).samples, 8000)
    for more in ([], ["--out", tmp_path / "out", "--format", "json", "--quiet"]):
        result = run(folder, "--jobs", jobs, *more)
        assert result.exit_code == 0
        (warning,) = [line for line in result.stderr.splitlines() if line.startswith("asr: warning: ")]
        assert warning.startswith(f"asr: warning: {folder}/line break.wav: has 8000 samples a second")
    written = json.loads((tmp_path / "out" / "line\nbreak.json").read_text())
    assert written["warnings"][0].startswith("has 8000 samples a second")


def test_a_list_and_a_pattern(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "list").write_bytes(f"{folder}/deep/-c.flac".encode())
    lines = run("--list", tmp_path / "list", f"{folder}/*.wav").stdout.splitlines()
    assert [line.partition("\t")[0] for line in lines] == [f"{folder}/a b.wav", f"{folder}/deep/-c.flac"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are Unicode")
def test_a_name_that_is_no_utf8(sample: Path, tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff.wav")
    shutil.copy(sample, tmp_path / name)
    (tmp_path / os.fsdecode(b"\xfe.wav")).touch()
    result = run(tmp_path, "--beside")
    assert (result.exit_code, "\\udcfe.wav: is empty" in result.stderr) == (1, True)
    assert (tmp_path / os.fsdecode(b"\xff.txt")).read_text() == run(sample).stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--list", "l", "--out", "o", "--beside"], "--out and --beside"),
        (["a.wav", "--force"], "say where with --out"),
        (["a.wav", "--out", "o", "--force", "--resume"], "--force replaces what is done"),
        (["a.wav", "--format", "txt,srt"], "name a folder with --out"),
        (["a.wav", "b.wav", "--format", "vtt"], "name a folder with --out"),
        (["a.wav", "--lines", "1"], "need one of the formats srt, vtt, karaoke"),
        (["a.wav", "--format", "txt,jsno"], "did you mean 'json'"),
        (["a.wav", "--channel", "midle"], "channel: unknown 'midle'"),
        (["a.wav", "--raw", "fast"], "raw audio: 'fast'"),
        (["a.wav", "--jobs", "0"], "0"),
    ],
)
def test_a_wrong_command_line_is_exit_code_2(arguments: list[str], says: str) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in " ".join(result.stderr.split())


def test_rules_of_subtitles_reach_the_file(sample: Path, tmp_path: Path) -> None:
    run(sample, "--out", tmp_path / "a.srt", "--format", "srt", "--line-chars", 8, "--lines", 1)
    lines = (tmp_path / "a.srt").read_text().splitlines()[2::4]
    assert lines
    assert all(len(line) <= 8 or " " not in line for line in lines)


# ---- a disk that is full


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "disk").mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16k,nr_inodes=64", "none", str(tmp_path / "disk")]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a file system of a few kilobytes cannot be mounted here")
    yield tmp_path / "disk"
    subprocess.run(["umount", str(tmp_path / "disk")], check=True)


def test_a_full_disk_ends_the_job_with_what_is_written_whole(folder: Path, small_disk: Path) -> None:
    (small_disk / "fill").write_bytes(bytes(4096 * 2))
    result = run(folder, "--out", small_disk / "out", "--format", "txt,json,ctm,textgrid")
    assert result.exit_code == 1
    assert "No space left on device" in result.stderr
    assert all(data.endswith(b"\n") for name, data in content(small_disk / "out").items())
    assert not [name for name in content(small_disk / "out") if name.endswith(".part")]


# ---- processes


def test_processes_print_in_the_order_given(folder: Path) -> None:
    names = [folder / "deep" / "-c.flac", folder / "none.wav", folder / "a b.wav"]
    alone, shared = run(*names), run(*names, "--jobs", 2)
    assert (shared.exit_code, shared.stdout, shared.stderr) == (1, alone.stdout, alone.stderr)


@pytest.mark.slow
def test_a_job_killed_at_any_moment_can_be_resumed(folder: Path, tmp_path: Path) -> None:
    samples, rate_hz = soundfile.read(folder / "a b.wav")
    for number in range(200):
        soundfile.write(folder / f"{number}.wav", samples[number * 10 :], rate_hz)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    job = command(folder, "--format", "txt,json", "--jobs", 2, "--resume", "--out")
    start_s = time.monotonic()
    subprocess.run([*job, str(whole)], check=True, env=surroundings(), capture_output=True)
    took_s = time.monotonic() - start_s
    rng = random.Random(0)
    for _ in range(10):
        with subprocess.Popen([*job, str(killed)], env=surroundings(), stderr=subprocess.DEVNULL) as running:
            time.sleep(rng.uniform(0, took_s / 3))
            running.send_signal(signal.SIGKILL)
        if killed.exists():
            done = {name: data for name, data in content(killed).items() if not name.endswith(".part")}
            assert done.items() <= content(whole).items()
    subprocess.run([*job, str(killed)], check=True, env=surroundings(), capture_output=True)
    assert content(killed) == content(whole)


# ---- what is shown


def test_the_tally_says_how_far_a_job_is(capsys: pytest.CaptureFixture[str]) -> None:
    now = [0.0]
    with Tally(4, 1000, skipped=2, clock=lambda: now[0]) as tally:
        now[0] = 30.0
        tally.count(well=True, audio_s=3600.0, size=250)
        assert tally.line() == "1/4 files, 1:00:00 of audio, 120 times real time, 1:30 left"
        assert capsys.readouterr().err == "", "a log is told once a minute"
        now[0] = 61.0
        tally.count(well=False, audio_s=0.0, size=250)
    assert capsys.readouterr().err == "2/4 files, 1 failed, 1:00:00 of audio, 59 times real time, 1:01 left\n"
    assert tally.summary().splitlines() == [
        "done           1",
        "failed         1",
        "skipped        2",
        "audio    1:00:00",
        "time        1:01, 59 times real time",
    ]


def test_early_on_nothing_is_said_of_the_time_left() -> None:
    now = [2.0]
    tally = Tally(100, 1000, clock=lambda: now[0])
    assert tally.line() == "0/100 files"
    now[0] = 6.0
    tally.count(well=True, audio_s=60.0, size=10)
    assert tally.line() == "1/100 files, 1:00 of audio, 15 times real time"
    tally.count(well=True, audio_s=60.0, size=90)
    assert tally.line() == "2/100 files, 2:00 of audio, 30 times real time, 0:36 left"


def test_a_line_is_written_over_on_a_terminal_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Line()
    line.show("one")
    line.clear()
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((5, 1)))
    for text in ("one", "two and three"):
        line.show(text)
    line.clear()
    line.clear()
    assert click.unstyle(capsys.readouterr().err).split("\r") == ["", "one", "…ree", ""]


@pytest.mark.parametrize(
    ("text", "shown"), [("abcd", "abcd"), ("abcde", "…cde"), ("你好", "你好"), ("a你好", "…好"), ("ééééé", "…ééé")]
)
def test_the_end_of_a_text_fits_into_the_cells(text: str, shown: str) -> None:
    assert ending(text, 4) == shown


def test_durations_are_read_as_clocks() -> None:
    assert [duration(seconds) for seconds in (0, 59.6, 760, 3723)] == ["0:00", "1:00", "12:40", "1:02:03"]
