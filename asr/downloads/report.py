"""What a long job tells whoever waits for it: sentences, and how far it is."""

from __future__ import annotations

from typing import Protocol

UNITS = ("bytes", "kB", "MB", "GB", "TB")


class Report(Protocol):
    """Somebody who watches."""

    def note(self, sentence: str) -> None:
        """Take note of something worth a line."""
        ...

    def progress(self, what: str, done: int, total: int) -> None:
        """Take note that `done` of `total` bytes of a piece of work are through; `total` may be an estimate."""
        ...


class Quiet:
    """Nobody watches."""

    def note(self, sentence: str) -> None:
        pass

    def progress(self, what: str, done: int, total: int) -> None:
        pass


def amount(size: float) -> str:
    """Return a number of bytes as people say it, in powers of 1000: `'333 MB'`, `'6.4 GB'`."""
    unit = 0
    while size >= 999.5 and unit + 1 < len(UNITS):
        size, unit = size / 1000, unit + 1
    return f"{size:.1f} {UNITS[unit]}" if unit > 2 and size < 99.95 else f"{size:.0f} {UNITS[unit]}"
