"""Measure `asr prepare`: a corpus that is there, and made-up releases of Common Voice of growing size.

    python tools/bench_prepare.py CORPUS DIR [--rounds 3]
    python tools/bench_prepare.py --clips 50000 100000 200000 [--folder DIR]

Each run is a process of its own: wall time, the CPU time of that process, and the most memory that it had. The clips
of a made-up release are one MP3 of a second under many names; it is prepared with the lengths that a release states
and, in the second line, without them.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

LINKS = 50_000  # ext4 allows 65,000 names of one file
NAMES = "client_id\tpath\tsentence\n"
HELD_OUT = 1000  # clips each for dev and test


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", nargs="*", metavar="CORPUS DIR", help="the name of a corpus and its folder")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clips", type=int, nargs="+", default=[], metavar="N", help="sizes of made-up releases")
    parser.add_argument("--folder", type=Path, default=None, help="where made-up releases are made for a while")
    options = parser.parse_args()
    if len(options.corpus) not in (0, 2):
        parser.error("name a corpus and its folder, or neither")
    if options.corpus:
        name, source = options.corpus
        for _ in range(options.rounds):
            measure(name, name, Path(source))
    for clips in options.clips:
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            release(Path(folder), clips)
            measure(f"{clips} clips, lengths stated", "commonvoice", Path(folder))
            (Path(folder) / "clip_durations.tsv").unlink()
            measure(f"{clips} clips, lengths measured", "commonvoice", Path(folder))


def measure(label: str, corpus: str, source: Path) -> None:
    """Prepare in a process and print what it took."""
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "asr", "prepare", corpus, "--source", str(source), "--out", out]
        begin_s = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - begin_s
        if status:
            sys.exit(f"{' '.join(command)}: failed")
        utterances = sum(path.read_bytes().count(b"\n") for path in Path(out).glob("*.jsonl"))
    cpu_s = usage.ru_utime + usage.ru_stime
    unit = 1 if sys.platform == "darwin" else 1024  # bytes of ru_maxrss
    print(
        f"{label}: {utterances} utterances, {wall_s:.2f} s, CPU {cpu_s:.2f} s ({cpu_s / utterances * 1e6:.0f} us each)"
        f", {usage.ru_maxrss * unit / 1e6:.0f} MB",
        flush=True,
    )


def release(folder: Path, clips: int) -> None:
    """Write a release of Common Voice: everything validated, 20 clips a speaker."""
    (folder / "clips").mkdir()
    noise = np.random.default_rng(1).normal(0, 0.05, 48000)
    for number in range(clips):
        path = folder / "clips" / f"common_voice_xx_{number}.mp3"
        if number % LINKS == 0:
            soundfile.write(path, noise, 48000, format="MP3")
            original = path
        else:
            os.link(original, path)
    length_ms = round(soundfile.info(original).duration * 1000)
    rows = [f"{n // 20:0128x}\tcommon_voice_xx_{n}.mp3\tThis is sentence {n} of many.\n" for n in range(clips)]
    parts = {"test": rows[:HELD_OUT], "dev": rows[HELD_OUT : 2 * HELD_OUT], "train": rows[2 * HELD_OUT :]}
    for name, part in (parts | {"validated": rows}).items():
        (folder / f"{name}.tsv").write_text(NAMES + "".join(part))
    lengths = "".join(f"common_voice_xx_{n}.mp3\t{length_ms}\n" for n in range(clips))
    (folder / "clip_durations.tsv").write_text(f"clip\tduration[ms]\n{lengths}")


if __name__ == "__main__":
    main()
