"""The options of `asr transcribe` that say what is read, what is written and by whom."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import click
from click.shell_completion import CompletionItem

from asr.cli.options import PATH, OneOf
from asr.errors import AsrError


class Several(OneOf):
    """Names of a table with commas between them."""

    name = "names"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):  # a default, or converted before
            return value
        convert = super().convert
        return tuple(dict.fromkeys(convert(name.strip(), param, ctx) for name in value.split(",")))

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return f"{super().get_metavar(param, ctx)},..."

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        before, comma, last = incomplete.rpartition(",")
        return [CompletionItem(before + comma + item.value) for item in super().shell_complete(ctx, param, last)]


class Parsed(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.4 alone
    """A text that a function of the package understands, or refuses with an AsrError."""

    def __init__(self, name: str, parse: Callable[[str], Any]) -> None:
        self.name = name
        self.parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return self.parse(value)
        except AsrError as error:
            self.fail(str(error), param, ctx)


def _channel(text: str) -> Any:
    from asr.inputs import parse_channel

    return parse_channel(text)


def _raw(text: str) -> Any:
    from asr.inputs import parse_raw

    return parse_raw(text)


def formats() -> Iterable[str]:
    from asr.writers import WRITERS

    return WRITERS


def engines() -> Iterable[str]:
    from asr.bulk.engines import ENGINES

    return ENGINES


_LIST = click.option(
    "--list", "lists", type=PATH, multiple=True, metavar="FILE",
    help="Read names from a file, a name a line or ended by zero bytes; '-' is standard input.",
)  # fmt: skip
_FORM = (
    click.option(
        "--channel", type=Parsed("channel", _channel), metavar="mix|left|right|N|split",
        help="Which channel to hear: the mean of all (unless given), one, or each as a speaker of its own.",
    ),
    click.option(
        "--raw", type=Parsed("form", _raw), metavar="RATE[,CODING[,CHANNELS]]",
        help="The audio has no header: say its form, such as 16000 or 8000,mulaw or 44100,s16le,2.",
    ),
    click.option("--url-mb", type=float, metavar="N", help="The most that an address may send; 2000 unless given."),
    click.option("--url-s", type=float, metavar="N", help="The longest that an address may take; 3600 unless given."),
)  # fmt: skip
_WRITING = (
    click.option(
        "--format", "kinds", type=Several(formats), default="txt", show_default=True,
        help="txt: the text alone; json: an object a file, with words, times and confidences; jsonl: an object a "
        "segment; ctm, textgrid: words with times; srt, vtt, tsv: subtitles; karaoke: vtt with a time for each word.",
    ),
    click.option(
        "--out", metavar="PATH",
        help="Write files: into this folder, or named by a template with {folder}, {relative}, {stem}, {name}, {ext}; "
        "for one recording, this file.",
    ),
    click.option("--beside", is_flag=True, help="Write files beside the audio."),
    click.option("--force", is_flag=True, help="Replace files that are there."),
    click.option("--resume", is_flag=True, help="Go on where a job was stopped: what has its files is left out."),
    click.option("--jobs", type=click.IntRange(1), metavar="N", help="Processes; for 100 files and more one a core."),
    click.option(
        "--engine", type=OneOf(engines), metavar="NAME",
        help="Who does the work: processes of this machine, unless given; ray for the machines of a Ray cluster.",
    ),
    click.option(
        "--address", metavar="HOST:PORT",
        help="For ray: the head of the cluster; what RAY_ADDRESS says, or this machine alone, unless given.",
    ),
    click.option("--quiet", is_flag=True, help="Show no progress and no summary; what goes wrong is still told."),
)  # fmt: skip
_SUBTITLES = (
    click.option("--line-chars", type=int, metavar="N", help="For subtitles: characters in a line; 42 unless given."),
    click.option("--lines", type=int, metavar="N", help="For subtitles: lines at a time; 2 unless given."),
    click.option(
        "--reading-speed", type=float, metavar="X",
        help="For subtitles: characters a second that can be read; 20 unless given. They stay for so long if they can.",
    ),
    click.option(
        "--min-gap", "min_gap_s", type=float, metavar="S",
        help="For subtitles: seconds between two; 0.083 unless given.",
    ),
    click.option("--longest", "longest_s", type=float, metavar="S", help="For subtitles: seconds; 6 unless given."),
    click.option("--shortest", "shortest_s", type=float, metavar="S", help="For subtitles: seconds; 5/6 unless given."),
)  # fmt: skip

READING = ("channel", "raw", "url_mb", "url_s")
SUBTITLES = ("line_chars", "lines", "reading_speed", "min_gap_s", "longest_s", "shortest_s")


def _all(options: Iterable[Callable[..., Any]], command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(tuple(options)):
        command = option(command)
    return command


def reading(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say how recordings are found and read; `lists` and those of READING."""
    return _all((_LIST, *_FORM), command)


def form(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say how one recording is read: those of READING."""
    return _all(_FORM, command)


def writing(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say what is written where; those of SUBTITLES are None where absent."""
    return _all((*_WRITING, *_SUBTITLES), command)
