"""Listening: phrases out of blocks by a constructed answer, and the command with a microphone that is none."""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from click.testing import CliRunner

import asr
from asr.cli import listen as listen_command
from asr.cli import main
from asr.listening import BLOCK_S, Gate, listen
from asr.types import FloatArray, Hypothesis, Waveform

RATE_HZ = 16000
BLOCK = round(BLOCK_S * RATE_HZ)


class Counter:
    """A recogniser whose text is the tenths of a second that it was given."""

    def transcribe(self, audio: Waveform) -> Hypothesis:
        return Hypothesis(f"{round(audio.duration_s / BLOCK_S)}")


def blocks(pattern: str, floor: float = 0.001) -> Iterator[npt.NDArray[np.float32]]:
    """Yield a block of noise for each character: loud for `x`, quiet for anything else."""
    rng = np.random.default_rng(0)
    for character in pattern:
        yield ((0.1 if character == "x" else floor) * rng.standard_normal(BLOCK)).astype(np.float32)


def heard(pattern: str, **settings: Any) -> list[tuple[int, bool]]:
    said = listen(blocks(pattern), Counter(), RATE_HZ, **settings)
    return [(int(one.hypothesis.text), one.is_final) for one in said]


def test_a_phrase_ends_at_a_pause_and_keeps_what_is_around_it() -> None:
    found = [size for size, is_final in heard(".....xxxxxx....." + "....xxx....") if is_final]
    assert found == [3 + 6 + 4, 3 + 3 + 4]


def test_short_gaps_do_not_end_a_phrase() -> None:
    assert [size for size, is_final in heard("...xx..xx...xx....") if is_final] == [3 + 2 + 2 + 2 + 3 + 2 + 4]


def test_a_phrase_is_told_while_it_is_said_unless_there_is_no_time() -> None:
    assert heard("...xxxxxxxx....") == [(5, False), (10, False), (15, True)]
    assert heard("...xxxxxxxx....", behind=lambda: True) == [(15, True)]


def test_a_phrase_without_a_pause_is_cut_and_nothing_is_lost() -> None:
    sizes = [size for size, is_final in heard("x." * 30, gate=Gate(longest_s=2.0)) if is_final]
    assert sum(sizes) >= 60
    assert max(sizes) <= 20 + 1
    assert heard("...xxx")[-1] == (6, True), "the end of the stream ends it as well"


@pytest.mark.parametrize("floor", [0.0, 0.0005, 0.02])
def test_steady_noise_is_no_phrase(floor: float) -> None:
    assert list(listen(blocks("." * 100, floor), Counter(), RATE_HZ)) == []


class Microphone:
    """What sounddevice has, over samples instead of a device."""

    PortAudioError = OSError

    def __init__(self, samples: npt.NDArray[np.float32]) -> None:
        self.samples = samples

    def query_devices(self) -> str:
        return "> 0 a microphone of the tests"

    def InputStream(self, **form: Any) -> Any:  # noqa: N802
        if form["device"] == "none":
            raise ValueError("No input device matching 'none'")
        return _Stream(self.samples, form)


class _Stream:
    def __init__(self, samples: npt.NDArray[np.float32], form: dict[str, Any]) -> None:
        self.samples, self.form = samples, form

    def __enter__(self) -> None:
        threading.Thread(target=self.play).start()

    def __exit__(self, *error: object) -> None:
        pass

    def play(self) -> None:
        size = self.form["blocksize"]
        for first in range(0, len(self.samples) - size + 1, size):
            self.form["callback"](self.samples[first : first + size, None], size, None, None)
        self.form["finished_callback"]()


@pytest.fixture
def microphone(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    speech, _ = soundfile.read(sample, dtype="float32")
    quiet = (1e-4 * np.random.default_rng(0).standard_normal(RATE_HZ)).astype(np.float32)
    monkeypatch.setitem(sys.modules, "sounddevice", Microphone(np.concatenate([quiet, speech, quiet])))


@pytest.mark.usefixtures("microphone")
def test_the_command_prints_a_line_a_phrase(sample: Path) -> None:
    result = CliRunner().invoke(main, ["listen"])
    assert result.exit_code == 0, result.output
    expected = asr.load().transcribe(sample).text.split()
    assert len(set(result.stdout.split()) & set(expected)) >= len(set(expected)) / 2, result.stdout
    assert result.stderr == "listening; Ctrl-C ends\n"


def test_ctrl_c_prints_what_was_being_said(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted(queue.Queue[FloatArray | None]):
        def get(self, block: bool = True, timeout: float | None = None) -> FloatArray | None:
            if (said := super().get(block, timeout)) is None:  # the sound is over, as when a key is pressed
                raise KeyboardInterrupt
            return said

    monkeypatch.setattr(listen_command.queue, "Queue", Interrupted)
    speech, _ = soundfile.read(sample, dtype="float32")
    samples = np.concatenate([np.full(RATE_HZ, 1e-4, np.float32), speech])
    monkeypatch.setitem(sys.modules, "sounddevice", Microphone(samples[: RATE_HZ + RATE_HZ]))
    result = CliRunner().invoke(main, ["listen"])
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("enter")


@pytest.mark.usefixtures("microphone")
def test_devices_are_listed_and_refused() -> None:
    assert CliRunner().invoke(main, ["listen", "--devices"]).stdout == "> 0 a microphone of the tests\n"
    result = CliRunner().invoke(main, ["listen", "--device", "none"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "asr: error: microphone: cannot be opened (No input device matching 'none'); see 'asr listen --devices'\n"
    )


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    result = CliRunner().invoke(main, ["listen"])
    assert (result.exit_code, "bilstm-asr[microphone]" in result.stderr) == (1, True)
