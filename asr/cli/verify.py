"""`asr verify`."""

from __future__ import annotations

from pathlib import Path

import click

from asr.cli.options import PATH, given
from asr.errors import require


@click.command("verify")
@click.argument("model", type=PATH)
@click.option("--checkpoint", type=PATH, metavar="DIR", help="The run that MODEL was exported from, to compare with.")
@click.option(
    "--manifest", type=PATH, metavar="FILE", help="Recordings to compare on; those of the run's dev set, unless given."
)
def command(model: Path, checkpoint: Path | None, manifest: Path | None) -> None:
    """Check that a model file is whole and says what it should.

    Checks the file's SHA-256, recordings down to no samples at all, alone and in batches, and the answer to a test
    signal that the file carries. With --checkpoint also that it agrees with the model that it was exported from on
    real recordings, which needs: pip install 'bilstm-asr[train]'

    \b
    Example:
      asr verify model.onnx --checkpoint runs/first
    """
    from asr.export.selfcheck import check

    if manifest is not None and checkpoint is None:
        raise click.UsageError("--manifest goes with --checkpoint: there is nothing else to compare with")
    if checkpoint is not None:
        require("asr.export.verify", extra="train", purpose="comparing with a checkpoint")
    checked = check(model)
    click.echo(
        f"{model}: {checked.recordings} lengths give the same alone and in a batch ({shown(checked.batch_difference)})"
    )
    if checked.probe_difference is not None:
        click.echo(f"{model}: the test signal gives what it gave at export ({shown(checked.probe_difference)})")
    if checkpoint is not None:
        from asr.export.verify import verify

        agreed = verify(model, checkpoint, **given(manifest=manifest))
        click.echo(f"{model}: {agreed.recordings} recordings give what {checkpoint} gives ({shown(agreed.difference)})")


def shown(difference: float) -> str:
    return f"log-probabilities within {difference:.1e}"
