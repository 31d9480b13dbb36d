"""`asr export`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from asr.cli.options import PATH, given


@click.command("export")
@click.argument("checkpoint", type=PATH)
@click.option("--out", type=PATH, required=True, metavar="FILE", help="The model file to write, such as model.onnx.")
@click.option(
    "--manifest", type=PATH, metavar="FILE", help="Recordings to compare on; those of the run's dev set, unless given."
)
@click.option("--name", metavar="NAME", help="What the model calls itself; the name of the file, unless given.")
@click.option("--licence", metavar="TEXT", help="Licence and notices of the data and the weights, kept in the file.")
def command(checkpoint: Path, out: Path, manifest: Path | None, name: str | None, licence: str | None) -> None:
    """Write a trained model as one .onnx file.

    CHECKPOINT is the folder of a run of 'asr train', or a .pt file in it. The file holds all that transcribing needs:
    network, features, tokens, sample rate. It is written only if it says the same as the checkpoint about real
    recordings, alone and in batches.

    Needs: pip install 'bilstm-asr[train]'

    \b
    Example:
      asr export runs/first --out model.onnx
    """
    from asr import bundle
    from asr.export import export

    path = export(checkpoint, out, **given(manifest=manifest))
    if labels := given(name=name, licence=licence):
        bundle.update(path, replace(bundle.read_info(path), **labels))
    click.echo(str(path))
