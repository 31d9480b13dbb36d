"""What several commands print and write."""

from __future__ import annotations

import json
from pathlib import Path

import click

from asr.errors import AsrError
from asr.files import replacing


def complain(error: AsrError) -> None:
    """Print what went wrong, as one line on standard error."""
    click.echo(f"asr: error: {error}", err=True)


def as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)


def write_json(value: object, path: Path) -> None:
    """Write a value whole or not at all; raises OutputError."""
    with replacing(path) as temporary:
        # A lone surrogate, which a JSON text may hold, has no UTF-8; backslashreplace writes it as JSON escapes it.
        temporary.write_text(as_json(value) + "\n", encoding="utf-8", errors="backslashreplace")


def per_cent(fraction: float) -> str:
    return f"{100 * fraction:.2f} %"
