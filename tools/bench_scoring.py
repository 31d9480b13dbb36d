"""Measure `asr score`: how much longer a small set takes than Python itself, and a large set with its intervals.

    python tools/bench_scoring.py [--rounds 5] [--small 2620] [--large 100000]

Texts are random: 20 words an utterance out of 20,000, of which 5 % are read as another and 2 % are lost. Every run is a
process of its own, which finds compiled modules as an installed package has them; times are the least of the rounds, by
the clock and of the processor, which other work disturbs less.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WORDS = [f"w{number}" for number in range(20_000)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--small", type=int, default=2620, help="utterances, as many as LibriSpeech test-clean has")
    parser.add_argument("--large", type=int, default=100_000, help="utterances")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        keep_compiled(Path(name))
        bare = least([sys.executable, "-c", "pass"], options.rounds)
        told("python -c pass", bare)
        for count, rounds in ((options.small, options.rounds), (options.large, 1)):
            reference, hypothesis = texts(Path(name), count)
            found = least([sys.executable, "-m", "asr", "score", str(reference), str(hypothesis)], rounds)
            told(f"asr score, {count} utterances", found)
            print(
                f"  over python: {found[0] - bare[0]:.2f} s by the clock, {found[1] - bare[1]:.2f} s of the processor"
            )


def keep_compiled(folder: Path) -> None:
    """Let the processes to come share compiled modules, whatever the environment says."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(folder / "compiled")


def texts(folder: Path, count: int) -> tuple[Path, Path]:
    rng = random.Random(0)
    paths = folder / f"{count}.ref", folder / f"{count}.hyp"
    with open(paths[0], "w", encoding="utf-8") as left, open(paths[1], "w", encoding="utf-8") as right:
        for number in range(count):
            said = rng.choices(WORDS, k=20)
            read = [rng.choice(WORDS) if rng.random() < 0.05 else word for word in said if rng.random() > 0.02]
            left.write(f"u{number} {' '.join(said)}\n")
            right.write(f"u{number} {' '.join(read)}\n")
    return paths


def least(command: list[str], rounds: int) -> tuple[float, float, float]:
    """Return seconds by the clock, seconds of the processor, and megabytes: the least of several runs each."""
    return tuple(map(min, zip(*(measured(command) for _ in range(rounds)), strict=True)))  # type: ignore[return-value]


def measured(command: list[str]) -> tuple[float, float, float]:
    started = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{' '.join(command)}: ended with {child.returncode}")
    return time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def told(name: str, found: tuple[float, float, float]) -> None:
    print(f"{name}: {found[0]:.2f} s by the clock, {found[1]:.2f} s of the processor, {found[2]:.0f} MB")


if __name__ == "__main__":
    main()
