"""Measure transcribing: throughput against a bare loop, the cold command, and the cost of `import asr`.

    python tools/bench_transcribe.py FILE_OR_FOLDER... [--model MODEL] [--rounds 5]

The bare loop reads each file with soundfile and runs the same graph on it, one by one, with the same number of threads,
and decodes nothing. Both are counted after loading and alternate within one run; ratios are of medians. The cold
command is `asr transcribe` of one file of five seconds, as a whole process.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import numpy as np
import onnxruntime
import soundfile

from asr import audio, bundle
from asr.cores import available_cores
from asr.recognizer import Recognizer

COLD_S = 5.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("audio", nargs="+", type=Path, help="files at the model's rate, or folders of them")
    parser.add_argument("--model", type=Path, default=None, help="the model that ships, unless given")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    model = options.model or bundle.default_model()
    files = list(found(options.audio))
    print(f"{model.name}, {available_cores()} cores, onnxruntime {onnxruntime.__version__}, {options.rounds} rounds")
    throughput(model, files, options.rounds)
    cold(model, files, options.rounds)
    imports(options.rounds)


def found(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*") if file.suffix.lower() in {".flac", ".wav"})
        else:
            yield path


def throughput(model: Path, files: list[Path], rounds: int) -> None:
    recognizer = Recognizer(model)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = available_cores()
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])

    def bare() -> None:
        for file in files:
            samples, _ = soundfile.read(file, dtype="float32")
            session.run(None, {"samples": samples[None], "lengths": np.array([len(samples)])})

    def ours() -> None:
        recognizer.transcribe_batch(files)

    seconds = sum(map(audio.duration_s, files))
    bare_s, ours_s = alternate(rounds, bare, ours)
    print(f"{len(files)} files, {seconds:.1f} s of audio, medians:")
    print(f"  bare loop         {bare_s:.3f} s, {seconds / bare_s:.0f} times real time")
    print(f"  transcribe_batch  {ours_s:.3f} s, {seconds / ours_s:.0f} times real time")
    print(f"  throughput        {bare_s / ours_s:.0%} of the bare loop's")


def cold(model: Path, files: list[Path], rounds: int) -> None:
    rate_hz = bundle.read_info(model).rate_hz
    joined = np.concatenate([audio.read(file, rate_hz=rate_hz).samples for file in files[:10]])
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.wav"
        soundfile.write(clip, np.resize(joined, round(COLD_S * rate_hz)), rate_hz)
        command = ["-m", "asr", "transcribe", str(clip), "--model", str(model)]
        (seconds,) = alternate(rounds, lambda: python(*command))
    print(f"cold `asr transcribe` of {COLD_S:.0f} s: {seconds:.2f} s")


def imports(rounds: int) -> None:
    numpy_s, asr_s = alternate(
        2 * rounds, lambda: python("-c", "import numpy"), lambda: python("-c", "import numpy, asr")
    )
    print(f"`import asr` after `import numpy`: {asr_s - numpy_s:.3f} s (of {asr_s:.3f} s)")


def alternate(rounds: int, *jobs: Callable[[], object]) -> list[float]:
    """Return the median time of each job in seconds, after one round that is not counted."""
    times = [[timed(job) for job in jobs] for _ in range(rounds + 1)][1:]
    return [median(column) for column in zip(*times, strict=True)]


def timed(job: Callable[[], object]) -> float:
    start = time.perf_counter()
    job()
    return time.perf_counter() - start


def python(*arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
