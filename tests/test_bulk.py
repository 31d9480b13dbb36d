"""Many recordings: each has its own result, whatever happens to it, to the process that reads it, or to the disk."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile

from asr.audio import read
from asr.bulk import Heard, transcribed
from asr.bulk.chunks import ITEMS, MANY, SIZE, chunked, in_order, jobs_for
from asr.bulk.outputs import BESIDE, plan, template_of
from asr.bulk.processes import transcribed_by_processes
from asr.errors import AsrError, AudioError, ConfigError, MissingFile, ModelError, OutputError
from asr.files import replacing, unfinished
from asr.inputs import Reading, Recording, find
from asr.recognizer import Audio
from asr.types import Channel, Hypothesis, Word
from asr.writers import WRITERS, Writer

RATE_HZ = 16000


class Listener:
    """A recogniser that hears how many samples there are, and refuses files without any."""

    info = SimpleNamespace(rate_hz=RATE_HZ)

    def transcribe_each(self, audios: Iterable[Audio]) -> Iterator[tuple[str, Hypothesis | AsrError]]:
        for audio in audios:
            if isinstance(audio, Channel):
                samples = read(audio.path, channel=audio.number).samples
                yield str(audio.path), Hypothesis(f"{len(samples)} samples", (Word("x", 0.0, 0.1, 1.0),), 1.0)
            elif Path(str(audio)).is_file() and Path(str(audio)).stat().st_size:
                yield str(audio), Hypothesis(Path(str(audio)).name)
            else:
                yield str(audio), AudioError(f"{audio}: is empty")


LISTENER: Any = Listener()


def recordings(*names: str, size: int = 0) -> list[Recording]:
    return [Recording(name, "", size) for name in names]


# ---- hearing


def test_every_recording_has_its_result_in_its_place(tmp_path: Path) -> None:
    for number in range(3):
        soundfile.write(tmp_path / f"{number}.wav", np.zeros((160 + number, number + 1)), RATE_HZ)
    (tmp_path / "empty.wav").touch()
    names = ["0.wav", "empty.wav", "missing.wav", "1.wav", "2.wav", "empty.wav"]
    given = recordings(*(str(tmp_path / name) for name in names))
    for channel, expected in {"mix": "012", 1: "012", 2: "12"}.items():
        found = list(transcribed(given, LISTENER, Reading(channel=channel)))
        assert [one.recording for one in found] == given
        good = [Path(one.recording.name).stem for one in found if isinstance(one.result, Hypothesis)]
        assert "".join(good) == expected
        errors = [(one.recording.name, str(one.result)) for one in found if isinstance(one.result, AsrError)]
        assert all(message.startswith(f"{name}: ") for name, message in errors)


def test_channels_that_are_split_are_one_result(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros((160, 3)), RATE_HZ)
    (found,) = transcribed(recordings(str(tmp_path / "a.wav")), LISTENER, Reading(channel="split"), timed=True)
    assert isinstance(found.result, Hypothesis)
    assert [word.channel for word in found.result.words] == [1, 2, 3]
    assert found.duration_s == 0.01


def test_a_recording_that_grows_or_vanishes_after_it_was_found(tmp_path: Path) -> None:
    for name in ("grows.wav", "vanishes.wav"):
        soundfile.write(tmp_path / name, np.zeros(160), RATE_HZ)
    given = find([str(tmp_path)])
    with (tmp_path / "grows.wav").open("ab") as file:
        file.write(bytes(320))  # beyond what its header states
    (tmp_path / "vanishes.wav").unlink()
    grown, vanished = transcribed(given, LISTENER, Reading(channel=1), timed=True)
    assert (getattr(grown.result, "text", ""), grown.duration_s) == ("160 samples", 0.01)
    assert isinstance(vanished.result, MissingFile)


# ---- sharing out


def test_chunks_hold_all_in_order_and_no_more_than_they_may() -> None:
    given = [Recording(str(number), "", size) for number, size in enumerate([1, SIZE, 5, *[0] * 200, SIZE, SIZE])]
    for jobs in (1, 2, 64):
        chunks = chunked(given, jobs=jobs)
        assert [recording for chunk in chunks for recording in chunk] == given
        assert all(len(chunk) <= ITEMS for chunk in chunks)
        assert all(sum(one.size for one in chunk) <= SIZE for chunk in chunks)
    assert len(chunked(recordings(*map(str, range(1000))), jobs=2)) >= 16
    assert chunked([]) == []


def test_few_recordings_need_no_further_process() -> None:
    assert (jobs_for(MANY - 1, 8), jobs_for(MANY, 8)) == (1, 8)
    assert jobs_for(MANY, None) >= 1


def test_results_come_in_order_where_they_are_to() -> None:
    given = recordings("a", "b", "c")
    mixed = (Heard(recording, Hypothesis(recording.name)) for recording in (given[1], given[2], given[0]))
    assert [heard.recording.name for heard in in_order(mixed, given)] == ["a", "b", "c"]


def test_processes_hear_the_same_as_one(sample: Path, tmp_path: Path) -> None:
    samples, rate_hz = soundfile.read(sample, dtype="float32")
    for number in range(6):
        soundfile.write(tmp_path / f"{number}.wav", samples[: (number + 2) * rate_hz // 4], rate_hz, subtype="FLOAT")
    (tmp_path / "6.wav").write_text("no audio")
    given = find([str(tmp_path)])
    from asr.recognizer import Recognizer

    alone = list(transcribed(given, Recognizer(threads=1), Reading(), timed=True))
    together = list(transcribed_by_processes(given, Reading(), jobs=2, timed=True))
    assert [(one.recording, str(one.result), one.duration_s) for one in together] == [
        (one.recording, str(one.result), one.duration_s) for one in alone
    ]
    assert isinstance(together[-1].result, AudioError)


def test_warnings_come_back_from_processes(sample: Path, tmp_path: Path) -> None:
    samples = read(sample, rate_hz=8000).samples
    soundfile.write(tmp_path / "a.wav", np.stack([samples, np.zeros_like(samples)], axis=1), 8000)
    (heard,) = transcribed_by_processes(find([str(tmp_path)]), Reading(channel="split"), jobs=2)
    assert isinstance(heard.result, Hypothesis)
    rate, silent = heard.result.warnings
    assert rate.startswith("has 8000 samples a second")
    assert silent.startswith("channel 2 is silent")


def test_a_model_that_cannot_be_loaded_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"no model")
    with pytest.raises(ModelError, match=r"model\.onnx"):
        list(transcribed_by_processes(recordings("a.wav"), Reading(), jobs=1, path=tmp_path / "model.onnx"))


@pytest.mark.usefixtures("sample")
def test_a_recording_that_a_process_dies_of_is_named(tmp_path: Path) -> None:
    """The processes are killed as they open a pipe, as the system does it when memory is short."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    (tmp_path / "empty.wav").touch()
    given = recordings(str(tmp_path / "empty.wav"), str(pipe))
    done = threading.Event()
    killer = threading.Thread(target=kill_readers, args=(pipe, done))
    killer.start()
    try:
        found = {one.recording: str(one.result) for one in transcribed_by_processes(given, Reading(), jobs=1)}
    finally:
        done.set()
        killer.join()
    assert "is empty" in found[given[0]]
    assert found[given[1]].startswith(f"{pipe}: the process that read it was ended by signal 9")


