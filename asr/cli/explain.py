"""`asr explain`."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from asr.cli import inputs, options
from asr.cli.align import read_text
from asr.cli.evaluate import written
from asr.cli.inputs import Parsed
from asr.cli.options import PATH, given
from asr.cli.origin import made
from asr.cli.output import warn
from asr.errors import AsrError, ConfigError, DataError, OutputError
from asr.files import replacing

if TYPE_CHECKING:
    from asr.explain import Excerpt
    from asr.inputs import Reading


def seconds(text: str) -> float:
    """Return the seconds of `90`, `90.5`, `1:30` or `1:02:03.5`; ConfigError for anything else."""
    total = 0.0
    for part in text.split(":"):
        if not part.replace(".", "", 1).isdecimal() or text.count(":") > 2:
            raise ConfigError(f"time: {text!r} is none; give seconds, or such as 1:30 or 1:02:03.5")
        total = 60 * total + float(part)
    return total


TIME = Parsed("time", seconds)


@click.command("explain")
@click.argument("audio", type=click.Path())
@inputs.form
@click.option("--from", "start_s", type=TIME, metavar="TIME", help="Begin there: seconds, or such as 1:02:03.5.")
@click.option("--to", "end_s", type=TIME, metavar="TIME", help="End there.")
@click.option("--reference", type=PATH, metavar="FILE", help="What is said, in UTF-8: errors are marked.")
@click.option("--words", metavar="WORDS", help="What is said, in place of --reference.")
@click.option("--out", type=PATH, metavar="FILE", help="The page; the name of AUDIO with .html here, unless given.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@click.option(
    "--model", type=PATH, metavar="FILE", help="A .onnx file of 'asr export'; the one that ships, unless given."
)
@options.decoding
@click.option("--nbest", type=click.IntRange(1), metavar="N", help="How many readings are shown; 5 unless given.")
@options.threads
@options.provider
def command(
    audio: str,
    start_s: float | None,
    end_s: float | None,
    reference: Path | None,
    words: str | None,
    out: Path | None,
    force: bool,
    model: Path | None,
    nbest: int | None,
    **settings: Any,
) -> None:
    """Show what is heard in a recording, as a page for a browser.

    One HTML file holds the sound, its waveform and spectrogram, the probability of every token over time, the words
    with their times and confidences, and the next best readings; with what was said, the errors are marked. AUDIO is a
    file, an address or '-' as for 'asr transcribe', up to two minutes of it. Needs: pip install 'bilstm-asr[report]'

    \b
    Example:
      asr explain talk.flac --from 12:40 --to 13:10 --words "what was said there"
    """
    import asr
    from asr import explain
    from asr.inputs import Reading

    if reference is not None and words is not None:
        raise click.UsageError("give what is said once: in a file, --reference, or with --words")
    said = read_text(reference) if reference is not None else words
    if said is not None and not said.split():
        raise DataError(f"{reference or '--words'}: holds no words; leave it out to see what is heard alone")
    reading = Reading(**given(**{name: settings.pop(name) for name in inputs.READING}))
    if reading.tells_channels_apart:
        raise click.UsageError("a page shows one channel: name it, such as --channel left")
    path = target(audio, out, force=force)
    lexicon = settings["lexicon"] is not None
    recognizer = asr.load(**given(path=model, **settings, **of_beam(model, settings["decoder"], nbest)))
    part = taken(audio, reading, recognizer.info.rate_hz, start_s, end_s)
    rules = written(recognizer.info, lexicon)
    heard = explain.explain(recognizer, part, reference=said, rules=rules, **given(nbest=nbest))
    warn(part.name, heard.hypothesis.warnings)
    text = explain.html_page(heard, {"model": recognizer.info.name, **made()})
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace")
    click.echo(path)


def target(audio: str, out: Path | None, *, force: bool) -> Path:
    """Return where the page goes; raises OutputError for what is there already, unless it may be replaced."""
    from asr.inputs import Recording

    name = f"{Recording(audio).fields()['stem']}.html"
    path = Path(name) if out is None else out / name if out.is_dir() else out
    if os.path.abspath(path) == os.path.abspath(audio):
        raise click.UsageError(f"{path} is the recording itself: name another file with --out")
    if os.path.lexists(path) and not force:
        raise OutputError(f"{path}: is there already; --force replaces it, --out names another file")
    return path


def of_beam(model: Path | None, decoder: str | None, nbest: int | None) -> dict[str, int]:
    """Return how many readings are asked of the decoder, if it has more than one."""
    from asr import bundle
    from asr.decoders import DECODERS
    from asr.decoding import settings_of
    from asr.explain import READINGS

    name = decoder or str(bundle.read_info(bundle.default_model() if model is None else model).decoder["name"])
    return {"nbest": nbest or READINGS} if name in DECODERS and "nbest" in settings_of(name) else {}


def taken(audio: str, reading: Reading, rate_hz: int, start_s: float | None, end_s: float | None) -> Excerpt:
    """Return the part of the recording that is shown; an AsrError names it as the user did."""
    from asr.explain import excerpt_of
    from asr.inputs import find
    from asr.inputs.reading import renamed, with_stdin
    from asr.intake import file_of

    recordings = find([audio])
    if len(recordings) > 1:
        raise DataError(f"{audio}: holds {len(recordings)} recordings, and a page shows one; name one of them")
    (recording,) = recordings
    with ExitStack() as stack:
        reading = with_stdin(recordings, reading, stack)
        (part,) = reading.audios(recording, stack)
        try:
            return excerpt_of(part, rate_hz, name=recording.name, **given(start_s=start_s, end_s=end_s))
        except AsrError as error:
            raise renamed(error, str(file_of(part) or recording.name), recording.name) from error
