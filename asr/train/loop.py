"""The training run: load, resume or start, epochs, and the mean of the best."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import Any

import torch

from asr import config as settings
from asr.config import Config
from asr.errors import CheckpointError, ConfigError
from asr.model.ctc import AcousticModel
from asr.train import checkpoint as checkpoints
from asr.train import identity
from asr.train.checkpoint import LAST, MODEL, Checkpoint
from asr.train.data import Data, load_data, statistics
from asr.train.epoch import Tally, Trainer
from asr.train.evaluate import DevResult, class_priors, evaluate
from asr.train.identity import check_same_data, check_same_settings, check_same_sounds, describe, sounds_of
from asr.train.journal import Board, Progress, plot, write_csv
from asr.train.lock import alone_in
from asr.train.optimiser import adamw

SAVE_EVERY_S = 600.0  # an epoch of hours loses at most ten minutes to a crash


class Stopped(KeyboardInterrupt):
    """The user asked to stop; the state was saved, and the same command goes on from there."""


@dataclass
class Run:
    """A run in progress: where it writes, what it trains, how far it has come."""

    out: Path
    config: Config
    data: Data
    model: AcousticModel
    optimizer: torch.optim.Optimizer
    provenance: dict[str, Any]
    history: list[dict[str, Any]] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)

    @property
    def epoch(self) -> int:
        return len(self.history)

    def checkpoint(self, *, whole: bool) -> Checkpoint:
        return Checkpoint(
            config=self.config.model_dump(mode="json"),
            tokens=self.data.tokens,
            tokenizer_state=dict(self.data.tokenizer.state),
            weights={name: weight.detach().cpu().clone() for name, weight in self.model.state_dict().items()},
            provenance=self.provenance,
            history=self.history,
            progress=asdict(self.tally) if whole else {},
            optimizer=self.optimizer.state_dict() if whole else None,
        )

    def save(self) -> None:
        checkpoints.save(self.checkpoint(whole=True), self.out / LAST)

    def evaluate(self) -> DevResult:
        train, device = self.config.train, next(self.model.parameters()).device
        return evaluate(
            self.model, self.data.dev, self.data.references, self.data.cache, self.data.tokens,
            batch_s=train.batch_s, device=device,
        )  # fmt: skip


def train(config: Config, train_manifest: Path, dev_manifest: Path, out: Path) -> Path:
    """Train, or go on with the run in `out`, and return the path of the finished model.

    `out` receives last.pt (the state after every epoch), best/ (the checkpoints to average), epochs.csv, curves.png,
    tensorboard/ and at the end model.pt, the mean of the best checkpoints on dev, with its class priors.
    Raises DataError, TextError, ManifestError, ConfigError, CheckpointError, OutputError; and Stopped on Ctrl-C,
    after the state was saved.
    """
    with alone_in(out), denormals_flushed():
        return trained(resume_or_start(config, train_manifest, dev_manifest, out), config, out)


def trained(run: Run, config: Config, out: Path) -> Path:
    """Take the epochs that a run lacks and write its model."""
    if (out / MODEL).exists() and run.epoch == config.train.epochs:
        print(f"{out / MODEL}: this run is finished; name another folder for a new one", file=sys.stderr)
        return out / MODEL
    trainer = Trainer(run.model, run.optimizer, run.data, config)
    run.save()  # a full disk or a folder that cannot be written shows here, before the first epoch
    board, progress = Board(out / "tensorboard", run.epoch + 1), Progress(config.train.epochs)
    try:
        with stop_requested() as stop:
            for epoch in range(run.epoch, config.train.epochs):
                run_epoch(run, trainer, epoch, progress, stop)
                row = finish_epoch(run, trainer, epoch)
                board.epoch(row)
                progress.epoch(row, seconds_left(run))
    finally:
        progress.close()
        board.close()
    return finish(run)


def resume_or_start(config: Config, train_manifest: Path, dev_manifest: Path, out: Path) -> Run:
    """Return the run saved in `out`, or a new one with fresh weights and measured feature statistics."""
    config = identity.with_version(config)
    state = checkpoints.load(out / LAST) if (out / LAST).exists() else None
    if state is not None:
        check_same_settings(settings.parse(state.config, where=str(out / LAST)), config, out)
        check_same_data(state.provenance, {"train": train_manifest, "dev": dev_manifest}, out)
        check_same_sounds(state.provenance, config.augment.chain, out)
    encoding = (state.tokens, state.tokenizer_state) if state else ()
    data = load_data(config, train_manifest, dev_manifest, *encoding)
    for name in data.dropped:
        print(f"left out, more labels than frames: {name}", file=sys.stderr)
    for name in data.unknown:
        print(f"without a dev loss, characters that have no token: {name}", file=sys.stderr)
    torch.manual_seed(config.train.seed)
    model = checkpoints.new_model(config, vocab=len(data.tokens)).to(choose_device(config.train.device))
    optimizer = adamw(model, config.train.weight_decay)
    provenance = {
        "train": describe(train_manifest, len(data.train)),
        "dev": describe(dev_manifest, len(data.dev)),
        "sounds": sounds_of(config.augment.chain),
        "dropped": list(data.dropped),
        "torch": torch.__version__,
    }
    run = Run(out, config, data, model, optimizer, provenance)
    if state is None:
        mean, deviation = statistics(model.features.cpu(), data, config.train.batch_s)
        model.to(next(model.parameters()).device)
        model.mean.copy_(torch.from_numpy(mean))
        model.deviation.copy_(torch.from_numpy(deviation))
        return run
    if state.optimizer is None:
        raise CheckpointError(f"{out / LAST}: holds no optimiser state to resume from; choose another folder")
    model.load_state_dict(state.weights)
    optimizer.load_state_dict(state.optimizer)
    return replace(run, history=state.history, tally=Tally(**state.progress))


def run_epoch(run: Run, trainer: Trainer, epoch: int, progress: Progress, stop: threading.Event) -> None:
    """Take the steps of one epoch; on a request to stop, save the state and raise Stopped."""
    saved_at = time.monotonic()

    def after_step(tally: Tally, steps: int) -> bool:
        nonlocal saved_at
        speed = tally.audio_s / max(tally.seconds, 1e-9)
        progress.step(epoch, steps, tally.steps, tally.train_loss, speed, seconds_left(run))
        if stop.is_set() or time.monotonic() - saved_at > SAVE_EVERY_S:
            run.save()
            saved_at = time.monotonic()
        return not stop.is_set()

    trainer.run(epoch, run.tally, after_step)
    if stop.is_set():
        raise Stopped(f"stopped; the state is in {run.out / LAST}, run the same command to resume")


def finish_epoch(run: Run, trainer: Trainer, epoch: int) -> dict[str, Any]:
    """Measure on dev, write the line of the epoch, keep the checkpoint if it is among the best; return the line."""
    started = time.perf_counter()
    result, tally = run.evaluate(), run.tally
    seconds = tally.seconds + time.perf_counter() - started
    row: dict[str, Any] = {
        "epoch": epoch + 1,
        "train_loss": tally.train_loss,
        "dev_loss": result.loss,
        "dev_wer": result.wer,
        "dev_cer": result.cer,
        "learning_rate": trainer.schedule(epoch + 1),
        "seconds": seconds,
        "audio_s_per_s": tally.audio_s / tally.seconds,
        "data_share": tally.data_seconds / tally.seconds,
        "skipped": tally.skipped,
    }
    run.history.append(row)
    run.tally = Tally()
    keep_best(run)
    run.save()
    drop_rest(run)
    write_csv(run.history, run.out / "epochs.csv")
    return row


def ranked(run: Run) -> list[dict[str, Any]]:
    """Return the lines of the epochs, the best first."""
    return sorted(run.history, key=lambda row: result_of(row).rank(run.config.train.measure))


def result_of(row: dict[str, Any]) -> DevResult:
    return DevResult(row["dev_loss"], row["dev_wer"], row["dev_cer"])


def best_epochs(run: Run) -> list[int]:
    return sorted(row["epoch"] for row in ranked(run)[: run.config.train.average])


def best_path(run: Run, epoch: int) -> Path:
    return run.out / "best" / f"epoch-{epoch:04d}.pt"


def keep_best(run: Run) -> None:
    """Write the weights of the epoch just done if they are among the best."""
    if run.epoch in best_epochs(run):
        checkpoints.save(run.checkpoint(whole=False), best_path(run, run.epoch))


def drop_rest(run: Run) -> None:
    """Remove the weights that are no longer among the best; only after `last.pt` knows of what replaced them."""
    best = {best_path(run, epoch) for epoch in best_epochs(run)}
    for path in (run.out / "best").glob("epoch-*.pt"):
        if path not in best:
            path.unlink()


def finish(run: Run) -> Path:
    """Write model.pt, the mean of the best checkpoints or, where better on dev, the best alone; draw the curves."""
    best = best_epochs(run)
    states = {epoch: checkpoints.load(best_path(run, epoch)).weights for epoch in best}
    winner, measure = ranked(run)[0], run.config.train.measure
    run.model.load_state_dict(checkpoints.mean_weights(list(states.values())))
    result, chosen = run.evaluate(), best
    if result_of(winner).rank(measure) < result.rank(measure):
        run.model.load_state_dict(states[winner["epoch"]])
        result, chosen = result_of(winner), [winner["epoch"]]
    run.provenance |= {"epochs_averaged": chosen, "dev_result": asdict(result)}
    run.provenance["training_seconds"] = round(sum(row["seconds"] for row in run.history), 1)
    plot(run.history, run.out / "curves.png")
    priors = class_priors(run.model, run.data.train, run.data.cache, batch_s=run.config.train.batch_s)
    checkpoints.save(replace(run.checkpoint(whole=False), priors=priors), run.out / MODEL)
    epochs = ", ".join(map(str, chosen))
    print(
        f"{run.out / MODEL}: mean of epochs {epochs}; dev WER {result.wer:.2%}, CER {result.cer:.2%}", file=sys.stderr
    )
    return run.out / MODEL


def seconds_left(run: Run) -> float:
    """Return the time that the remaining epochs will take at the mean speed so far."""
    done = sum(row["seconds"] for row in run.history)
    return done / run.epoch * (run.config.train.epochs - run.epoch) - run.tally.seconds if run.epoch else 0.0


def choose_device(name: str) -> torch.device:
    """Return the device of that name; 'auto' takes a CUDA GPU where there is one. Raises ConfigError."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(f"train: device {name!r} cannot be used here ({error}); choose 'auto' or 'cpu'") from error
    return device


@contextlib.contextmanager
def denormals_flushed() -> Iterator[None]:
    """Round denormal numbers to zero in the block: decayed states of an LSTM are denormal, and slow by a factor of ten.

    Off again afterwards, since the setting is the whole process's and other code may count on such numbers.
    """
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


@contextlib.contextmanager
def stop_requested() -> Iterator[threading.Event]:
    """Turn the first Ctrl-C into a flag, so that a step is never cut in two; the second one interrupts at once."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def request(number: int, frame: FrameType | None) -> None:
        stop.set()
        signal.signal(signal.SIGINT, before)
        print("\nstopping after this step; once more to quit without saving", file=sys.stderr)

    before = signal.signal(signal.SIGINT, request)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
