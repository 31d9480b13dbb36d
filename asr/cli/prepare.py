"""`asr prepare`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from asr.cli.options import PATH, OneOf


def corpora() -> Iterable[str]:
    from asr.corpora import CORPORA

    return CORPORA


@click.command("prepare")
@click.argument("corpus", type=OneOf(corpora))
@click.option(
    "--source",
    type=PATH,
    metavar="DIR",
    help="The unpacked corpus, as it was published; with --download the folder that it is loaded into, "
    "OUT/source unless given.",
)
@click.option("--out", type=PATH, required=True, metavar="OUT", help="Where the manifests go.")
@click.option("--download", is_flag=True, help="Load and unpack the corpus first, or what is not there of it yet.")
@click.option(
    "--splits",
    multiple=True,
    metavar="NAME,NAME",
    help="With --download: which parts of a large corpus, as its publisher names them.",
)
@click.option("--mirror", multiple=True, metavar="URL", help="With --download: look for the archives below URL first.")
@click.option("--delete-archives", is_flag=True, help="With --download: keep no archive once it is unpacked.")
def command(
    corpus: str,
    source: Path | None,
    out: Path,
    download: bool,
    splits: tuple[str, ...],
    mirror: tuple[str, ...],
    delete_archives: bool,
) -> None:
    """Turn a published corpus into manifests.

    Writes one file SPLIT.jsonl a split (train, dev, test) and prints their names. A manifest has one utterance a line,
    as JSON with id, audio, text, duration_s and speaker. Audio stays where it is; what cannot be read as it was
    published is converted below OUT/audio.

    A download that was stopped goes on when it is started again. docs/CORPORA.md lists what can be loaded, how large
    it is and under which licence.

    \b
    Examples:
      asr prepare an4 --source ~/Downloads/an4 --out data
      asr prepare librispeech --download --splits train-clean-100,dev-clean,test-clean --out data
    """
    from asr import corpora
    from asr.cli.progress import Console

    for option, value in {"--splits": splits, "--mirror": mirror, "--delete-archives": delete_archives}.items():
        if value and not download:
            raise click.UsageError(f"{option} is for --download")
    if source is None and not download:
        raise click.UsageError("Missing option '--source' (or --download, to have the corpus loaded).")
    with Console() as console:
        paths = corpora.prepare(
            corpus,
            source,
            out,
            download=download,
            splits=_names(splits),
            mirrors=mirror,
            keep_archives=not delete_archives,
            report=console,
        )
    for path in paths.values():
        click.echo(str(path))
    click.echo(f"{corpus}: licence: {corpora.get_corpus(corpus).licence}", err=True)


def _names(splits: tuple[str, ...]) -> list[str]:
    return [name.strip() for group in splits for name in group.split(",") if name.strip()]
