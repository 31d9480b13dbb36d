"""What several commands print and write."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from asr.errors import AsrError
from asr.files import replacing
from asr.writers.names import encodable

if TYPE_CHECKING:
    from asr.scoring import Report


def complain(error: AsrError) -> None:
    """Print what went wrong, as one line on standard error."""
    click.echo(f"asr: error: {error}", err=True)


def warn(name: str, warnings: Iterable[str]) -> None:
    """Print what makes the text of a file doubtful, a line each on standard error."""
    for sentence in warnings:
        click.echo(f"asr: warning: {encodable(name)}: {sentence}", err=True)


def as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)


def write_json(value: object, path: Path) -> None:
    """Write a value whole or not at all; raises OutputError."""
    with replacing(path) as temporary:
        # A lone surrogate, which a JSON text may hold, has no UTF-8; backslashreplace writes it as JSON escapes it.
        temporary.write_text(as_json(value) + "\n", encoding="utf-8", errors="backslashreplace")


def print_report(report: Report, *, details: bool) -> None:
    """Print the error rates in per cent with their counts, and before them, with `details`, every pair aligned."""
    for utterance in report.utterances if details else ():
        click.echo(f"{utterance.id}: errors {utterance.errors}, words {utterance.words}")
        click.echo(f"{utterance.alignment}\n")
    wrong = sum(utterance.errors > 0 for utterance in report.utterances)
    click.echo(
        f"WER {per_cent(report.wer)}: {report.errors} errors in {report.words} words "
        f"({report.substitutions} substitutions, {report.deletions} deletions, {report.insertions} insertions)\n"
        f"CER {per_cent(report.cer)}: {report.char_errors} errors in {report.characters} characters, spaces included\n"
        f"SER {per_cent(report.ser)}: {wrong} of {len(report.utterances)} utterances with an error"
    )


def per_cent(fraction: float) -> str:
    return f"{100 * fraction:.2f} %"
