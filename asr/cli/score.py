"""`asr score`."""

from __future__ import annotations

from pathlib import Path

import click
from click.shell_completion import CompletionItem

from asr.cli.options import PATH
from asr.cli.output import print_report, write_json
from asr.errors import DataError


def complete_rules(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from asr.text import TEXT_RULES

    return [CompletionItem(name) for name in TEXT_RULES if name.startswith(incomplete)]


@click.command("score")
@click.argument("reference", type=PATH, metavar="REF")
@click.argument("hypothesis", type=PATH, metavar="HYP")
@click.option(
    "--rules", metavar="NAME", shell_complete=complete_rules,
    help="Text rules for both sides, such as en or de; texts are compared as they are, unless given.",
)  # fmt: skip
@click.option("--details", is_flag=True, help="Also print every utterance, aligned word by word.")
@click.option("--json", "json_file", type=PATH, metavar="FILE", help="Also write rates, counts and utterances there.")
def command(reference: Path, hypothesis: Path, rules: str | None, details: bool, json_file: Path | None) -> None:
    """Print the error rates of texts against their references.

    REF and HYP are manifests, or files with lines of an id, white space and the text. Texts are paired by id. Prints
    word, character and sentence error rates in per cent, with their counts.

    \b
    Example:
      asr score data/test.jsonl hypotheses.txt --rules en
    """
    from asr import scoring, text

    references, hypotheses = scoring.read_texts(reference), scoring.read_texts(hypothesis)
    if rules is not None:
        rule = text.get_rule(rules)
        references, hypotheses = ({id: rule(line) for id, line in side.items()} for side in (references, hypotheses))
    try:
        report = scoring.score(references, hypotheses)
    except DataError as error:
        raise DataError(f"{reference}, {hypothesis}: {error}") from error
    print_report(report, details=details)
    if json_file is not None:
        write_json(report.as_dict(), json_file)