def kill_readers(pipe: Path, done: threading.Event) -> None:
    """Kill the processes that were started from here whenever one reads a pipe."""
    while not done.wait(0.05):
        try:
            end = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)  # fails while nobody reads
        except OSError:
            continue
        for process in multiprocessing.active_children():
            os.kill(process.pid or 0, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):  # its code is for who started it to collect
                os.waitid(os.P_PID, process.pid or 0, os.WEXITED | os.WNOWAIT)
        os.close(end)


# ---- where results are written


def targets(given: list[Recording], template: str, *formats: str, **how: bool) -> list[Path]:
    writers: dict[str, Writer] = {name: WRITERS[name] for name in formats or ("txt",)}
    outputs = plan(given, template, writers, **how)
    return [path for recording in outputs.recordings for path in outputs.paths[recording].values()]


def test_files_are_named_by_the_template(tmp_path: Path) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    for name in ("a.wav", "deep/a.flac"):
        (tmp_path / "in" / name).touch()
    given = find([str(tmp_path / "in")])
    below = template_of(str(tmp_path / "out"), given, {"srt": WRITERS["srt"]})
    assert targets(given, below, "srt") == [tmp_path / "out" / "a.srt", tmp_path / "out" / "deep" / "a.srt"]
    assert targets(given, BESIDE, "textgrid")[1] == tmp_path / "in" / "deep" / "a.TextGrid"
    assert targets(given, str(tmp_path / "{stem}-{name}.{ext}"))[1] == tmp_path / "a-a.flac.txt"


