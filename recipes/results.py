"""The page of results that a recipe writes: the table, and the command, data, versions and hardware behind it."""

from __future__ import annotations

import csv
import importlib.metadata
import json
import platform
import statistics
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jiwer
import numpy as np

from asr import __version__, manifest
from asr.config import Config
from asr.corpora import get_corpus
from asr.errors import AsrError
from asr.han import parted, units
from asr.machine import hardware
from asr.scoring.bootstrap import Bootstrap
from asr.text import TextRule, get_rule
from asr.types import Utterance

ERRORS = ("substitutions", "deletions", "insertions")
COST = ("epochs", "minutes", "audio s/s", "data share")
DRAWS = 1000  # of the bootstrap
# What `asr evaluate --json` writes: wer, cer and ser as fractions; words, substitutions, ... as numbers; utterances.
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
    """Read the scores and `epochs.csv` of a finished run's folder; jiwer has to count the same errors."""
    dev, test = (read_score(folder / f"{split}.json") for split in ("dev", "test"))
    with open(folder / "epochs.csv", encoding="utf-8", newline="") as file:
        epochs = list(csv.DictReader(file))
    seconds, speed, share = (
        statistics.mean(float(epoch[column]) for epoch in epochs)
        for column in ("seconds", "audio_s_per_s", "data_share")
    )
    return Run(folder.name, model, dev, test, len(epochs), seconds * len(epochs) / 60, speed, share)


def read_score(path: Path) -> Score:
    """Read what `asr evaluate --json` wrote; raise AsrError where jiwer counts other errors in an utterance."""
    score: Score = json.loads(path.read_text("utf-8"))
    for one in score["utterances"]:
        if (again := counted_by_jiwer(one["reference"], one["hypothesis"])) != (counted := sum(one[e] for e in ERRORS)):
            raise AsrError(f"{path}: utterance {one['id']} has {counted} errors, by jiwer {again}; please report it")
    return score


def counted_by_jiwer(reference: str, hypothesis: str) -> int:
    if not reference:  # of which jiwer knows no count
        return len(units(hypothesis))
    counts = jiwer.process_words(parted(reference), parted(hypothesis))
    return int(counts.substitutions + counts.deletions + counts.insertions)


def page(
    corpus: str, command: str, config: Config, data: Path, runs: Sequence[Run], best: Run, left_out: Sequence[Run]
) -> str:
    """Return the page in Markdown.

    runs: one a seed; best: the one that is kept; left_out: one a speaker left out of training, or none.
    """
    measure = config.train.measure
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
        "Error rates are per cent of the exported file by `asr evaluate`, and jiwer counts as many; CER counts spaces; "
        f"test errors are {'characters' if measure == 'cer' else 'substitutions + deletions + insertions'}. Models are "
        "chosen on dev alone.",
        seeds_table(runs, measure),
        f"Test {measure.upper()}: {spread([run.test[measure] for run in runs])}. Kept is {best.name}, the lowest on "
        f"dev ({per_cent(best.dev[measure])}), with {per_cent(best.test[measure])} on test (95 % confidence "
        f"interval {bounds(best, measure)}, by {DRAWS} draws of its {len(best.test['utterances'])} utterances).",
        voices(data),
    ]
    if measure == "cer":
        paragraphs.append(unheard(data, get_rule(config.text.rules)))
    if left_out:
        paragraphs += ["## One speaker left out of training", left_out_table(left_out)]
    return "\n\n".join(paragraphs) + "\n"


def seeds_table(runs: Sequence[Run], measure: str) -> str:
    """Return one row a seed, with the confidence interval of what is measured on test, and the means over the seeds."""
    head = ("seed", "dev WER", "dev CER", "test WER", "test CER", f"95 % of {measure.upper()}", "test errors", *COST)
    count = {"wer": errors, "cer": lambda score: score["char_errors"]}[measure]
    body = [(seed(run), *rates(run), bounds(run, measure), count(run.test), *cost([run])) for run in runs]
    mean = [statistics.mean(values) for values in zip(*(fractions(run) for run in runs), strict=True)]
    return table(head, [*body, ("mean", *map(per_cent, mean), "", "", *cost(runs))])


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


def interval(score: Score, measure: str) -> tuple[float, float]:
    """Return the 95 % confidence interval of an error rate, by the bootstrap over utterances (Bisani and Ney 2004)."""
    wrong = {"wer": lambda one: sum(one[key] for key in ERRORS), "cer": lambda one: one["char_errors"]}[measure]
    units = {"wer": "words", "cer": "characters"}[measure]
    counts = np.array([(wrong(one), one[units]) for one in score["utterances"]], dtype=np.float64)  # [U, 2]
    errors, total = Bootstrap(rounds=DRAWS).sums(counts).T
    low, high = np.quantile(errors / np.maximum(total, 1.0), [0.025, 0.975])
    return float(low), float(high)


def bounds(run: Run, measure: str) -> str:
    return " to ".join(map(per_cent, interval(run.test, measure)))


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
        part = utterances(data, split)
        speakers = len({utterance.speaker for utterance in part})
        hours = sum(utterance.duration_s for utterance in part) / 3600
        words = sum(len(units(utterance.text)) for utterance in part)
        texts.append(f"{split} {len(part)} utterances, {speakers} speakers, {hours:.2f} h, {words} words")
    return "; ".join(texts)


def utterances(data: Path, split: str) -> list[Utterance]:
    return manifest.read(data / f"{split}.jsonl", check_audio=False)


def voices(data: Path) -> str:
    """Say whose voices the test set has."""
    train, test = ({each.speaker for each in utterances(data, split)} for split in ("train", "test"))
    if "" in test:
        return "The corpus does not say who speaks."
    if train == test and len(test) == 1:
        return "There is one speaker, so that no figure here says anything about another voice."
    if heard := len(test & train):
        return f"Of the {len(test)} speakers of test {heard} are heard in training; about new voices this says little."
    return "No speaker of test is heard in training."


def unheard(data: Path, rule: TextRule) -> str:
    """Say how many characters of test no training text has, so that no model of it can write them."""
    train, test = (
        Counter(character for each in utterances(data, split) for character in rule(each.text))
        for split in ("train", "test")
    )
    return (
        f"Of the {test.total()} characters of test {sum(test[each] for each in test.keys() - train)} are not among the "
        f"{len(train)} different ones of the training texts, so that the model cannot write them."
    )


def software() -> str:
    packages = [f"{name} {importlib.metadata.version(name)}" for name in ("torch", "onnxruntime", "numpy", "jiwer")]
    return ", ".join([f"bilstm-asr {__version__}{commit()}", *packages, f"Python {platform.python_version()}"])


def commit() -> str:
    """Return the checkout's commit, marked where files differ from it, or nothing outside of a checkout."""
    git = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        done = subprocess.run(git, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return f" (commit {done.stdout.strip()})"
