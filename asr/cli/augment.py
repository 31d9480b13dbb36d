"""`asr augment`: preview."""

from __future__ import annotations

from pathlib import Path

import click

from asr.cli.options import PATH, given
from asr.errors import require


@click.group("augment")
def command() -> None:
    """Hear and see what a config's augmentation makes of speech.

    \b
    Example:
      asr augment preview config.toml data/train.jsonl --out preview
    """


@command.command("preview")
@click.argument("config", type=PATH)
@click.argument("manifest", type=PATH)
@click.option("--out", type=PATH, required=True, metavar="DIR", help="The folder to write to.")
@click.option("--count", type=click.IntRange(min=1), metavar="N", help="How many rows of a batch; 8, unless given.")
@click.option("--seed", type=click.IntRange(min=0), metavar="N", help="Another one is another draw; 0, unless given.")
def preview_command(config: Path, manifest: Path, out: Path, count: int | None, seed: int | None) -> None:
    """Write utterances before and after augmentation, to be judged.

    DIR receives index.html, one page that shows and plays everything by itself, and what it is made of: a WAV file
    before and after, and a picture of spectrograms and masked features, for each row. Prints the name of the page.

    Needs: pip install 'bilstm-asr[train]', and [augment] for tempo, pitch and rooms

    \b
    Example:
      asr augment preview config.toml data/train.jsonl --out preview --count 12
    """
    require("asr.train.preview", extra="train", purpose="the preview of augmentation")
    from asr import config as settings
    from asr.train.preview import preview

    click.echo(str(preview(settings.load(config), manifest, out, **given(count=count, seed=seed))))
