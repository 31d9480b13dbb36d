"""`asr align`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from asr.cli import options
from asr.cli.inputs import formats
from asr.cli.options import PATH, OneOf, given
from asr.cli.output import complain
from asr.errors import AsrError, MissingPackage, TextError
from asr.files import existing_file, replacing
from asr.types import Utterance

if TYPE_CHECKING:
    from asr.alignment import AlignedWord, Alignment
    from asr.recognizer import Recognizer

SHOWN = 5  # words, or stretches of them, that a warning names


class Task(NamedTuple):
    """A recording, which is a file or a line of a manifest, with its text."""

    name: str
    audio: Path | Utterance
    text: str


@click.command("align")
@click.argument("audio", type=PATH, required=False)
@click.argument("text", type=PATH, required=False)
@click.option("--words", metavar="WORDS", help="The words themselves, in place of TEXT.")
@click.option("--manifest", type=PATH, metavar="FILE", help="Align every line of a manifest, in place of AUDIO TEXT.")
@click.option(
    "--model", type=PATH, metavar="FILE", help="A .onnx file of 'asr export'; the one that ships, unless given."
)
@click.option(
    "--format", "kind", type=OneOf(formats), default="ctm", show_default=True,
    help="ctm: a line a word; json: with scores and flags; srt: subtitles; textgrid: for Praat.",
)  # fmt: skip
@click.option(
    "--out", type=PATH, metavar="PATH",
    help="Write this file; with --manifest, a file a line into this folder. Standard output, unless given.",
)  # fmt: skip
@options.threads
@options.provider
@click.pass_context
def command(
    ctx: click.Context,
    audio: Path | None,
    text: Path | None,
    words: str | None,
    manifest: Path | None,
    model: Path | None,
    kind: str,
    out: Path | None,
    threads: int | None,
    provider: str | None,
) -> None:
    """Find when each word of a known text is said.

    TEXT is a file in UTF-8. Its words come out as they are written; the model's own text rules are applied to them
    before they are looked for. Words that the model cannot spell get the time that is left between their neighbours.
    Recordings may be hours long. Needs: pip install 'bilstm-asr[beam]'

    A text that does not seem to be what is said, words whose times are interpolated, and recordings that cannot be
    aligned are reported on standard error; only the last make the exit code 1.

    \b
    Example:
      asr align talk.flac talk.txt --format srt --out talk.srt
    """
    import asr
    from asr.writers import get_writer

    check_usage(audio, text, words, manifest)
    writer = get_writer(kind)
    if manifest is not None and out is None and writer.one_recording:
        raise click.UsageError(f"the format {kind} holds one recording; name a folder with --out")
    tasks = read_tasks(audio, text, words, manifest)
    # The text is known: the decoder, and what it would load, is not needed.
    recognizer = asr.load(decoder="greedy", **given(path=model, threads=threads, provider=provider))
    failed = 0
    hidden = manifest is None or not sys.stderr.isatty()
    with click.progressbar(tasks, label="aligning", file=sys.stderr, hidden=hidden) as bar:
        for task in bar:
            try:
                alignment = aligned(recognizer, task)
            except MissingPackage:
                raise
            except AsrError as error:
                complain(error)
                failed += 1
                continue
            for sentence in doubts(alignment):
                click.echo(f"asr: warning: {task.name}: {sentence}", err=True)
            written = writer.write(task.name, alignment, several=manifest is not None and out is None)
            put(written, out and (out / file_name(task.name, writer.suffix) if manifest else out))
    if failed:
        ctx.exit(1)


def check_usage(audio: Path | None, text: Path | None, words: str | None, manifest: Path | None) -> None:
    """Refuse a command line that names no recording, or two texts for one."""
    if manifest is not None:
        if audio is not None or words is not None:
            raise click.UsageError("a manifest names its recordings and their texts: leave out AUDIO, TEXT and --words")
    elif audio is None:
        raise click.UsageError("name a recording and its text: asr align AUDIO TEXT; or a manifest: --manifest FILE")
    elif (text is None) == (words is None):
        raise click.UsageError("give the text of the recording once: as a file, TEXT, or with --words")


def read_tasks(audio: Path | None, text: Path | None, words: str | None, manifest: Path | None) -> list[Task]:
    """Return what is to be aligned; raises MissingFile, ManifestError, TextError."""
    if manifest is not None:
        from asr import manifest as manifests

        return [Task(utterance.id, utterance, utterance.text) for utterance in manifests.read(manifest)]
    if audio is None:
        return []
    return [Task(str(audio), audio, read_text(text) if text is not None else words or "")]


def read_text(path: Path) -> str:
    """Return the text of a file, with or without a byte-order mark; raises MissingFile, TextError."""
    try:
        return existing_file(path, "text file").read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise TextError(f"{path}:{line}: is not UTF-8 ({error.reason}); save the text as UTF-8") from error


def aligned(recognizer: Recognizer, task: Task) -> Alignment:
    """Align one recording; an AsrError names it."""
    from asr import audio
    from asr.alignment import align

    if isinstance(task.audio, Path):
        return align(recognizer, task.audio, task.text)
    try:
        return align(recognizer, audio.read_utterance(task.audio, recognizer.info.rate_hz), task.text)
    except AsrError as error:
        raise type(error)(f"{task.name}: {error}") from error


def doubts(alignment: Alignment) -> list[str]:
    """Return a sentence for each thing about an alignment that its reader should know."""
    from asr.alignment import DOUBTFUL

    sentences = []
    if unheard := [word.text for word in alignment.words if word.interpolated]:
        sentences.append(
            f"{len(unheard)} of {len(alignment.words)} words cannot be spelled with the tokens of the model and have "
            f"interpolated times: {listed(list(dict.fromkeys(map(repr, unheard))))}"
        )
    if alignment.is_doubtful:
        sentences.append(
            f"the text does not seem to be what is said (score {alignment.score:.2f}; matching texts have more than "
            f"{DOUBTFUL:g}); check that the two belong together and that the model knows such speech"
        )
    elif stretches := alignment.doubtful_stretches():
        sentences.append(f"part of the text does not seem to be what is said: {listed(list(map(named, stretches)))}")
    return sentences


def named(stretch: tuple[AlignedWord, AlignedWord]) -> str:
    first, last = stretch
    return f"{first.text!r} to {last.text!r}, {first.start_s:.2f} to {last.end_s:.2f} s"


def listed(things: Sequence[str]) -> str:
    more = f"; and {len(things) - SHOWN} more" if len(things) > SHOWN else ""
    return "; ".join(things[:SHOWN]) + more


def file_name(id: str, suffix: str) -> str:
    """Return a file's name for an id, in which a slash would be a folder."""
    return f"{id.replace('%', '%25').replace('/', '%2F')}.{suffix}"


def put(text: str, path: Path | None) -> None:
    """Write a text to a file, whole or not at all, or print it; raises OutputError."""
    if path is None:
        click.echo(text)
        return
    with replacing(path) as temporary:
        # A lone surrogate, which a JSON manifest may hold, has no UTF-8.
        temporary.write_text(text + "\n", encoding="utf-8", errors="backslashreplace")
