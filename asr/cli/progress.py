"""How far a long job is, on standard error: sentences, and on a terminal a bar for each piece of work."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any

import click

from asr.downloads.report import amount


class Console:
    """The `Report` of the command line; to be used in a `with` block, which ends the bar."""

    def __init__(self) -> None:
        self._what = ""
        self._bar: Any = None  # click has no public name for the type

    def __enter__(self) -> Console:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def note(self, sentence: str) -> None:
        self._end()
        click.echo(sentence, err=True)

    def progress(self, what: str, done: int, total: int) -> None:
        if what != self._what:
            self._end()
            self._what = what
            # Where nobody watches, in a log, it prints its label alone.
            self._bar = click.progressbar(length=total, label=f"{what} ({amount(total)})", file=sys.stderr)
            self._bar.__enter__()
        self._bar.update(done - self._bar.pos)

    def _end(self) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
        self._what, self._bar = "", None
