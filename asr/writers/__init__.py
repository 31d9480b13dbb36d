"""Writers: what is printed for a transcribed file; the table by format."""

from __future__ import annotations

from typing import ClassVar, Protocol

from asr.errors import ConfigError, did_you_mean
from asr.types import Hypothesis
from asr.writers.ctm import Ctm
from asr.writers.cues import Rules
from asr.writers.json import Json
from asr.writers.segments import Jsonl, Tsv
from asr.writers.srt import Srt
from asr.writers.stm import Stm
from asr.writers.textgrid import TextGrid
from asr.writers.trn import Trn
from asr.writers.txt import Txt
from asr.writers.vtt import Karaoke, Vtt

__all__ = ["SUBTITLES", "WRITERS", "Rules", "Writer", "get_writer"]


class Writer(Protocol):
    """Turns the hypothesis of one file into what is printed for it, without the newline at its end.

    `name` is the file as the user named it; `several` says that other files are printed to the same place. `suffix` is
    that of a file in this format; `one_recording` says that programs read only one recording from such a file.
    """

    suffix: ClassVar[str]
    one_recording: ClassVar[bool]

    def write(self, name: str, hypothesis: Hypothesis, *, several: bool) -> str: ...


# Those that are made by rules of subtitles.
SUBTITLES: dict[str, type[Srt | Vtt | Karaoke | Tsv | Jsonl]] = {
    "srt": Srt,
    "vtt": Vtt,
    "karaoke": Karaoke,
    "tsv": Tsv,
    "jsonl": Jsonl,
}
WRITERS: dict[str, Writer] = {
    "txt": Txt(),
    "json": Json(),
    "ctm": Ctm(),
    "stm": Stm(),
    "trn": Trn(),
    "textgrid": TextGrid(),
    **{name: kind() for name, kind in SUBTITLES.items()},
}


def get_writer(name: str, rules: Rules | None = None) -> Writer:
    """Return the writer of the format `name`, subtitles by the rules given; ConfigError names the known ones."""
    if name not in WRITERS:
        raise ConfigError(f"output format {name!r}: unknown{did_you_mean(name, WRITERS)}")
    return WRITERS[name] if rules is None or name not in SUBTITLES else SUBTITLES[name](rules)
