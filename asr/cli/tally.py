"""How far a job of many recordings is, and what came of it: on standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType

import click

from asr.cli.line import Line

_TERMINAL_S, _LOG_S = 0.1, 60.0  # between two lines: on a terminal, where each replaces the last, and in a log
_EARLY_S = 20.0


@dataclass
class Tally:
    """Counts recordings and their audio; to be used in a `with` block, which ends the line on the terminal.

    files and size: how many are to be done and their bytes, by which the time left is estimated. Nothing is shown
    where `shown` is false.
    """

    files: int
    size: int
    skipped: int = 0
    shown: bool = True
    clock: Callable[[], float] = time.monotonic
    done: int = 0
    failed: int = 0
    audio_s: float = 0.0
    size_done: int = 0
    _start_s: float = field(init=False)
    _told_s: float = field(init=False)
    _line: Line = field(default_factory=Line)

    def __post_init__(self) -> None:
        self._start_s = self._told_s = self.clock()

    def __enter__(self) -> Tally:
        if self.shown and self.files:
            self._line.show(self.line())  # loading takes its time
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear()

    @property
    def took_s(self) -> float:
        return self.clock() - self._start_s

    def count(self, *, well: bool, audio_s: float, size: int) -> None:
        """Count one recording, and show the line if it is time to."""
        self.done += well
        self.failed += not well
        self.audio_s += audio_s
        self.size_done += size
        terminal = sys.stderr.isatty()
        if self.shown and self.clock() - self._told_s >= (_TERMINAL_S if terminal else _LOG_S):
            self._told_s = self.clock()
            if terminal:
                self._line.show(self.line())
            else:
                click.echo(self.line(), err=True)

    def line(self) -> str:
        """Return how far the job is, in one line."""
        parts = [f"{self.done + self.failed}/{self.files} files"]
        if self.failed:
            parts.append(f"{self.failed} failed")
        if self.audio_s:
            parts += [f"{duration(self.audio_s)} of audio", f"{self._speed():.0f} times real time"]
        if (left_s := self._left_s()) is not None:
            parts.append(f"{duration(left_s)} left")
        return ", ".join(parts)

    def summary(self) -> str:
        """Return the table of what came of it all."""
        rows = [("done", self.done), ("failed", self.failed), ("skipped", self.skipped)]
        counts = "\n".join(f"{name:<8}{count:>8}" for name, count in rows)
        speed = f", {self._speed():.0f} times real time" if self.audio_s else ""
        return f"{counts}\n{'audio':<8}{duration(self.audio_s):>8}\n{'time':<8}{duration(self.took_s):>8}{speed}"

    def clear(self) -> None:
        """Take the line off the terminal, so that something else can be printed."""
        self._line.clear()

    def _speed(self) -> float:
        return self.audio_s / max(self.took_s, 1e-9)

    def _left_s(self) -> float | None:
        if not self.size_done or self.done + self.failed == self.files:
            return None
        if self.took_s < _EARLY_S and self.size_done < self.size / 10:  # most of the time went into loading
            return None
        return self.took_s * max(0, self.size - self.size_done) / self.size_done


def duration(seconds: float) -> str:
    """Return seconds as a clock without days shows them: `0:07`, `12:40`, `1:02:03`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
