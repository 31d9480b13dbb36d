"""`asr transcribe`."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from asr.cli import inputs, options
from asr.cli.options import PATH, given
from asr.cli.output import complain, warn
from asr.cli.tally import Tally
from asr.errors import AsrError, OutputError

if TYPE_CHECKING:
    from asr.bulk.hearing import Heard
    from asr.bulk.outputs import Outputs
    from asr.inputs import Reading, Recording
    from asr.writers import Writer

DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)  # which would meet every file that follows


@click.command("transcribe")
@click.argument("files", type=click.Path(), nargs=-1)
@inputs.reading
@click.option(
    "--model", type=PATH, metavar="FILE", help="A .onnx file of 'asr export'; the one that ships, unless given."
)
@inputs.writing
@options.decoding
@click.option("--nbest", type=int, metavar="N", help="For beam: json also tells the N - 1 next best readings.")
@options.threads
@options.provider
@click.pass_context
def command(
    ctx: click.Context,
    /,
    files: tuple[str, ...],
    lists: tuple[Path, ...],
    model: Path | None,
    kinds: tuple[str, ...],
    out: str | None,
    beside: bool,
    force: bool,
    resume: bool,
    engine: str | None,
    quiet: bool,
    **settings: Any,
) -> None:
    """Print what is said in audio files.

    FILES are files, folders, patterns, http and https addresses, and '-' for standard input. Reads WAV, FLAC, Ogg,
    Opus, MP3 and NIST sphere at any rate; M4A, WebM and video with: pip install 'bilstm-asr[video]'

    The text goes to standard output, one line a file, after the file's name and a tab where there are several; with
    --out or --beside to files, which are never replaced unless you say so. Everything else goes to standard error. A
    file that cannot be read does not stop the others, and makes the exit code 1.

    \b
    Example:
      asr transcribe talk.flac
      asr transcribe recordings/ --out texts/ --format txt,srt,json --resume
      asr transcribe talk.flac --decoder beam --lm lm.bin --hotwords names.txt
    """
    from asr.inputs import Reading, find

    if not files and not lists:
        raise click.UsageError("Missing argument 'FILES...': name files, folders or addresses, or a --list of them")
    check_usage(out, beside=beside, force=force, resume=resume)
    if settings["address"] is not None and engine != "ray":
        raise click.UsageError("--address is that of a Ray cluster: add --engine ray")
    reading = Reading(**given(**{name: settings.pop(name) for name in inputs.READING}))
    writers = chosen(kinds, given(**{name: settings.pop(name) for name in inputs.SUBTITLES}))
    recordings = find(files, lists)
    outputs = None
    if out is not None or beside:
        outputs = planned(recordings, out, writers, force=force, resume=resume)
    elif len(writers) > 1 or (len(recordings) > 1 and any(writer.one_recording for writer in writers.values())):
        raise click.UsageError(f"{','.join(kinds)}: one file cannot hold all of it; name a folder with --out")
    todo = recordings if outputs is None else outputs.recordings
    size = sum(recording.size for recording in todo)
    shown = not quiet and len(recordings) > 1 and (outputs is not None or sys.stderr.isatty())
    with Tally(len(todo), size, skipped=len(recordings) - len(todo), shown=shown) as tally:
        results = heard(todo, reading, engine, by_length=outputs is not None, timed=shown, path=model, **settings)
        for one in results:
            put(one, outputs, next(iter(writers.values())), tally, several=len(recordings) > 1)
    if shown and outputs is not None:
        click.echo(tally.summary(), err=True)
    if tally.failed:
        ctx.exit(1)


def check_usage(out: str | None, *, beside: bool, force: bool, resume: bool) -> None:
    """Refuse options that contradict each other or would do nothing."""
    if out is not None and beside:
        raise click.UsageError("--out and --beside name two places: leave one out")
    if force and resume:
        raise click.UsageError("--force replaces what is done and --resume leaves it: leave one out")
    if (force or resume) and out is None and not beside:
        raise click.UsageError("--force and --resume are about files: say where with --out or --beside")


def chosen(kinds: Sequence[str], rules: Mapping[str, Any]) -> dict[str, Writer]:
    """Return the writers of the formats; rules of subtitles need one that is made by them."""
    from asr.writers import SUBTITLES, Rules, get_writer

    if rules and not set(kinds) & set(SUBTITLES):
        raise click.UsageError(f"rules of subtitles need one of the formats {', '.join(SUBTITLES)}: add it to --format")
    return {kind: get_writer(kind, Rules(**rules) if rules else None) for kind in kinds}


def planned(
    recordings: Sequence[Recording], out: str | None, writers: Mapping[str, Writer], *, force: bool, resume: bool
) -> Outputs:
    """Return the files that are to be written."""
    from asr.bulk.outputs import BESIDE, plan, template_of

    template = BESIDE if out is None else template_of(out, recordings, writers)
    return plan(recordings, template, writers, force=force, resume=resume)


def heard(
    recordings: Sequence[Recording],
    reading: Reading,
    engine: str | None,
    *,
    by_length: bool,
    timed: bool,
    **settings: Any,
) -> Iterator[Heard]:
    """Return what an engine hears in the recordings; nothing is started for none."""
    from asr.bulk.engines import ENGINES, on_this_machine

    if not recordings:
        return iter(())
    hear = on_this_machine if engine is None else ENGINES[engine]
    return hear(recordings, reading, by_length=by_length, timed=timed, **given(**settings))


def put(one: Heard, outputs: Outputs | None, writer: Writer, tally: Tally, *, several: bool) -> None:
    """Print or write one result; what is wrong is told and counted."""
    error = one.result if isinstance(one.result, AsrError) else None
    if error is None and outputs is not None:
        error = written(one, outputs)
    tally.count(well=error is None, audio_s=one.duration_s, size=one.recording.size)
    if error is not None:
        tally.clear()
        complain(error)
    elif not isinstance(one.result, AsrError):
        if outputs is None or one.result.warnings:
            tally.clear()
        warn(one.recording.name, one.result.warnings)
        if outputs is None:
            click.echo(writer.write(one.recording.name, one.result, several=several))


def written(one: Heard, outputs: Outputs) -> OutputError | None:
    """Write one result and return what is wrong with its files; a disk that takes no more ends the job."""
    assert not isinstance(one.result, AsrError)
    try:
        outputs.write(one.recording, one.result)
    except OutputError as error:
        if getattr(error.__cause__, "errno", None) in DISK_ERRORS:
            raise
        return error
    return None
