"""`asr quantize`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from asr.cli.options import PATH, given
from asr.cli.output import complain, precisions_table, write_json
from asr.errors import ModelError, require


@click.command("quantize")
@click.argument("model", type=PATH)
@click.argument("manifest", type=PATH)
@click.option("--out", type=PATH, metavar="DIR", help="Where to write; beside MODEL, unless given.")
@click.option(
    "--precision", "precisions", multiple=True, metavar="NAME",
    help="int8: fastest on a CPU; fp16: for GPUs; int8-weights: small, of standard operators alone. May be given more "
    "than once; all three, unless given.",
)  # fmt: skip
@click.option(
    "--margin", type=float, metavar="POINTS", help="By how many points WER may grow; 0.3 (of 100), unless given."
)
@click.option("--json", "json_file", type=PATH, metavar="FILE", help="Also write what was measured there.")
@click.option("--threads", type=int, metavar="N", help="Cores to measure the speed on; 1, unless given.")
@click.pass_context
def command(
    ctx: click.Context,
    model: Path,
    manifest: Path,
    out: Path | None,
    precisions: tuple[str, ...],
    margin: float | None,
    json_file: Path | None,
    threads: int | None,
) -> None:
    """Write smaller and faster forms of a model file.

    Writes MODEL-int8.onnx, MODEL-fp16.onnx and MODEL-int8-weights.onnx, and prints the error rates on MANIFEST, a
    development set, the size and the speed of each beside MODEL's own. A form whose word error rate grows by more than
    the margin is not written, and makes the exit code 1. 'asr info' prints the table that each file keeps.

    Needs: pip install 'bilstm-asr[onnx]'

    \b
    Example:
      asr quantize model.onnx data/dev.jsonl
    """
    require("onnx", extra="onnx", purpose="quantising")
    from asr.export.quantise import quantise

    share = None if margin is None else margin / 100
    found = quantise(model, manifest, **given(out=out, precisions=precisions or None, margin=share, threads=threads))
    table = [asdict(row) for row in found.table]
    for line in precisions_table(table):
        click.echo(line)
    if json_file is not None:
        write_json({"table": table, "refused": found.refused}, json_file)
    for path in found.files.values():
        click.echo(f"written: {path}")
    for name in found.refused:
        complain(
            ModelError(f"{model}: {name} reads worse by more than the margin, so it was not written; see the table")
        )
    if found.refused:
        ctx.exit(1)
