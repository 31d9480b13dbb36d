"""What a run leaves to look at: progress on the terminal, a CSV line an epoch, TensorBoard, a plot of the curves."""

from __future__ import annotations

import contextlib
import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from asr.errors import OutputError, require
from asr.files import replacing

COLUMNS = (
    "epoch", "train_loss", "dev_loss", "dev_wer", "dev_cer", "learning_rate",
    "seconds", "audio_s_per_s", "data_share", "skipped",
)  # fmt: skip


class Progress:
    """A bar over the steps of each epoch on a terminal, one line an epoch elsewhere; both on standard error."""

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs
        self.bar: Any = None
        self.last_dev = ""
        self.terminal = sys.stderr.isatty()

    def step(self, epoch: int, steps: int, done: int, loss: float, speed: float, left_s: float) -> None:
        if not self.terminal:
            return
        if self.bar is None:
            tqdm = require("tqdm", extra="train", purpose="training").tqdm
            self.bar = tqdm(total=steps, desc=f"epoch {epoch + 1}/{self.epochs}", leave=False, unit="batch")
        self.bar.set_postfix_str(f"loss {loss:.3f}{self.last_dev} {speed:.0f} audio s/s {clock(left_s)} left")
        self.bar.update(done - self.bar.n)

    def epoch(self, row: dict[str, Any], left_s: float) -> None:
        self.close()
        self.last_dev = f" dev WER {row['dev_wer']:.2%}"
        print(
            f"epoch {row['epoch']}/{self.epochs}  loss {row['train_loss']:.4f}  dev loss {row['dev_loss']:.4f}  "
            f"dev WER {row['dev_wer']:.2%}  dev CER {row['dev_cer']:.2%}  {row['audio_s_per_s']:.0f} audio s/s  "
            f"{clock(left_s)} left" + (f"  skipped {row['skipped']}" if row["skipped"] else ""),
            file=sys.stderr,
            flush=True,
        )

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()
            self.bar = None


def clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def write_csv(history: list[dict[str, Any]], path: Path) -> None:
    """Write one line an epoch, with the columns of COLUMNS."""
    with replacing(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows({name: row[name] for name in COLUMNS} for row in history)


class Board:
    """TensorBoard scalars of every epoch under `folder`; OutputError where they cannot be written."""

    def __init__(self, folder: Path, first_epoch: int) -> None:
        self.folder = folder
        writer = require("torch.utils.tensorboard", extra="train", purpose="training").SummaryWriter
        with self.written():
            self.writer = writer(str(folder), purge_step=first_epoch)

    def epoch(self, row: dict[str, Any]) -> None:
        with self.written():
            for name in COLUMNS[1:]:
                self.writer.add_scalar(name, row[name], row["epoch"])
            self.writer.flush()

    def close(self) -> None:
        with self.written():
            self.writer.close()

    @contextlib.contextmanager
    def written(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise OutputError(
                f"{self.folder}: cannot be written ({error.strerror}); free some space and resume"
            ) from error


def plot(history: list[dict[str, Any]], path: Path) -> None:
    """Draw loss and error rates over the epochs."""
    figure = require("matplotlib.figure", extra="train", purpose="the plot of the curves").Figure(
        figsize=(9, 3.6), layout="constrained"
    )
    losses, rates = figure.subplots(1, 2)
    epochs = [row["epoch"] for row in history]
    for axis, names, title in (
        (losses, ("train_loss", "dev_loss"), "CTC loss a label"),
        (rates, ("dev_wer", "dev_cer"), "error rate on dev (greedy)"),
    ):
        for name in names:
            axis.plot(epochs, [row[name] for row in history], label=name.replace("_", " "))
        axis.set(xlabel="epoch", title=title, yscale="log")
        axis.legend()
        axis.grid(alpha=0.3)
    with replacing(path) as temporary:
        figure.savefig(temporary, format="png", dpi=120)
