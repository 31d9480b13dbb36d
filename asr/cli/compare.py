"""`asr compare`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from asr.cli.options import PATH, OneOf, given
from asr.cli.output import write_json
from asr.cli.scored import KINDS

if TYPE_CHECKING:
    from asr.scoring.card import Card
    from asr.scoring.comparison import Comparison


@click.command("compare")
@click.argument("a", type=PATH)
@click.argument("b", type=PATH)
@click.option("--rounds", type=click.IntRange(1), metavar="N", help="Rounds of the bootstrap.")
@click.option("--seed", type=int, metavar="N", help="Seed of the bootstrap.")
@click.option("--level", type=float, metavar="X", help="Share of the rounds in an interval (0.95).")
@click.option("--format", "kind", type=OneOf(lambda: KINDS), default="text", help="What is printed.")
@click.option("--json", "json_file", type=PATH, metavar="FILE", help="Also write the comparison there.")
@click.option("--html", "html_file", type=PATH, metavar="FILE", help="Also write a page of both side by side there.")
@click.option("--audio-mb", type=float, metavar="X", help="Megabytes of audio in the page, worst utterances first.")
def command(
    a: Path,
    b: Path,
    rounds: int | None,
    seed: int | None,
    level: float | None,
    kind: str,
    json_file: Path | None,
    html_file: Path | None,
    audio_mb: float | None,
) -> None:
    """Say whether one of two systems is better.

    A and B are result cards of the same utterances, from --json of 'asr score' or 'asr evaluate'. Prints what differs
    between them, the matched-pairs test, the bootstrap of the difference over utterances and speakers, the sign test
    over speakers, and in plain words whether the difference is real.

    \b
    Example:
      asr compare greedy.json beam.json --html both.html
    """
    from asr.scoring.bootstrap import Bootstrap
    from asr.scoring.card import read_card
    from asr.scoring.comparison import compare

    cards = read_card(a), read_card(b)
    names = (a.stem, b.stem) if a.stem != b.stem else (str(a), str(b))
    comparison = compare(*cards, names, Bootstrap(**given(rounds=rounds, seed=seed, level=level)))
    if json_file is not None:
        write_json(comparison.as_dict(), json_file)
    if html_file is not None:
        from asr.reports.page import write_page

        write_page(cards, html_file, comparison, **given(audio_mb=audio_mb))
    for line in lines(comparison, cards, kind):
        click.echo(line)


def lines(comparison: Comparison, cards: tuple[Card, Card], kind: str) -> Iterator[str]:
    from asr.reports import markdown, text

    if kind == "markdown":
        yield from (*markdown.rows(cards, comparison.names), "", comparison.verdict)
    else:
        yield from text.compared(comparison)
