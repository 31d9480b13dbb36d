"""`asr score`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from asr.cli.options import PATH, OneOf
from asr.cli.scored import Wanted, reporting
from asr.errors import DataError

if TYPE_CHECKING:
    from asr.scoring import Line
    from asr.scoring.hidden import Hidden
    from asr.text import TextRule


def complete_rules(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from asr.text import TEXT_RULES

    return [CompletionItem(name) for name in TEXT_RULES if name.startswith(incomplete)]


def formats() -> Iterable[str]:
    from asr.scoring import READERS

    return READERS


@click.command("score")
@click.argument("reference", type=PATH, metavar="REF")
@click.argument("hypothesis", type=PATH, metavar="HYP")
@click.option(
    "--rules", metavar="NAME", shell_complete=complete_rules,
    help="Text rules for both sides, such as en or de; texts are compared as they are, unless given.",
)  # fmt: skip
@click.option("--hidden", is_flag=True, help="Also print what text rules hide: the error rates under each of them.")
@click.option(
    "--ref-format", type=OneOf(formats), help="What REF is; its suffix and first character say, unless given."
)
@click.option("--hyp-format", type=OneOf(formats), help="What HYP is, likewise.")
@click.option("--speakers", type=PATH, metavar="FILE", help="Lines of an id and its speaker (Kaldi's utt2spk).")
@reporting
def command(
    reference: Path,
    hypothesis: Path,
    rules: str | None,
    hidden: bool,
    ref_format: str | None,
    hyp_format: str | None,
    speakers: Path | None,
    wanted: Wanted,
) -> None:
    """Print the error rates of texts against their references.

    REF and HYP are manifests, JSON lines, CSV or TSV with the columns id and text, Kaldi's lines of an id and the text,
    or NIST's TRN, CTM and STM. Texts are paired by id. Prints word, character and sentence error rates in per cent,
    with their counts and bootstrap intervals.

    \b
    Example:
      asr score data/test.jsonl hypotheses.txt --rules en --json score.json --html score.html
    """
    from asr import scoring, text
    from asr.scoring.scored import Scored

    rule, bootstrap = text.get_rule(rules or "none"), wanted.bootstrap()
    sides = scoring.read_pair(reference, hypothesis, (ref_format, hyp_format))
    references, hypotheses = with_speakers(sides[0], speakers), sides[1]
    said, read = ({id: line.text for id, line in side.items()} for side in (references, hypotheses))
    try:
        report = scoring.score(under(rule, said), under(rule, read), **wanted.choices)
        others = what_rules_hide(said, read, rule, wanted.choices["unit"]) if hidden else []
    except DataError as error:
        raise DataError(f"{reference}, {hypothesis}: {error}") from error
    scored = Scored(
        report,
        wanted.measured(references),
        hypotheses,
        {"text_rules": text.label(rule), **wanted.choices},
        by=wanted.by,
        training=wanted.training_texts(rule),
        hidden=others,
        bootstrap=bootstrap,
    )
    wanted.tell(scored, {"reference": reference, "hypothesis": hypothesis})


def under(rule: TextRule, texts: Mapping[str, str]) -> dict[str, str]:
    return {id: rule(text) for id, text in texts.items()}


def with_speakers(lines: Mapping[str, Line], path: Path | None) -> Mapping[str, Line]:
    """Return the lines with the speakers of a file; raises DataError where it lacks one."""
    if path is None:
        return lines
    from asr import scoring

    known = scoring.read_texts(path)
    if missing := [id for id in lines if id not in known]:
        raise DataError(f"{path}: has no speaker of {missing[0]!r} (and {len(missing) - 1} others); add them")
    return {id: replace(line, speaker=known[id]) for id, line in lines.items()}


def what_rules_hide(
    references: Mapping[str, str], hypotheses: Mapping[str, str], rule: TextRule, unit: str
) -> list[Hidden]:
    """Return the scores without rules, under `basic`, and under the rule that was asked for."""
    from asr import text
    from asr.scoring.hidden import hidden

    rules = {text.label(each): each for each in (*map(text.get_rule, ("none", "basic")), rule)}
    return hidden(references, hypotheses, rules, unit=unit)
