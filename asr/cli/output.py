"""What several commands print and write."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from asr.errors import AsrError
from asr.files import replacing


def complain(error: AsrError) -> None:
    """Print what went wrong, as one line on standard error."""
    click.echo(f"asr: error: {' '.join(str(error).splitlines())}", err=True)


def warn(name: str, warnings: Iterable[str]) -> None:
    """Print what makes the text of a file doubtful, a line each on standard error."""
    from asr.writers.names import encodable  # here, since most commands load no writers

    for sentence in warnings:
        click.echo(f"asr: warning: {' '.join(encodable(name).splitlines())}: {sentence}", err=True)


def as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)


def write_json(value: object, path: Path) -> None:
    """Write a value whole or not at all; raises OutputError."""
    with replacing(path) as temporary:
        # A lone surrogate, which a JSON text may hold, has no UTF-8; backslashreplace writes it as JSON escapes it.
        temporary.write_text(as_json(value) + "\n", encoding="utf-8", errors="backslashreplace")


def precisions_table(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the lines of what `asr quantize` measured, the first of them the heads of the columns."""
    columns = "{:<13} {:>8} {:>8} {:>8} {:>7} {:>11} {:>10} {:>7}"
    yield columns.format("precision", "MB", "WER", "CER", "errors", "same texts", "real time", "faster")
    for row in rows:
        rates = per_cent(row["wer"]), per_cent(row["cer"])
        speed = f"x {row['speed']:.0f}", f"{row['faster']:.2f} x"
        yield columns.format(
            row["precision"], f"{row['bytes'] / 1e6:.2f}", *rates, row["errors"], row["same_texts"], *speed
        )


def per_cent(fraction: float) -> str:
    return f"{100 * fraction:.2f} %"
