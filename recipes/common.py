"""What the recipes share: prepare a corpus, then for every seed train, export, verify and score, and write the table.

Every step is a command of `asr`, printed and called as a user would call it. A step whose result is there already is
skipped, so that a run that was stopped goes on when it is started again; training goes on from its last saved state.
"""

from __future__ import annotations

import argparse
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import results

from asr import config as settings
from asr.errors import AsrError
from asr.files import existing_file, replacing

RECIPES = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Recipe:
    """A corpus of `asr.corpora`, the file name of the model made from it, and the training settings."""

    corpus: str
    model: str
    config: Path


def parser(description: str | None, config: Path) -> argparse.ArgumentParser:
    """Return the options that every recipe has."""
    options = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--source", type=Path, required=True, metavar="DIR", help="the unpacked corpus")
    options.add_argument("--out", type=Path, required=True, metavar="DIR", help="where data, models and RESULTS.md go")
    options.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], metavar="N", help="one model each (1 2 3)")
    options.add_argument("--config", type=Path, default=config, metavar="FILE", help="other training settings")
    return options


def main(
    corpus: str, model: str, *, source: Path, out: Path, seeds: list[int], config: Path, leave_one_out: bool = False
) -> None:
    """Run a recipe with the options of `parser`; a user's mistake ends it with one sentence and exit code 1."""
    try:
        recipe = Recipe(corpus, named(model, corpus, config), existing_file(config, "config"))
        run(recipe, source, out, seeds, leave_one_out=leave_one_out)
    except AsrError as error:
        sys.exit(f"{type(error).__name__}: {error}")


def run(recipe: Recipe, source: Path, out: Path, seeds: list[int], *, leave_one_out: bool = False) -> None:
    """Do all of a recipe; `out` then holds RESULTS.md and the model of the seed with the lowest error rate on dev."""
    data = out / "data"
    claim(out / "source.txt", str(source.resolve()), begun=(data / "test.jsonl").exists())
    claim(out / "config.toml", recipe.config.read_text("utf-8"), begun=any(out.rglob("epochs.csv")))
    step(data / "test.jsonl", "prepare", recipe.corpus, "--source", source, "--out", data)
    runs = [one_model(recipe, data, out / f"seed{seed}", seed) for seed in dict.fromkeys(seeds)]
    left_out = []
    if leave_one_out:
        speakers = sorted(path.parent.name for path in data.glob("loso/*/test.jsonl"))
        left_out = [one_model(recipe, data / "loso" / name, out / "loso" / name, seeds[0]) for name in speakers]
    config = settings.load(recipe.config)
    best = min(runs, key=lambda each: (each.dev[config.train.measure], each.dev["wer"], each.dev["cer"]))
    copy(best.model, out / recipe.model)
    said = command(recipe, seeds, leave_one_out)
    write(out / "RESULTS.md", results.page(recipe.corpus, said, config, data, runs, best, left_out))
    print(f"{out / 'RESULTS.md'}: written; the model is {out / recipe.model}", file=sys.stderr)


def named(model: str, corpus: str, config: Path) -> str:
    """Return the file name of the model: with the settings `config-100h.toml` it is `<corpus>-100h.onnx`."""
    variant = config.stem.removeprefix("config-")
    return model if variant == config.stem else f"{corpus}-{variant}.onnx"


def one_model(recipe: Recipe, data: Path, out: Path, seed: int) -> results.Run:
    """Train on `data/{train,dev}.jsonl`, export, verify, and score dev and test with the exported file."""
    model = out / recipe.model
    train, dev = data / "train.jsonl", data / "dev.jsonl"
    step(model, "train", recipe.config, "--train", train, "--dev", dev, "--out", out, "--seed", seed)
    step(model, "export", out, "--out", model)
    step(out / "dev.json", "verify", model, "--checkpoint", out)
    for split in ("dev", "test"):
        score = out / f"{split}.json"
        step(score, "evaluate", model, data / f"{split}.jsonl", "--json", score, "--store", split)
    return results.read_run(out, model)


def command(recipe: Recipe, seeds: list[int], leave_one_out: bool) -> str:
    """Return the command that does this again, without the names of this machine's folders."""
    own = RECIPES / recipe.corpus / "config.toml"
    shipped = recipe.config.resolve().is_relative_to(RECIPES)
    shown = f"recipes/{recipe.config.resolve().relative_to(RECIPES).as_posix()}" if shipped else recipe.config.name
    words = [
        "python",
        f"recipes/{recipe.corpus}/run.py",
        "--source",
        "DIR",
        "--out",
        "DIR",
        "--seeds",
        *map(str, seeds),
    ]
    words += ["--config", shown] if recipe.config.resolve() != own else []
    return " ".join([*words, *(["--leave-one-out"] if leave_one_out else [])])


def step(result: Path, *arguments: object) -> None:
    """Run `asr` unless its result is there; where it fails, it has said why, and the recipe ends with its exit code."""
    if result.exists():
        return
    command = [sys.executable, "-m", "asr", *map(str, arguments)]
    print(f"$ asr {shlex.join(command[3:])}", file=sys.stderr, flush=True)
    code = wait(subprocess.Popen(command))
    if code:
        sys.exit(code if code > 0 else 128 - code)


def wait(process: subprocess.Popen[bytes]) -> int:
    """Return the exit code of a process that sees to Ctrl-C itself (subprocess.run would kill it while it saves)."""
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue


def claim(note: Path, made_from: str, *, begun: bool) -> None:
    """Note what a folder is made from, and refuse to mix what was begun with something else."""
    if begun and note.exists() and note.read_text("utf-8") != made_from:
        sys.exit(f"{note}: does not say what is asked for now, and results of it are there; choose another --out")
    write(note, made_from)


def copy(source: Path, target: Path) -> None:
    """Copy a file whole or not at all."""
    with replacing(target) as temporary:
        shutil.copyfile(source, temporary)


def write(path: Path, text: str) -> None:
    """Write a text file whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