def test_one_recording_can_have_a_file_of_any_name(tmp_path: Path) -> None:
    writers = {"srt": WRITERS["srt"]}
    (given,) = recordings("a.wav")
    assert template_of("talk.SRT", [given], writers) == "talk.SRT"
    assert template_of("talk", [given], writers) == "talk/{relative}.{ext}"
    (tmp_path / "talk.srt").mkdir()
    assert template_of(str(tmp_path / "talk.srt"), [given], writers).endswith("{relative}.{ext}"), "a folder there"
    with pytest.raises(ConfigError, match="one file for 2 recordings"):
        template_of("talk.srt", [given, given], writers)


@pytest.mark.parametrize(
    ("names", "template", "says"),
    [
        (["x/a.wav", "y/a.wav"], "{stem}.{ext}", "both x/a.wav and y/a.wav"),
        (["a.wav", "a.flac"], "{folder}/{stem}.{ext}", "both a.wav and a.flac"),
        (["a.wav"], "{folder}/{name}", "both a.wav and a.wav"),
        (["a.wav"], "same.{ext}", "both"),
        (["a.wav"], "{stme}.{ext}", "unknown field {stme}; did you mean 'stem'"),
    ],
)
def test_two_results_in_one_file_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: list[str], template: str, says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    formats = ("txt",) if template != "same.{ext}" else ("vtt", "txt")
    if template == "same.{ext}":
        names = [*names, "b.wav"]
    with pytest.raises(ConfigError, match=says):
        targets(recordings(*names), template, *formats)


def test_what_is_there_is_kept_unless_told_so(tmp_path: Path) -> None:
    given = recordings("a.wav", "b.wav")
    template = str(tmp_path / "{stem}.{ext}")
    (tmp_path / "a.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"a\.txt: is there already; --force"):
        targets(given, template, "txt", "srt")
    assert len(targets(given, template, "txt", "srt", force=True)) == 4
    left = targets(given, template, "txt", "srt", resume=True)
    assert left == [tmp_path / "a.srt", tmp_path / "b.txt", tmp_path / "b.srt"]


def test_resuming_removes_what_a_killed_process_left_and_nothing_else(tmp_path: Path) -> None:
    with replacing(tmp_path / "b.txt") as temporary:
        kept = tmp_path / temporary.name
    (tmp_path / "b.txt").rename(kept)  # as if there had been no time to give it its name
    others = [".notes.part", ".c.txt.abcdefgh.part", "b.txt.part", ".b.txt.swp"]
    for name in others:
        (tmp_path / name).touch()
    assert unfinished(kept) == tmp_path / "b.txt"
    targets(recordings("a.wav", "b.wav"), str(tmp_path / "{stem}.{ext}"), resume=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(others)


def test_a_folder_that_cannot_be_made_is_told_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"file/out: cannot be made a folder"):
        targets(recordings("a.wav"), str(tmp_path / "file" / "out" / "{stem}.{ext}"))


def test_files_are_written_whole(tmp_path: Path) -> None:
    (given,) = recordings("a.wav")
    outputs = plan([given], str(tmp_path / "{stem}.{ext}"), {name: WRITERS[name] for name in ("txt", "json")})
    outputs.write(given, Hypothesis("grüß \ud800"))
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "grüß \\ud800\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "a.txt"]
