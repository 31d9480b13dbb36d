"""How recordings are read: from where, which channels, in which form."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from asr import audio, tars
from asr.errors import AsrError, AudioError
from asr.files import writing
from asr.inputs.channels import MIX, SPLIT
from asr.inputs.raw import Raw, read_raw
from asr.inputs.recording import Recording
from asr.types import Channel, Waveform

Part = str | Channel | Waveform


@dataclass(frozen=True, slots=True)
class Reading:
    """How every recording of a job is read; it can be sent to other processes.

    channel: `mix`, `split`, or the number of one, from 1. raw: the form of samples without header. url_mb, url_s: what
    an address may take at most. stdin: the file that holds what came on standard input.
    """

    channel: int | str = MIX
    raw: Raw | None = None
    url_mb: float | None = None
    url_s: float | None = None
    stdin: str = ""

    @property
    def tells_channels_apart(self) -> bool:
        return self.channel == SPLIT

    def audios(self, recording: Recording, stack: ExitStack) -> list[Part]:
        """Return what is to be heard, one for each channel that is told apart; raises an AsrError that names it.

        What was loaded for it is removed with `stack`. Files and their channels are not read yet, so that long ones
        need not be held; samples without a header are.
        """
        path = self._local(recording, stack)
        try:
            return self._parts(path)
        except AsrError as error:
            raise renamed(error, path, recording.name) from error

    def _local(self, recording: Recording, stack: ExitStack) -> str:
        if recording.is_stdin:
            return self.stdin
        if not recording.is_url:
            _look_at(recording.name)
            return recording.name
        from asr.inputs.remote import Limits, load  # urllib takes its time

        given = {"size_mb": self.url_mb, "time_s": self.url_s}
        limits = Limits(**{name: value for name, value in given.items() if value is not None})
        path = stack.enter_context(_temporary())
        load(recording.name, path, limits)
        return str(path)

    def _parts(self, path: str) -> list[Part]:
        if self.raw is not None:
            samples, rate_hz = read_raw(path, self.raw), self.raw.rate_hz  # [T, C]
            if self.channel == MIX:
                return [audio.from_array(samples, rate_hz, rate_hz)]
            numbers = self._numbers(path, samples.shape[1])
            return [audio.from_array(samples[:, number - 1], rate_hz, rate_hz) for number in numbers]
        if self.channel == MIX:
            return [path]
        return [Channel(path, number - 1) for number in self._numbers(path, audio.probe(path).channels)]

    def _numbers(self, path: str, channels: int) -> list[int]:
        if self.channel == SPLIT:
            return list(range(1, channels + 1))
        number = int(self.channel)
        if number > channels:
            has = "one channel alone" if channels == 1 else f"{channels} channels"
            raise AudioError(f"{path}: has {has} and no channel {number}; choose from them, or take the mix")
        return [number]


def _look_at(name: str) -> None:
    """Refuse a name that the system does not even look up; a file that is not there is refused by who reads it.

    An archive is named in place of what lies in it where that is nothing.
    """
    if name.endswith(tars.SUFFIX) and os.path.isfile(name):
        tars.members(Path(name))
        raise AudioError(f"{name}: holds no audio; name an archive with files such as WAV or FLAC")
    try:
        tars.size(name)
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:  # ValueError: a zero byte
        why = getattr(error, "strerror", None) or error
        raise AudioError(f"{name}: cannot be opened ({why}); check its name and permissions") from error


def renamed(error: AsrError, path: str, name: str) -> AsrError:
    """Return the error with the name that the user knows in place of that of a temporary file."""
    return error if path == name else type(error)(str(error).replace(path, name))


def with_stdin(recordings: Sequence[Recording], reading: Reading, stack: ExitStack) -> Reading:
    """Return a reading that knows what came on standard input, where that is among the recordings.

    It waits for all of it. The copy is removed with `stack`.
    """
    if any(recording.is_stdin for recording in recordings):
        return replace(reading, stdin=stack.enter_context(_spooled_stdin()))
    return reading


@contextlib.contextmanager
def _spooled_stdin() -> Iterator[str]:
    """Yield the path of a file with all that comes on standard input; raises OutputError where the disk is full."""
    with _temporary() as path:
        with writing(path), path.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        yield str(path)


@contextlib.contextmanager
def _temporary() -> Iterator[Path]:
    handle, name = tempfile.mkstemp(prefix="asr-")
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
