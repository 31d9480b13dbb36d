"""`asr train`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from asr.cli.options import PATH, given
from asr.errors import ConfigError, require

if TYPE_CHECKING:
    from asr.config import Config


@click.command("train")
@click.argument("config", type=PATH)
@click.option("--out", type=PATH, required=True, metavar="DIR", help="The folder of the run.")
@click.option("--train", type=PATH, metavar="MANIFEST", help="What to train on, instead of data.train of CONFIG.")
@click.option("--dev", type=PATH, metavar="MANIFEST", help="What to choose the best by, instead of data.dev of CONFIG.")
@click.option("--seed", type=int, metavar="N", help="Where random numbers start, instead of train.seed of CONFIG.")
@click.option("--epochs", type=int, metavar="N", help="How long to train, instead of train.epochs of CONFIG.")
def command(
    config: Path, out: Path, train: Path | None, dev: Path | None, seed: int | None, epochs: int | None
) -> None:
    """Train a model with the settings of a config.

    CONFIG is a TOML file; an empty one takes every default.

    Shows loss, word error rate on the dev set, speed and time left, and prints the name of the finished model. DIR
    receives last.pt (the state after every epoch), epochs.csv, curves.png, tensorboard/ and at the end model.pt.

    Ctrl-C saves the state; the same command goes on from there.

    Needs: pip install 'bilstm-asr[train]'

    \b
    Example:
      asr train config.toml --train data/train.jsonl --dev data/dev.jsonl --out runs/first
    """
    settings = overridden(config, data=given(train=train, dev=dev), train=given(seed=seed, epochs=epochs))
    manifests = manifest(settings, config, "train"), manifest(settings, config, "dev")
    require("asr.train.loop", extra="train", purpose="training")
    from asr.train import loop

    click.echo(str(loop.train(settings, *manifests, out)))


def overridden(path: Path, **sections: dict[str, Any]) -> Config:
    """Return the settings of a file, in which those of the command line replace its own; raises ConfigError."""
    from asr import config

    values = config.load(path).model_dump()
    return config.parse({name: section | sections.get(name, {}) for name, section in values.items()}, where=str(path))


def manifest(settings: Config, path: Path, split: str) -> Path:
    """Return the manifest of a split; ConfigError where neither the command line nor the settings name one."""
    found: Path | None = getattr(settings.data, split)
    if found is None:
        raise ConfigError(f"{path}: data: names no {split} manifest; add {split!r} there, or give --{split} MANIFEST")
    return found
