"""`asr doctor`."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from asr.cli import options
from asr.cli.options import PATH, OneOf, given
from asr.cli.output import write_json
from asr.errors import DataError
from asr.files import replacing

if TYPE_CHECKING:
    from asr.doctor import Case, MakeTarget, Target


def checks() -> Iterable[str]:
    from asr.doctor import CHECKS

    return CHECKS


@click.command("doctor")
@click.argument("manifests", nargs=-1, required=True, metavar="[NAME=]MANIFEST...")
@click.option("--model", type=PATH, metavar="FILE", help="Examine for this .onnx file, which listens too.")
@click.option(
    "--config", type=PATH, metavar="FILE", help="Examine for training with this config on the first MANIFEST."
)
@click.option("--json", "json_file", type=PATH, metavar="FILE", help="Also write everything that was found there.")
@click.option("--html", type=PATH, metavar="FILE", help="Also write a page with histograms, for a browser.")
@click.option(
    "--clean", type=PATH, metavar="PATH",
    help="Write the manifest without the lines that have errors; several go into this folder as NAME.jsonl.",
)  # fmt: skip
@click.option(
    "--left-out", type=PATH, metavar="FILE", help="Write what --clean leaves out, a line of JSON each, and why."
)
@click.option(
    "--drop", type=OneOf(checks), multiple=True, help="Leave out what this check found too; may be given again."
)
@click.option("--strict", is_flag=True, help="Exit with 1 where a line has an error.")
@options.threads
def command(
    manifests: Sequence[str],
    model: Path | None,
    config: Path | None,
    json_file: Path | None,
    html: Path | None,
    clean: Path | None,
    left_out: Path | None,
    drop: Sequence[str],
    strict: bool,
    threads: int | None,
) -> None:
    """Say what is wrong with a data set before training on it.

    Reads every recording of each MANIFEST, the training set first, and prints an overview, distributions and findings:
    errors (what cannot be learnt from), warnings and notes. Without --model or --config, an utterance has a frame each
    40 ms and a label each character. A manifest is called by its file, unless NAME= says otherwise. docs/DOCTOR.md
    explains each finding.

    \b
    Example:
      asr doctor data/train.jsonl data/test.jsonl --config config.toml --clean clean --left-out left_out.jsonl
    """
    from asr import doctor

    if model is not None and config is not None:
        raise click.UsageError("a model is examined for, or a config: give one of --model and --config")
    paths = named(manifests)
    targets = clean_paths(clean, paths) if clean is not None else {}
    report = doctor.examine(paths, target(model, config), watch=watched, **given(threads=threads))
    click.echo(doctor.text_page(report))
    out = doctor.left_out(report, drop)
    if json_file is not None:
        write_json(report.as_dict(), json_file)
    if html is not None:
        with replacing(html) as temporary:
            temporary.write_text(doctor.html_page(report), encoding="utf-8", errors="backslashreplace")
    if left_out is not None:
        doctor.write_left_out(report, left_out, out)
    for name, kept in doctor.write_clean(report, targets, out).items():
        click.echo(f"{targets[name]}: {kept} utterances kept", err=True)
    if strict and (count := report.lines("error")):
        found = ", ".join(f"{name} {len(report.found[name])}" for name in report.names("error"))
        lines, them = ("line", "it") if count == 1 else ("lines", "them")
        files = ", ".join(map(str, paths.values()))
        raise DataError(f"{files}: {count} {lines} with errors ({found}); mend {them}, or see --clean")


def named(manifests: Sequence[str]) -> dict[str, Path]:
    """Return the manifests by name; a file that is there is never taken for NAME=FILE."""
    pairs = []
    for argument in manifests:
        name, equals, file = argument.partition("=")
        is_pair = bool(name and equals and file) and not Path(argument).exists()
        pairs.append((name, Path(file)) if is_pair else (Path(argument).stem, Path(argument)))
    twice = [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]
    if twice:
        raise click.UsageError(f"two manifests are called {twice[0]!r}: give names, such as dev=other/{twice[0]}.jsonl")
    return dict(pairs)


def target(model: Path | None, config: Path | None) -> Target | MakeTarget | None:
    """Return what is examined for; raises what reading a model or a config raises."""
    from asr import doctor

    if model is not None:
        return doctor.for_model(model)
    return doctor.for_config(config) if config is not None else None


def clean_paths(clean: Path, paths: Mapping[str, Path]) -> dict[str, Path]:
    """Return where each manifest goes without what is left out of it; one that is examined is not overwritten."""
    into = {name: clean / f"{name}.jsonl" for name in paths} if len(paths) > 1 else dict.fromkeys(paths, clean)
    for path in into.values():
        if any(path.exists() and other.exists() and path.samefile(other) for other in paths.values()):
            raise click.UsageError(f"--clean would overwrite {path}: name another file or folder")
    return into


def watched(cases: Iterable[Case], total: int) -> Iterator[Case]:
    """Yield the utterances while a bar on a terminal shows how many are done."""
    hidden = not sys.stderr.isatty()
    with click.progressbar(cases, length=total, label="examining", file=sys.stderr, hidden=hidden) as bar:
        yield from bar
