"""Measure the n-gram models: training beside lmplz, scores beside KenLM's, and how a large binary opens.

    python tools/bench_lm.py TEXT [--heldout FILE] [--order 3] [--lmplz lmplz] [--grams 10000000] [--rounds 5]

TEXT has a sentence a line, or is a transcript of LibriSpeech (*.trans.txt). Both trainers run as processes of their
own, which take turns; memory is the greatest resident set of each. KenLM's python module (pip install kenlm) scores
what ours scores, on 10,000 sequences of the text's words and of words that it lacks. The large binary is made of random
n-grams of words with Zipf's frequencies.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import numpy.typing as npt

from asr import lm
from asr.lm import binary
from asr.lm.model import LanguageModel, assemble
from asr.lm.perplexity import perplexity
from asr.ngrams import Table

LN10 = math.log(10)
SEQUENCES = 10_000
VOCABULARY = 200_000  # words of the large model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("text", type=Path, help="what the models are trained on")
    parser.add_argument("--heldout", type=Path, help="another text, for the perplexity")
    parser.add_argument("--order", type=int, default=3)
    parser.add_argument("--lmplz", default="lmplz", help="KenLM's trainer, if it is there")
    parser.add_argument("--grams", type=int, default=10_000_000, help="n-grams of the large binary; 0 for none")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = plain(options.text, folder)
        heldout = plain(options.heldout, folder) if options.heldout else None
        train(text, heldout, options, folder)
        agree(folder / "ours.arpa", text)
        if options.grams:
            large(options.grams, options.rounds, folder)


def plain(text: Path, folder: Path) -> Path:
    """Return a text in small letters with a sentence a line, without the names that a transcript has."""
    lines = text.read_text(encoding="utf-8").lower().splitlines()
    if text.name.endswith(".trans.txt"):
        lines = [line.partition(" ")[2] for line in lines]
    out = folder / f"{text.stem}.txt"
    out.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return out


# ---- training


def train(text: Path, heldout: Path | None, options: argparse.Namespace, folder: Path) -> None:
    lines = text.read_text(encoding="utf-8").splitlines()
    print(f"{len(lines)} sentences, {sum(len(line.split()) for line in lines)} words, order {options.order}")
    ours = [sys.executable, "-m", "asr", "lm", "train", str(text), "--order", str(options.order)]
    commands = {"ours": [*ours, "--out", str(folder / "ours.arpa")]}
    if lmplz := shutil.which(options.lmplz):
        commands["lmplz"] = [
            lmplz,
            "-S",
            "1G",
            "-o",
            str(options.order),
            "--text",
            str(text),
            "--arpa",
            str(folder / "lmplz.arpa"),
        ]
    else:
        print(f"{options.lmplz}: not found; going on without it")
    measured: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for _ in range(options.rounds):
        for name, command in commands.items():
            measured[name].append(process(command))
    for name, found in measured.items():
        seconds, memory = (median(each[at] for each in found) for at in (0, 1))
        said = f", perplexity {perplexity_of(folder / f'{name}.arpa', heldout):.4f}" if heldout else ""
        print(f"training, {name:6} {seconds:6.2f} s, {memory:6.0f} MB{said}")


def process(command: list[str]) -> tuple[float, float]:
    """Return the seconds and the greatest resident set in megabytes of a command."""
    started = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{' '.join(command)}: ended with {child.returncode}")
    return time.perf_counter() - started, usage.ru_maxrss / 1024


def perplexity_of(arpa: Path, heldout: Path) -> float:
    return perplexity(lm.load(arpa), heldout.read_text(encoding="utf-8").splitlines()).including


# ---- KenLM


def agree(arpa: Path, text: Path) -> None:
    """Print the greatest difference to KenLM's scores, of a word and of a sequence."""
    if importlib.util.find_spec("kenlm") is None:
        print("kenlm: not installed; going on without it")
        return
    import kenlm

    theirs, ours = kenlm.Model(str(arpa)), lm.load(arpa)
    words = differences = sums = 0.0
    for sequence in sequences(ours, text):
        expected = [LN10 * prob for prob, _, _ in theirs.full_scores(" ".join(sequence))]
        found = ours.score(sequence)
        words += len(found)
        differences = max([differences, *(abs(a - b) for a, b in zip(found, expected, strict=True))])
        sums = max(sums, abs(sum(found) - sum(expected)) / len(found))
    print(f"KenLM: {SEQUENCES} sequences, {words:.0f} words: differ by at most {differences:.1e} a word (natural log),")
    print(f"       {sums:.1e} a word in the sum of a sequence")


def sequences(model: LanguageModel, text: Path) -> list[list[str]]:
    """Return sentences of the text, half of them with words exchanged for others, known or not."""
    rng = random.Random(0)
    sentences = [line.split() for line in text.read_text(encoding="utf-8").splitlines()]
    others = [*rng.sample([word for word in model.words if word[0] != "<"], 5000), "unheardof"]
    chosen = rng.choices(sentences, k=SEQUENCES)
    share = [0.3 * (number % 2) for number in range(SEQUENCES)]
    return [
        [rng.choice(others) if rng.random() < part else word for word in sentence]
        for sentence, part in zip(chosen, share, strict=True)
    ]


# ---- a large model


def large(grams: int, rounds: int, folder: Path) -> None:
    path = folder / "large.bin"
    binary.save(random_model(grams), path)
    code = "import sys, time\nfrom asr import lm\nt = time.perf_counter()\nlm.load(sys.argv[1])\n"
    code += "print(1000 * (time.perf_counter() - t))"
    command = [sys.executable, "-c", code, str(path)]
    opened = [float(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _ in range(rounds)]
    print(f"a binary of {grams} n-grams, {path.stat().st_size / 1e6:.0f} MB: opens in {median(opened):.1f} ms")


def random_model(grams: int) -> LanguageModel:
    """Return a 3-gram model: a third of what is not a word are bigrams, the rest trigrams that continue them."""
    rng = np.random.default_rng(0)
    words = ["<s>", "</s>", "<unk>", *(f"w{number:x}" for number in range(VOCABULARY - 3))]
    bigrams = different(
        rng, (grams - VOCABULARY) // 3, lambda size: np.column_stack([zipf(rng, size), zipf(rng, size)])
    )
    wanted = grams - VOCABULARY - len(bigrams)
    trigrams = different(
        rng, wanted, lambda size: np.column_stack([bigrams[rng.integers(len(bigrams), size=size)], zipf(rng, size)])
    )
    rows = [np.arange(VOCABULARY, dtype=np.int32)[:, None], bigrams, trigrams]
    tables = [Table(each, scores(rng, len(each)), scores(rng, len(each))) for each in rows[:-1]]
    return assemble("large", words, [*tables, Table(trigrams, scores(rng, wanted), np.zeros(wanted, np.float32))])


def different(rng: np.random.Generator, count: int, draw) -> npt.NDArray[np.int32]:  # type: ignore[no-untyped-def]
    """Return `count` different rows of what is drawn."""
    rows = draw(count)
    while len(rows := np.unique(rows, axis=0)) < count:
        rows = np.concatenate([rows, draw(count)])
    return np.ascontiguousarray(rng.permutation(rows)[:count], np.int32)


def zipf(rng: np.random.Generator, count: int) -> npt.NDArray[np.int64]:
    return np.minimum((rng.pareto(0.7, count) * 30).astype(np.int64), VOCABULARY - 1)


def scores(rng: np.random.Generator, count: int) -> npt.NDArray[np.float32]:
    return -rng.exponential(2.0, count).astype(np.float32)


if __name__ == "__main__":
    main()
