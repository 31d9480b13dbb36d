"""`asr text`: normalise."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from asr.cli.options import PATH
from asr.cli.score import complete_rules
from asr.errors import DataError

if TYPE_CHECKING:
    from asr.text import Change


@click.group("text")
def command() -> None:
    """See what text rules make of a text.

    \b
    Example:
      asr text normalise --rules de --explain transcripts.txt
    """


@command.command("normalise")
@click.argument("texts", type=PATH, metavar="FILE")
@click.option(
    "--rules", required=True, metavar="NAME", shell_complete=complete_rules,
    help="The text rules, such as en, de, zh or basic; with a version, en/1, those that a model carries.",
)  # fmt: skip
@click.option("--explain", is_flag=True, help="Also print below each line what every step changed.")
def normalise_command(texts: Path, rules: str, explain: bool) -> None:
    """Print texts as text rules leave them, one a line.

    FILE has one text a line, plain or gzip, or is a manifest (.jsonl), whose texts are taken; - is standard input.

    \b
    Example:
      asr text normalise --rules de --explain transcripts.txt
    """
    from asr.text import get_rule

    rule = get_rule(rules)
    for line in _lines(texts):
        click.echo(rule(line))
        for change in rule.explain(line) if explain else ():
            click.echo(f"  {_said(change)}")


def _lines(texts: Path) -> Iterator[str]:
    from asr.lm.texts import sentences

    if str(texts) != "-":
        yield from sentences(texts)
        return
    for number, line in enumerate(sys.stdin.buffer, start=1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise DataError(f"standard input:{number}: not UTF-8 text; write it as UTF-8") from error


def _said(change: Change) -> str:
    return f"{change.step}: {change.before or '(nothing)'} -> {change.after or '(nothing)'}"
