"""`asr extend`."""

from __future__ import annotations

from pathlib import Path

import click

from asr.cli.options import PATH
from asr.errors import require


@click.command("extend")
@click.argument("model", type=PATH)
@click.option("--out", type=PATH, required=True, metavar="FILE", help="The model file to write.")
@click.option(
    "--tokens", is_flag=True,
    help="Outputs token_ids, token_frames and token_counts: the greedy text but for a lookup and a join.",
)  # fmt: skip
@click.option("--rates", is_flag=True, help="An input rate_hz: audio at 8, 16, 22.05, 44.1 or 48 kHz.")
@click.option("--features", is_flag=True, help="Features computed as this version exports them, from older files too.")
def command(model: Path, out: Path, **wanted: bool) -> None:
    """Write a model file that leaves its embedder less to do.

    The graph of FILE does what MODEL's does, and besides gives the tokens of the text, takes audio at other sample
    rates, or computes the features in the way of this version; give at least one of the options. docs/FORMATS.md has
    the tensors.

    Needs: pip install 'bilstm-asr[onnx]'

    \b
    Example:
      asr extend model.onnx --tokens --rates --out embedded.onnx
    """
    if not any(wanted.values()):
        raise click.UsageError("give --tokens, --rates or --features: there is nothing else to do")
    require("onnx", extra="onnx", purpose="rewriting a model file")
    from asr.export.extend import extend

    click.echo(str(extend(model, out, **wanted)))
