"""`asr verify`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from asr.cli.options import PATH, OneOf, given
from asr.errors import require

if TYPE_CHECKING:
    from asr.export.parity import Certificate, Row


def runtimes() -> Iterable[str]:
    from asr.export.runtimes import RUNTIMES

    return RUNTIMES


@click.command("verify")
@click.argument("model", type=PATH)
@click.argument("other", type=PATH, required=False)
@click.option("--checkpoint", type=PATH, metavar="DIR", help="The run that MODEL was exported from, to compare with.")
@click.option("--runtime", type=OneOf(runtimes), help="Another program to run it with, and compare.")
@click.option(
    "--manifest", type=PATH, metavar="FILE",
    help="Recordings to compare on; those of the run with --checkpoint, else a synthetic signal, unless given.",
)  # fmt: skip
@click.option(
    "--tolerance", type=float, metavar="NATS", help="How far log-probabilities may differ from OTHER's or a runtime's."
)
def command(
    model: Path,
    other: Path | None,
    checkpoint: Path | None,
    runtime: str | None,
    manifest: Path | None,
    tolerance: float | None,
) -> None:
    """Check that a model file is whole and says what it should.

    Checks the file's SHA-256, recordings down to no samples at all, alone and in batches, and the answer to a test
    signal that the file carries. With --checkpoint also that it agrees with the model that it was exported from on
    real recordings, which needs: pip install 'bilstm-asr[train]'

    With --runtime, a table of what sherpa-onnx, Node or a browser say beside this package, recording by recording; it
    is an error where they differ. With OTHER, another model file such as a quantised one, the same table; how far it
    may differ is yours to say with --tolerance.

    \b
    Example:
      asr verify model.onnx --checkpoint runs/first
      asr verify model.onnx --runtime node --manifest data/test.jsonl
    """
    if manifest is not None and checkpoint is None and runtime is None and other is None:
        raise click.UsageError(
            "--manifest goes with --checkpoint, --runtime or OTHER: else there is nothing to compare"
        )
    if tolerance is not None and runtime is None and other is None:
        raise click.UsageError("--tolerance goes with --runtime or OTHER")
    if checkpoint is not None:
        require("asr.export.verify", extra="train", purpose="comparing with a checkpoint")
    check_alone(model)
    if checkpoint is not None:
        check_against(model, checkpoint, manifest)
    if runtime is not None or other is not None:
        certify(model, other, runtime, manifest, tolerance)


def check_alone(model: Path) -> None:
    from asr.export.selfcheck import check

    checked = check(model)
    click.echo(
        f"{model}: {checked.recordings} lengths give the same alone and in a batch ({shown(checked.batch_difference)})"
    )
    if checked.probe_difference is not None:
        click.echo(f"{model}: the test signal gives what it gave at export ({shown(checked.probe_difference)})")


def check_against(model: Path, checkpoint: Path, manifest: Path | None) -> None:
    from asr.export.verify import verify

    agreed = verify(model, checkpoint, **given(manifest=manifest))
    click.echo(f"{model}: {agreed.recordings} recordings give what {checkpoint} gives ({shown(agreed.difference)})")


def certify(
    model: Path, other: Path | None, runtime: str | None, manifest: Path | None, tolerance: float | None
) -> None:
    """Print the table, and refuse what differs: of a runtime always, of another file where a tolerance is given."""
    from asr.export import parity

    certificate = parity.compare(model, other, **given(runtime=runtime, manifest=manifest))
    print_table(certificate)
    if other is None or tolerance is not None:
        parity.check(certificate, **given(tolerance=tolerance))


def print_table(certificate: Certificate) -> None:
    rows = certificate.rows
    width = max(len(row.name) for row in rows)
    click.echo(f"\n{'recording':{width}}  seconds  log-probabilities  text")
    for row in rows:
        apart = "not given" if row.difference is None else f"within {row.difference:.1e}"
        text = ("same" if row.same_starts else "same, at other times") if row.same_text else shown_texts(row)
        click.echo(f"{row.name:{width}}  {row.duration_s:7.2f}  {apart:17}  {text}")
    worst = "not given" if certificate.difference is None else f"within {certificate.difference:.1e}"
    click.echo(
        f"\n{certificate.runtime} against {certificate.reference}: {certificate.same_texts} of {len(rows)} texts are "
        f"the same, log-probabilities {worst}"
    )


def shown_texts(row: Row) -> str:
    return f"{row.found!r}, not {row.expected!r}"


def shown(difference: float) -> str:
    return f"log-probabilities within {difference:.1e}"
