"""`asr transcribe`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from asr.cli import options
from asr.cli.options import PATH, OneOf, given
from asr.cli.output import complain, warn
from asr.errors import AsrError


def formats() -> Iterable[str]:
    from asr.writers import WRITERS

    return WRITERS


@click.command("transcribe")
@click.argument("files", type=click.Path(), nargs=-1, required=True)
@click.option(
    "--model", type=PATH, metavar="FILE", help="A .onnx file of 'asr export'; the one that ships, unless given."
)
@click.option(
    "--format", "kind", type=OneOf(formats), default="txt", show_default=True,
    help="txt: the text alone; json: one object a file, with words, times and confidences; "
    "ctm, srt, textgrid: words with times.",
)  # fmt: skip
@options.decoding
@click.option("--nbest", type=int, metavar="N", help="For beam: json also tells the N - 1 next best readings.")
@options.threads
@click.pass_context
def command(
    ctx: click.Context,
    /,
    files: tuple[str, ...],
    model: Path | None,
    kind: str,
    **settings: Any,
) -> None:
    """Print what is said in audio files.

    Reads WAV, FLAC, Ogg, Opus, MP3 and NIST sphere at any rate; M4A, WebM and video with:
    pip install 'bilstm-asr[video]'

    The text goes to standard output, one line a file, after the file's name and a tab where there are several;
    everything else goes to standard error. A file that cannot be read does not stop the others, and makes the exit
    code 1.

    \b
    Example:
      asr transcribe talk.flac
      asr transcribe talk.flac --decoder beam --lm lm.bin --hotwords names.txt
    """
    import asr
    from asr.writers import get_writer

    writer = get_writer(kind)
    recognizer = asr.load(**given(path=model, **settings))
    failed = 0
    for name, result in recognizer.transcribe_each(files):
        if isinstance(result, AsrError):
            complain(result)
            failed += 1
        else:
            warn(name, result.warnings)
            click.echo(writer.write(name, result, several=len(files) > 1))
    if failed:
        ctx.exit(1)
