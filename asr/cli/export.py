"""`asr export`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from asr.cli.options import PATH, OneOf, given

OWN = "onnx"


def targets() -> Iterable[str]:
    from asr.export.targets import TARGETS

    return (OWN, *TARGETS)


@click.command("export")
@click.argument("source", type=PATH, required=False)
@click.option("--out", type=PATH, required=True, metavar="PATH", help="The model file to write, or the folder.")
@click.option(
    "--target", type=OneOf(targets), default=OWN, show_default=True,
    help="onnx: one file for any ONNX runtime; otherwise the engine to write a folder for.",
)  # fmt: skip
@click.option(
    "--manifest", type=PATH, metavar="FILE", help="Recordings to compare on; those of the run's dev set, unless given."
)
@click.option("--name", metavar="NAME", help="What the model calls itself; the name of the file, unless given.")
@click.option("--licence", metavar="TEXT", help="Licence and notices of the data and the weights, kept in the file.")
def command(source: Path | None, out: Path, target: str, **options: Any) -> None:
    """Write a model as one .onnx file, or for an engine.

    SOURCE is the folder of a run of 'asr train', or a .pt file in it. The file holds all that transcribing needs:
    network, features, tokens, sample rate. It is written only if it says the same as the checkpoint about real
    recordings, alone and in batches. A run needs: pip install 'bilstm-asr[train]'

    For another engine SOURCE may also be a .onnx file of 'asr export', the one that ships unless given, which needs:
    pip install 'bilstm-asr[onnx]'

    \b
    Example:
      asr export runs/first --out model.onnx
      asr export model.onnx --target sherpa --out sherpa
    """
    if target == OWN:
        if source is None:
            raise click.UsageError("SOURCE is missing: name the folder of a run of 'asr train'")
        write(source, out, **options)
    else:
        convert(source, out, target, **options)


def write(source: Path, out: Path, manifest: Path | None, name: str | None, licence: str | None) -> None:
    from asr import bundle
    from asr.export import export

    path = export(source, out, **given(manifest=manifest))
    if labels := given(name=name, licence=licence):
        bundle.update(path, replace(bundle.read_info(path), **labels))
    click.echo(str(path))


def convert(
    source: Path | None, out: Path, target: str, manifest: Path | None, name: str | None, licence: str | None
) -> None:
    from asr.export import targets

    if name is not None or licence is not None:
        raise click.UsageError("--name and --licence go with --target onnx; other targets take those of the file")
    if manifest is not None and (source is None or not targets.is_checkpoint(source)):
        raise click.UsageError("--manifest goes with a run: a model file has been compared when it was exported")
    said = targets.convert(source, out, target=target, **given(manifest=manifest))
    click.echo(f"{out}: {said}")
