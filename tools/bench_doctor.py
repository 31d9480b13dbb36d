"""Measure `asr doctor`: times real time, CPU seconds and peak memory of the whole command, beside bare decoding.

    python tools/bench_doctor.py MANIFEST... [--config FILE | --model FILE] [--threads N]

On a machine that does other work, CPU seconds tell more than the clock: divided by the cores they are what the command
takes where it is alone. Bare decoding reads the same files with soundfile and does nothing else.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from asr.cores import available_cores

DECODE = """
import sys
from concurrent.futures import ThreadPoolExecutor
import soundfile
from asr import manifest
paths = {utterance.audio for path in sys.argv[2:] for utterance in manifest.read(path)}
with ThreadPoolExecutor(int(sys.argv[1])) as pool:
    for _ in pool.map(lambda path: len(soundfile.read(path, dtype="float32")[0]), sorted(paths)):
        pass
"""


class Cost(NamedTuple):
    wall_s: float
    cpu_s: float
    peak_mb: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("manifests", nargs="+")
    parser.add_argument("--config")
    parser.add_argument("--model")
    parser.add_argument("--threads", type=int, default=available_cores())
    options = parser.parse_args()
    chosen = [f"--{name}={value}" for name in ("config", "model") if (value := getattr(options, name))]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        doctor = ["-m", "asr", "doctor", *options.manifests, *chosen, "--threads", str(options.threads)]
        whole = cost([*doctor, "--json", str(report)])
        manifests = json.loads(report.read_text(encoding="utf-8"))["manifests"].values()
    bare = cost(["-c", DECODE, str(options.threads), *options.manifests])
    seconds = 3600 * sum(each["hours"] for each in manifests)
    print(
        f"{sum(each['utterances'] for each in manifests)} utterances, {seconds / 3600:.2f} h, {options.threads} threads"
    )
    print(f"{available_cores()} cores, load {os.getloadavg()[0]:.1f}")
    for name, each in (("asr doctor", whole), ("decoding alone", bare)):
        print(
            f"  {name:<15} {each.wall_s:6.1f} s ({seconds / each.wall_s:.0f} times real time), "
            f"{each.cpu_s:.1f} CPU seconds ({seconds / each.cpu_s:.0f} times real time a core), "
            f"{each.peak_mb:.0f} MB at the peak"
        )


def cost(arguments: Sequence[str]) -> Cost:
    """Run Python in a process of its own and return what it took."""
    start = perf_counter()
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(arguments)}: ended with status {status}")
    unit = 1024**2 if sys.platform == "darwin" else 1024  # macOS counts bytes, Linux kilobytes
    return Cost(perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit)


if __name__ == "__main__":
    main()
