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
@click.option("--source", type=PATH, required=True, metavar="DIR", help="The unpacked corpus, as it was published.")
@click.option("--out", type=PATH, required=True, metavar="DIR", help="Where the manifests go.")
def command(corpus: str, source: Path, out: Path) -> None:
    """Turn a published corpus into manifests.

    Writes one file SPLIT.jsonl a split (train, dev, test) and prints their names. A manifest has one utterance a line,
    as JSON with id, audio, text, duration_s and speaker. Audio stays where it is; what cannot be read as it was
    published is converted below DIR/audio.

    \b
    Example:
      asr prepare an4 --source ~/Downloads/an4 --out data
    """
    from asr import corpora

    for path in corpora.prepare(corpus, source, out).values():
        click.echo(str(path))
    click.echo(f"{corpus}: licence: {corpora.get_corpus(corpus).licence}", err=True)
