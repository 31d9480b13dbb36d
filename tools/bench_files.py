"""Measure many files in one job against a bare loop over the same files.

    python tools/bench_files.py FOLDER... [--model MODEL] [--count 1000] [--jobs N] [--rounds 3] [--check]

The bare loop reads each file with soundfile and runs the same graph on it, one by one, with as many threads as there
are cores, and decodes and writes nothing. The job is that of `asr transcribe FOLDER --out DIR`: it hears by N processes
and writes a text for each file. Both are counted after loading: what a job of one file for each process takes is the
loading. Processor time, of all processes, is told beside, since it hardly depends on what else the machine does.
--check compares every text with that of the file alone.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np
import onnxruntime
import soundfile

from asr import audio, bundle
from asr.bulk.outputs import BELOW, plan
from asr.bulk.processes import transcribed_by_processes
from asr.cores import available_cores
from asr.inputs import Reading, Recording, find
from asr.recognizer import Recognizer
from asr.types import Hypothesis
from asr.writers import get_writer


class Cost(NamedTuple):
    """What a job takes, in seconds of the clock and of all processors."""

    clock_s: float
    processor_s: float

    def __sub__(self, other: Cost) -> Cost:
        return Cost(self.clock_s - other.clock_s, self.processor_s - other.processor_s)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("audio", nargs="+", help="files at the model's rate, or folders of them")
    parser.add_argument("--model", type=Path, default=None, help="the model that ships, unless given")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=available_cores())
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--check", action="store_true", help="compare the texts with those of the files alone")
    options = parser.parse_args()
    model = options.model or bundle.default_model()
    files = find(options.audio)[: options.count]
    seconds = sum(audio.duration_s(file.name) for file in files)
    print(f"{model.name}, {available_cores()} cores, onnxruntime {onnxruntime.__version__}, {options.rounds} rounds")
    print(f"{len(files)} files, {seconds / 3600:.2f} h of audio, {options.jobs} processes, medians:")
    bare, ours = alternate(options.rounds, model, files, options.jobs)
    for name, cost in (("bare loop", bare), ("the job", ours)):
        speed = f"{seconds / cost.clock_s:.0f} times real time"
        print(f"  {name:<10} {cost.clock_s:.2f} s, {speed}; {cost.processor_s:.2f} s of processors")
    print(f"  throughput {bare.clock_s / ours.clock_s:.0%} of the bare loop's; for the same processor time "
          f"{bare.processor_s / ours.processor_s:.0%}")  # fmt: skip
    if options.check:
        check(model, files, options.jobs)


def alternate(rounds: int, model: Path, files: list[Recording], jobs: int) -> tuple[Cost, Cost]:
    """Return the medians of the bare loop and of the job, each after loading."""
    session = bare_session(model)
    costs = []
    for _ in range(rounds):
        bare = cost(lambda: bare_loop(session, files))
        loading = cost(lambda: job(model, files[:jobs], jobs))
        costs.append((bare, cost(lambda: job(model, files, jobs)) - loading))
    return middle([bare for bare, _ in costs]), middle([ours for _, ours in costs])


def bare_session(model: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = available_cores()
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def bare_loop(session: onnxruntime.InferenceSession, files: list[Recording]) -> None:
    for file in files:
        samples, _ = soundfile.read(file.name, dtype="float32")
        session.run(None, {"samples": samples[None], "lengths": np.array([len(samples)])})


def job(model: Path, files: list[Recording], jobs: int) -> dict[Recording, str]:
    """Do what `asr transcribe --out` does, and return the texts."""
    texts = {}
    with tempfile.TemporaryDirectory() as folder:
        outputs = plan(files, f"{folder}/{BELOW}", {"txt": get_writer("txt")})
        for heard in transcribed_by_processes(files, Reading(), jobs=jobs, by_length=True, timed=True, path=model):
            assert isinstance(heard.result, Hypothesis), heard.result
            outputs.write(heard.recording, heard.result)
            texts[heard.recording] = heard.result.text
    return texts


def check(model: Path, files: list[Recording], jobs: int) -> None:
    texts = job(model, files, jobs)
    alone = Recognizer(model, threads=1)
    differ = [file.name for file in files if alone.transcribe(file.name).text != texts[file]]
    print(f"  {len(files) - len(differ)} of {len(files)} texts are those of the files alone", *differ)


def cost(work: Callable[[], object]) -> Cost:
    start, processors = time.perf_counter(), processor_s()
    work()
    return Cost(time.perf_counter() - start, processor_s() - processors)


def processor_s() -> float:
    """Return what this process and those that it has waited for have used."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def middle(costs: list[Cost]) -> Cost:
    return Cost(median(cost.clock_s for cost in costs), median(cost.processor_s for cost in costs))


if __name__ == "__main__":
    main()
