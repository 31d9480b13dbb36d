"""`asr manifest`: convert, filter, split."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from asr.cli.lm import InOrder
from asr.cli.options import PATH, OneOf, given


def formats() -> Iterable[str]:
    from asr.exchange import EXCHANGES

    return EXCHANGES


class Pairs(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.4 alone
    """NAME=VALUE with commas in between, as a dict."""

    name = "pairs"

    def __init__(self, kind: type[str] | type[float]) -> None:
        self.kind = kind

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, Any]:
        if isinstance(value, dict):
            return value
        pairs = [pair.partition("=") for pair in value.split(",")]
        try:
            if all(name and part for name, _, part in pairs):
                return {name: self.kind(part) for name, _, part in pairs}
        except ValueError:
            pass
        self.fail(f"{value!r} where NAME=VALUE is needed, and commas between several", param, ctx)


@click.group("manifest", cls=InOrder)
def command() -> None:
    """Convert, filter and split manifests.

    A pattern such as 'train-*.jsonl' names the shards of a manifest together.

    \b
    Example:
      asr manifest convert kaldi/data/train --from kaldi --out train.jsonl
      asr manifest filter train.jsonl --max-s 20 --out short.jsonl
      asr manifest split all.jsonl --shares dev=0.05,test=0.05 --out data
    """


@command.command("convert")
@click.argument("source", type=PATH)
@click.option("--from", "source_format", type=OneOf(formats), help="What SOURCE is; jsonl, a manifest, unless given.")
@click.option("--to", "out_format", type=OneOf(formats), help="What to write; jsonl, a manifest, unless given.")
@click.option("--out", type=PATH, required=True, metavar="PATH", help="The file or folder to write.")
@click.option(
    "--columns", type=Pairs(str), metavar="KEY=NAME,...",
    help="What SOURCE calls the keys of a manifest, such as audio=path,text=sentence.",
)  # fmt: skip
@click.option("--root", type=PATH, metavar="DIR", help="Where relative audio paths of SOURCE start.")
@click.option("--size", type=click.IntRange(min=1), metavar="N", help="Write shards of N utterances, PATH-00000...")
def convert_command(
    source: Path, out: Path, columns: dict[str, str] | None, root: Path | None, size: int | None, **formats: str | None
) -> None:
    """Turn a set of utterances from one format into another.

    Formats: audiofolder (Hugging Face), csv and tsv with a header, jsonl (a manifest), kaldi (a data folder), lhotse (a
    CutSet), nemo, webdataset (tar archives, whose audio is used where it is). Prints the files that it wrote, and on
    standard error what the format cannot hold.

    \b
    Example:
      asr manifest convert 'shards/train-*.tar' --from webdataset --out train.jsonl
      asr manifest convert train.tsv --from tsv --columns audio=path,text=sentence --root clips --out train.jsonl
      asr manifest convert train.jsonl --to lhotse --out cuts.jsonl.gz
    """
    from asr.exchange import convert

    converted = convert(
        source, out, reading=given(columns=columns, root=root), writing=given(size=size), **given(**formats)
    )
    for path in converted.files:
        click.echo(str(path))
    click.echo(f"{converted.utterances} utterances", err=True)
    for what, count in sorted(converted.lost.items()):
        click.echo(f"not kept, since the format cannot hold it: {what} (of {count} utterances)", err=True)


@command.command("filter")
@click.argument("manifest", type=PATH)
@click.option("--out", type=PATH, required=True, metavar="FILE", help="The manifest to write.")
@click.option("--min-s", type=float, metavar="X", help="Only utterances of X seconds or more.")
@click.option("--max-s", type=float, metavar="X", help="Only utterances of X seconds or less.")
@click.option("--match", metavar="REGEX", help="Only utterances in whose text this regular expression is found.")
@click.option("--ids", type=PATH, metavar="FILE", help="Only utterances whose id is a line of FILE.")
@click.option("--speakers", type=PATH, metavar="FILE", help="Only utterances whose speaker is a line of FILE.")
@click.option("--invert", is_flag=True, help="Take the utterances that would be left out, and leave out the others.")
def filter_command(
    manifest: Path, out: Path, ids: Path | None, speakers: Path | None, invert: bool, **asked: Any
) -> None:
    """Write the utterances of a manifest that have all that is asked for.

    Prints on standard error how many there are. Manifests of any size need little memory.

    \b
    Example:
      asr manifest filter train.jsonl --min-s 1 --max-s 20 --out train-20s.jsonl
      asr manifest filter train.jsonl --ids faulty.txt --invert --out clean.jsonl
    """
    from asr.manifest.picking import Filter, pick

    asked |= {name: names(path) for name, path in given(ids=ids, speakers=speakers).items()}
    chosen = Filter(**given(**asked))
    kept, total = pick(manifest, out, lambda utterance: chosen(utterance) != invert)
    click.echo(str(out))
    click.echo(f"{kept} of {total} utterances", err=True)


@command.command("split")
@click.argument("manifest", type=PATH)
@click.option("--out", type=PATH, required=True, metavar="DIR", help="Where the manifests go.")
@click.option(
    "--shares", type=Pairs(float), required=True, metavar="NAME=SHARE,...",
    help="About which share of the speakers goes where, such as dev=0.05,test=0.05; the rest is train.",
)  # fmt: skip
def split_command(manifest: Path, out: Path, shares: dict[str, float]) -> None:
    """Part a manifest by speakers, always in the same way.

    A hash of the speaker, or of the id where there is none, decides; what is added later moves nobody. Writes
    DIR/NAME.jsonl for each share and DIR/train.jsonl, and prints their names.

    \b
    Example:
      asr manifest split all.jsonl --shares dev=0.05,test=0.05 --out data
    """
    from asr.manifest.picking import split

    for path, count in split(manifest, out, shares).items():
        click.echo(str(path))
        click.echo(f"{count} utterances", err=True)


def names(path: Path) -> frozenset[str]:
    """Return the lines of a file that are not blank."""
    from asr.files import existing_file
    from asr.manifest.shards import lines

    return frozenset(line for _, line in lines(existing_file(path, "list")))
