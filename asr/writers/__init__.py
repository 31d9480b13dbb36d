"""Writers: what is printed for a transcribed file; the table by format."""

from __future__ import annotations

from typing import Protocol

from asr.errors import ConfigError, did_you_mean
from asr.types import Hypothesis
from asr.writers.ctm import Ctm
from asr.writers.json import Json
from asr.writers.srt import Srt
from asr.writers.stm import Stm
from asr.writers.textgrid import TextGrid
from asr.writers.trn import Trn
from asr.writers.txt import Txt

__all__ = ["WRITERS", "Writer", "get_writer"]


class Writer(Protocol):
    """Turns the hypothesis of one file into what is printed for it, without the newline at its end.

    `name` is the file as the user named it; `several` says that other files are printed to the same place.
    """

    @staticmethod
    def write(name: str, hypothesis: Hypothesis, *, several: bool) -> str: ...


WRITERS: dict[str, type[Writer]] = {
    "txt": Txt,
    "json": Json,
    "ctm": Ctm,
    "stm": Stm,
    "trn": Trn,
    "srt": Srt,
    "textgrid": TextGrid,
}


def get_writer(name: str) -> type[Writer]:
    """Return the writer of the format `name`; ConfigError names the known ones."""
    if name not in WRITERS:
        raise ConfigError(f"output format {name!r}: unknown{did_you_mean(name, WRITERS)}")
    return WRITERS[name]
