"""`asr tune`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from asr.cli import options
from asr.cli.options import PATH, given
from asr.cli.output import per_cent, write_json
from asr.errors import DataError

if TYPE_CHECKING:
    from asr.tuning import Trial, Tuned


@click.command("tune")
@click.argument("model", type=PATH)
@click.argument("manifest", type=PATH)
@click.option("--lm", type=PATH, required=True, metavar="FILE", help="An n-gram model that has not seen MANIFEST.")
@click.option("--lexicon", type=PATH, metavar="FILE", help="The only words that may be said.")
@click.option("--json", "json_file", type=PATH, metavar="FILE", help="Also write every trial there.")
@options.threads
def command(
    model: Path, manifest: Path, lm: Path, lexicon: Path | None, json_file: Path | None, threads: int | None
) -> None:
    """Find the settings of the beam search that read a set best.

    MANIFEST is a development set, and the settings are kept in the model file.

    Searches the weight of the language model, the bonus for a word and the width of the beam, prints the error rate of
    every trial, and writes the best into MODEL, where --decoder beam --lm finds them. The language model must not have
    been trained on the texts of MANIFEST: train it on the rest, tune, then train it again on all. Confidences are
    calibrated on the same set. Needs: pip install 'bilstm-asr[beam]'

    \b
    Example:
      asr tune model.onnx data/dev.jsonl --lm lm.bin
    """
    from asr import bundle
    from asr import manifest as manifests
    from asr.lm import load
    from asr.recognizer import Recognizer
    from asr.tuning import Bench, tune

    utterances = manifests.read(manifest)
    recognizer = Recognizer(model, **given(threads=threads))
    try:
        bench = Bench(recognizer, utterances)
    except DataError as error:
        raise DataError(f"{manifest}: {error}") from error
    tuned = tune(bench, given(lm=load(lm), lexicon=lexicon), seen=progress)
    click.echo(surface(tuned))
    info = recognizer.info
    bundle.update(model, replace(info, decoder=dict(info.decoder) | {"beam": tuned.settings}))
    if json_file is not None:
        write_json({"trials": [described(trial) for trial in tuned.trials], "best": tuned.settings}, json_file)


def progress(trial: Trial) -> None:
    if sys.stderr.isatty():
        click.echo(f"\rWER {per_cent(trial.wer)} with {_shown(trial)}\x1b[K", nl=False, err=True)


def described(trial: Trial) -> dict[str, Any]:
    return {**trial.settings, "wer": trial.wer, "cer": trial.cer}


def surface(tuned: Tuned) -> str:
    """Return the word error rates as a table, a line a weight and a column a bonus, and what was chosen."""
    widest = max(trial.settings["beam"] for trial in tuned.trials)
    rates = {
        (trial.settings["lm_weight"], trial.settings["word_bonus"]): trial.wer
        for trial in tuned.trials
        if trial.settings["beam"] == widest
    }
    weights, bonuses = (sorted({key[axis] for key in rates}) for axis in (0, 1))
    lines = [f"WER in per cent, beam {widest}; down: lm_weight, across: word_bonus"]
    lines.append("        " + "".join(f"{bonus:8g}" for bonus in bonuses))
    for weight in weights:
        cells = (rates.get((weight, bonus)) for bonus in bonuses)
        lines.append(f"{weight:8g}" + "".join(" " * 8 if cell is None else f"{100 * cell:8.2f}" for cell in cells))
    lines += [
        f"best: {_shown(tuned.best)}: WER {per_cent(tuned.best.wer)}, CER {per_cent(tuned.best.cer)}",
        f"confidence: expected calibration error {tuned.error_before:.3f}, calibrated {tuned.error_after:.3f}",
    ]
    return "\n".join(lines)


def _shown(trial: Trial) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in trial.settings.items())
