"""A line on a terminal that is written over: on standard error, and nothing where nobody watches."""

from __future__ import annotations

import shutil
import sys

import click

_ERASED = "\r\x1b[K"
_CUT = "…"


class Line:
    """Shows one text after the other in the same place."""

    def __init__(self) -> None:
        self._is_shown = False

    def show(self, text: str) -> None:
        """Write a text over the one before; of one that is too long, its end."""
        if sys.stderr.isatty():
            shown = ending(text, shutil.get_terminal_size().columns - 1)
            click.echo(_ERASED + click.style(shown, dim=True), nl=False, err=True)
            self._is_shown = True

    def clear(self) -> None:
        """Take the line off the terminal, so that something else can be printed."""
        if self._is_shown:
            click.echo(_ERASED, nl=False, err=True)
            self._is_shown = False


def ending(text: str, width: int) -> str:
    """Return as much of the end of a text as a terminal draws in so many cells."""
    if text.isascii():
        return text if len(text) <= width else _CUT + text[len(text) - width + 1 :]
    from asr.scoring.alignment import cells  # here, since most texts have no need of it

    if cells(text) <= width:
        return text
    while cells(text) > width - 1:
        text = text[1:]
    return _CUT + text
