"""Decoders as processes that take turns: settings measured in alternating rounds, and the time to a first result."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from material import Set, Words
from settings import OURS, Setting, Trial

FOLDER = Path(__file__).resolve().parent
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Result:
    """What a setting gave on a set, over all rounds."""

    setting: Setting
    wer: float
    wall_s: Sequence[float]  # of each round
    cpu_s: Sequence[float]
    audio_s: float

    def ms(self, clock: str) -> float:
        """Return the median time in milliseconds per second of audio."""
        return 1000 * median(self.cpu_s if clock == "cpu" else self.wall_s) / self.audio_s


class Stage:
    """A set and the decoders that read it, each in a process of its own, which are started when first asked."""

    def __init__(self, data: Set, file: Path, words: Words, pythons: Mapping[str, Path], cache: Path) -> None:
        self.data = data
        self.decoders = tuple(pythons)
        self._file, self._words, self._pythons, self._cache = data.store(file), words, pythons, cache
        self._workers: dict[str, subprocess.Popen[str]] = {}

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *error: object) -> None:
        for worker in self._workers.values():
            worker.kill()
            worker.communicate()

    def measure(self, setting: Setting) -> Trial:
        """Decode once, as the search for settings does; seconds are the processor's, which neighbours disturb least."""
        answer = self.ask(setting)
        return Trial(setting, self.data.wer(answer["texts"]), answer["cpu_s"])

    def rounds(self, settings: Sequence[Setting], rounds: int) -> list[Result]:
        """Decode with each setting in turn, and so again; a decoder warms up before its first round."""
        answers: list[list[dict[str, Any]]] = [[] for _ in settings]
        for number in range(rounds):
            for setting, found in zip(settings, answers, strict=True):
                started = time.perf_counter()
                found.append(self.ask(setting))
                note(f"round {number + 1}/{rounds}, {setting.name}: {time.perf_counter() - started:.1f} s")
        return [self._result(setting, found) for setting, found in zip(settings, answers, strict=True)]

    def ask(self, setting: Setting) -> dict[str, Any]:
        worker = self._worker(setting.decoder)
        print(json.dumps(vars(setting)), file=worker.stdin, flush=True)
        answer = worker.stdout.readline() if worker.stdout else ""
        if not answer:
            sys.exit(f"{setting.decoder}: ended with code {worker.wait()} at {setting}; the lines above say why")
        return json.loads(answer)

    def _result(self, setting: Setting, answers: Sequence[Mapping[str, Any]]) -> Result:
        times = [[answer[clock] for answer in answers] for clock in ("wall_s", "cpu_s")]
        return Result(setting, self.data.wer(answers[0]["texts"]), *times, self.data.audio_s)

    def _worker(self, decoder: str) -> subprocess.Popen[str]:
        if decoder not in self._workers:
            command = [str(self._pythons[decoder]), str(FOLDER / "serve.py"), decoder, str(self._file)]
            self._workers[decoder] = subprocess.Popen(
                [*command, *self._words.of(decoder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                env=surroundings(decoder, self._cache),
            )
        return self._workers[decoder]

    def starts(self, count: int) -> list[dict[str, float]]:
        """Return the seconds to a first result in a new process: one that compiles, then those that find its cache."""
        command = [sys.executable, str(FOLDER / "start.py"), str(self._file), str(self._words.ours)]
        found = []
        for _ in range(1 + count):
            done = subprocess.run(
                command, check=True, stdout=subprocess.PIPE, text=True, env=surroundings(OURS, self._cache)
            )
            found.append(json.loads(done.stdout))
        return found


def surroundings(decoder: str, cache: Path) -> dict[str, str]:
    """Return the variables of a worker: one thread, a cache of its own, and our package for none but ours."""
    kept = {name: value for name, value in os.environ.items() if decoder == OURS or name != "PYTHONPATH"}
    return kept | ONE_THREAD | {"NUMBA_CACHE_DIR": str(cache)}


def note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
