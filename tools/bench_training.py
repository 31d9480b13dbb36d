"""Show what share of training goes into data loading, features and augmentation.

    python tools/bench_training.py RUN                                     # a run's folder, read from its epochs.csv
    python tools/bench_training.py CONFIG --train TRAIN.jsonl --dev DEV.jsonl [--epochs 3]    # trains, keeps nothing

The share is of the wall time of an epoch's steps, evaluation on dev left out. The first epoch reads and resamples
every file; the later ones take what fits into train.cache_gb from memory, so both stand in the table.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
from pathlib import Path
from statistics import mean, median

from asr import config
from asr.errors import AsrError
from asr.files import existing_file
from asr.train.loop import train


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="a run's folder, or a config to train with")
    parser.add_argument("--train", type=Path, help="manifest; needed with a config")
    parser.add_argument("--dev", type=Path, help="manifest; needed with a config")
    parser.add_argument("--epochs", type=int, default=3)
    options = parser.parse_args()
    try:
        if options.source.is_dir():
            report(options.source)
        elif options.train is None or options.dev is None:
            parser.error("a config needs --train and --dev")
        else:
            measure(options.source, options.train, options.dev, options.epochs)
    except AsrError as error:
        sys.exit(f"{type(error).__name__}: {error}")


def measure(path: Path, train_manifest: Path, dev_manifest: Path, epochs: int) -> None:
    """Train some epochs in a folder that is thrown away, and report on them."""
    settings = config.load(path)
    short = settings.model_copy(update={"train": settings.train.model_copy(update={"epochs": epochs})})
    with tempfile.TemporaryDirectory() as folder:
        train(short, train_manifest, dev_manifest, Path(folder))
        report(Path(folder))


def report(run: Path) -> None:
    with open(existing_file(run / "epochs.csv", "table of epochs"), newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    shares = [float(row["data_share"]) for row in rows]
    seconds = [float(row["seconds"]) for row in rows]
    speeds = [float(row["audio_s_per_s"]) for row in rows]
    print("epochs        data share (least to greatest)  audio s/s  seconds an epoch, dev included")
    for name, part in (("first", slice(0, 1)), ("later", slice(1, None))):
        if chosen := shares[part]:
            print(
                f"{name} ({len(chosen)})".ljust(14)
                + f"{median(chosen):6.1%} ({min(chosen):.1%} to {max(chosen):.1%})".ljust(32)
                + f"{median(speeds[part]):9.0f}{mean(seconds[part]):12.1f}"
            )


if __name__ == "__main__":
    main()
