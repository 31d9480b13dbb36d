"""`asr lm`: train, build, perplexity."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import chain, takewhile
from pathlib import Path
from typing import Any

import click

from asr.cli.options import PATH, given
from asr.cli.output import per_cent
from asr.cli.score import complete_rules

texts = click.argument("texts", type=PATH, nargs=-1, required=True, metavar="TEXT...")
rules = click.option(
    "--rules", metavar="NAME", shell_complete=complete_rules,
    help="Text rules for the sentences, such as en or zh, after which each Han character is a word; "
    "they are taken as they are, unless given.",
)  # fmt: skip


class Counts(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.4 alone
    """Counts from 0 on with spaces or commas between them."""

    name = "counts"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value
        numbers = re.findall(r"[^\s,]+", value)
        if not numbers or not all(number.isdecimal() for number in numbers):
            self.fail(f"{value!r} where counts are needed, one an order, such as: 0 0 1", param, ctx)
        return tuple(map(int, numbers))


class TrainCommand(click.Command):
    """Takes several counts after --prune, as other trainers of n-gram models do."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, gathered(args, "--prune"))


def gathered(args: Sequence[str], option: str) -> list[str]:
    """Join the numbers that follow an option to one argument."""
    if option not in args:
        return list(args)
    first = args.index(option) + 1
    numbers = list(takewhile(str.isdecimal, args[first:]))
    return [*args[:first], *([" ".join(numbers)] if numbers else []), *args[first + len(numbers) :]]


class InOrder(click.Group):
    """The commands in the order of the work."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group("lm", cls=InOrder)
def command() -> None:
    """Train n-gram language models and measure them.

    They help the beam search: 'asr transcribe --decoder beam --lm FILE'.

    \b
    Example:
      asr lm train text.txt --out lm.arpa
      asr lm build lm.arpa --out lm.bin
      asr lm perplexity lm.bin test.txt
    """


@command.command("train", cls=TrainCommand)
@texts
@click.option("--order", type=int, default=3, show_default=True, metavar="N", help="Words in the longest n-grams.")
@click.option(
    "--prune", type=Counts(), metavar="COUNT...",
    help="For each order, n-grams seen so often or more rarely are left out; the last count holds for all longer ones. "
    "0, nothing, unless given.",
)  # fmt: skip
@click.option("--out", type=PATH, required=True, metavar="FILE", help="The ARPA file to write.")
@click.option(
    "--fallback-discounts", is_flag=True, default=None,
    help="Where a text is too small to estimate discounts, take 0.5, 1 and 1.5.",
)  # fmt: skip
@rules
def train_command(texts: tuple[Path, ...], order: int, out: Path, **options: Any) -> None:
    """Train an n-gram model and write it as ARPA.

    TEXT is a file with one sentence a line, plain or gzip, or a manifest (.jsonl), whose texts are taken. The smoothing
    is interpolated modified Kneser-Ney.

    \b
    Example:
      asr lm train text.txt train.jsonl --order 3 --prune 0 0 1 --out lm.arpa
    """
    from asr.lm import estimate

    click.echo(str(estimate.train(texts, order=order, out=out, **given(**options))))


@command.command("build")
@click.argument("arpa", type=PATH)
@click.option("--out", type=PATH, required=True, metavar="FILE", help="The binary to write, such as lm.bin.")
def build_command(arpa: Path, out: Path) -> None:
    """Turn an ARPA file into a binary that opens at once.

    The binary is mapped into memory, and processes that use it share it. ARPA is plain or gzip.

    \b
    Example:
      asr lm build lm.arpa --out lm.bin
    """
    from asr import lm
    from asr.lm import binary

    model = lm.load(arpa)
    binary.save(model, out)
    if model.closed:
        click.echo(f"{arpa}: has no <unk>: a word that it does not know is as good as impossible", err=True)
    click.echo(str(out))


@command.command("perplexity")
@click.argument("model", type=PATH)
@texts
@rules
def perplexity_command(model: Path, texts: tuple[Path, ...], rules: str | None) -> None:
    """Print how well a model foretells texts: its perplexity.

    MODEL is an ARPA file or a binary of 'asr lm build'; TEXT is a file with one sentence a line, plain or gzip, or a
    manifest (.jsonl). The end of each sentence counts as a word.

    \b
    Example:
      asr lm perplexity lm.bin test.txt
    """
    from asr import lm, text
    from asr.han import parted
    from asr.lm.perplexity import perplexity
    from asr.lm.texts import sentences

    lines: Iterable[str] = chain.from_iterable(map(sentences, texts))
    if rules is not None:
        rule = text.get_rule(rules)
        lines = (parted(rule(line)) for line in lines)
    result = perplexity(lm.load(model), lines)
    click.echo(
        f"perplexity {result.including:.2f}, without unknown words {result.excluding:.2f}\n"
        f"{result.words} words in {result.sentences} sentences, "
        f"{result.unknown} unknown ({per_cent(result.unknown / max(1, result.words))})"
    )
