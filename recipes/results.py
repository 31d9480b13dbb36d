"""The page of results that a recipe writes: the table, and the command, data, versions and hardware behind it."""

from __future__ import annotations

import csv
import importlib.metadata
import json
import platform
import statistics
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asr import __version__, manifest
from asr.corpora import get_corpus
from asr.machine import hardware

ERRORS = ("substitutions", "deletions", "insertions")
COST = ("epochs", "minutes", "audio s/s", "data share")
# What `asr evaluate --json` writes: wer, cer and ser as fractions; words, substitutions, ... as numbers.
Score = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """One model: its file, its scores, and what training it took."""

    name: str
    model: Path
    dev: Score
    test: Score
    epochs: int
    minutes: float  # of training, scoring on dev after every epoch included
    audio_s_per_s: float  # mean over the epochs, scoring left out, as the next
    data_share: float  # of the time: loading, features, augmentation


def read_run(folder: Path, model: Path) -> Run:
    """Read the scores and `epochs.csv` of a finished run's folder."""
    dev, test = (json.loads((folder / f"{split}.json").read_text("utf-8")) for split in ("dev", "test"))
    with open(folder / "epochs.csv", encoding="utf-8", newline="") as file:
        epochs = list(csv.DictReader(file))
    seconds, speed, share = (
        statistics.mean(float(epoch[column]) for epoch in epochs)
        for column in ("seconds", "audio_s_per_s", "data_share")
    )
    return Run(folder.name, model, dev, test, len(epochs), seconds * len(epochs) / 60, speed, share)


def page(corpus: str, command: str, data: Path, runs: Sequence[Run], best: Run, left_out: Sequence[Run]) -> str:
    """Return the page in Markdown.

    runs: one a seed; best: the one that is kept; left_out: one a speaker left out of training, or none.
    """
    paragraphs = [
        f"# Results: {corpus}",
        "\n".join(
            [
                f"- Command: `{command}`",
                f"- Data: {corpus} ({get_corpus(corpus).licence}); {amounts(data)}",
                f"- Software: {software()}",
                f"- Hardware: {hardware()}",
            ]
        ),
        "Error rates are per cent of the exported file by `asr evaluate`; CER counts spaces; test errors are "
        "substitutions + deletions + insertions; intervals are from 1,000 bootstrap rounds over utterances. Models are "
        "chosen on dev alone.",
        seeds_table(runs),
        f"Test WER: {spread([run.test['wer'] for run in runs])}. Kept is {best.name}, the lowest on dev "
        f"({per_cent(best.dev['wer'])}), with {per_cent(best.test['wer'])} on test.",
    ]
    if left_out:
        paragraphs += ["## One speaker left out of training", left_out_table(left_out)]
    return "\n\n".join(paragraphs) + "\n"


def seeds_table(runs: Sequence[Run]) -> str:
    """Return one row a seed, and the means over the seeds."""
    head = ("seed", "dev WER", "dev CER", "test WER", "test CER", "test errors", *COST, "95 % interval of test WER")
    body = [(seed(run), *rates(run), errors(run.test), *cost([run]), interval(run.test)) for run in runs]
    mean = [statistics.mean(values) for values in zip(*(fractions(run) for run in runs), strict=True)]
    return table(head, [*body, ("mean", *map(per_cent, mean), "", *cost(runs), "")])


def left_out_table(runs: Sequence[Run]) -> str:
    """Return one row a speaker, heard in test alone, and a row with all errors over all words."""
    head = ("speaker", "dev WER", "test WER", "test errors", "test words", *COST)
    body = [
        (run.name, *map(per_cent, (run.dev["wer"], run.test["wer"])), errors(run.test), run.test["words"], *cost([run]))
        for run in runs
    ]
    dev, test = pooled([run.dev for run in runs]), pooled([run.test for run in runs])
    total = ("pooled", per_cent(dev["wer"]), per_cent(test["wer"]), errors(test), test["words"], *cost(runs))
    return table(head, [*body, total])


def pooled(scores: Sequence[Score]) -> Score:
    """Return the counts of words and errors summed over several sets, and the WER of all of them together."""
    sums = {key: sum(score[key] for score in scores) for key in ("words", *ERRORS)}
    return sums | {"wer": sum(sums[key] for key in ERRORS) / sums["words"]}


def fractions(run: Run) -> tuple[float, ...]:
    return tuple(score[rate] for score in (run.dev, run.test) for rate in ("wer", "cer"))


def rates(run: Run) -> tuple[str, ...]:
    return tuple(map(per_cent, fractions(run)))


def errors(score: Score) -> str:
    counts = [score[key] for key in ERRORS]
    return f"{sum(counts)} ({' + '.join(map(str, counts))})"


def interval(score: Score) -> str:
    """Return the bootstrap interval over utterances, empty where a score has none."""
    found = score.get("intervals", {}).get("utterances", {}).get("wer")
    return f"{per_cent(found[0])} to {per_cent(found[1])}" if found else ""


def cost(runs: Sequence[Run]) -> tuple[str, ...]:
    """Return the means over runs of what COST names."""
    columns = zip(*((run.epochs, run.minutes, run.audio_s_per_s, 100 * run.data_share) for run in runs), strict=True)
    epochs, minutes, speed, share = (statistics.mean(column) for column in columns)
    return (f"{epochs:.0f}", f"{minutes:.1f}", f"{speed:.0f}", f"{share:.1f} %")


def spread(values: Sequence[float]) -> str:
    if len(values) == 1:
        return f"{per_cent(values[0])} with one seed"
    return (
        f"mean {per_cent(statistics.mean(values))}, standard deviation {per_cent(statistics.stdev(values))}, "
        f"{per_cent(min(values))} to {per_cent(max(values))} over {len(values)} seeds"
    )


def per_cent(fraction: float) -> str:
    return f"{100 * fraction:.2f}"


def seed(run: Run) -> str:
    return run.name.removeprefix("seed")


def table(head: Sequence[object], body: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table, all columns but the first aligned to the right."""
    rows = [head, [":--", *["--:"] * (len(head) - 1)], *body]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in rows)


def amounts(data: Path) -> str:
    """Return utterances, speakers, hours and words of the three splits."""
    texts = []
    for split in ("train", "dev", "test"):
        utterances = manifest.read(data / f"{split}.jsonl", check_audio=False)
        speakers = len({utterance.speaker for utterance in utterances})
        hours = sum(utterance.duration_s for utterance in utterances) / 3600
        words = sum(len(utterance.text.split()) for utterance in utterances)
        texts.append(f"{split} {len(utterances)} utterances, {speakers} speakers, {hours:.2f} h, {words} words")
    return "; ".join(texts)


def software() -> str:
    packages = [f"{name} {importlib.metadata.version(name)}" for name in ("torch", "onnxruntime", "numpy")]
    return ", ".join([f"bilstm-asr {__version__}{commit()}", *packages, f"Python {platform.python_version()}"])


def commit() -> str:
    """Return the checkout's commit, marked where files differ from it, or nothing outside of a checkout."""
    git = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        done = subprocess.run(git, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return f" (commit {done.stdout.strip()})"
