"""Measure long recordings: error rate against single utterances, speed, and memory.

    python tools/bench_longform.py MANIFEST [--model MODEL] [--hours 1 10] [--threads N] [--pauses 0.3 1.5]

The utterances of each speaker in MANIFEST are joined in order, with pauses of `--pauses` seconds of faint noise between
them (`0 0` where they were cut out of one recording); the texts of these chapters are compared with those of the
utterances alone. The chapters, one after another and again from the first, fill files of `--hours`, which `asr
transcribe` reads in a process of its own, whose greatest resident memory and time are printed, start included.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle, groupby
from pathlib import Path

import numpy as np
import soundfile

import asr
from asr import audio, manifest, text
from asr.recognizer import Recognizer
from asr.scoring import Report, score
from asr.types import FloatArray, Utterance

NOISE = 3e-4  # -70 dB
SEED = 1


def main() -> None:
    options = parsed()
    model = asr.load(options.model, threads=options.threads)
    utterances = manifest.read(options.manifest)
    chapters = {
        speaker: joined(list(members), model.info.rate_hz, options.pauses)
        for speaker, members in groupby(utterances, key=lambda utterance: utterance.speaker)
    }
    total_s = sum(map(len, chapters.values())) / model.info.rate_hz
    print(f"{model.info.name}: {len(utterances)} utterances, {len(chapters)} chapters, {total_s:.0f} s")
    compare(model, utterances, chapters)
    for hours in options.hours:
        measure(options, hours, list(chapters.values()), model.info.rate_hz)


def joined(members: Sequence[Utterance], rate_hz: int, pauses_s: tuple[float, float]) -> FloatArray:
    """Return the recordings of utterances one after another [T], with pauses between them."""
    rng = np.random.default_rng(SEED)
    parts: list[FloatArray] = []
    for utterance in members:
        pause = NOISE * rng.standard_normal(round(rng.uniform(*pauses_s) * rate_hz))
        parts += [audio.read_utterance(utterance, rate_hz).samples, pause.astype(np.float32)]
    return np.concatenate(parts)


def compare(model: Recognizer, utterances: Sequence[Utterance], chapters: Mapping[str, FloatArray]) -> None:
    """Print the error rates of utterances and of chapters, and the speed of the latter."""
    texts: dict[str, list[str]] = {speaker: [] for speaker in chapters}
    rule = text.get_rule(model.info.text_rules)
    for utterance in utterances:
        texts[utterance.speaker].append(rule(utterance.text))
    references = {speaker: " ".join(lines) for speaker, lines in texts.items()}
    alone: dict[str, list[str]] = {speaker: [] for speaker in chapters}
    for utterance in utterances:
        samples = audio.read_utterance(utterance, model.info.rate_hz).samples
        alone[utterance.speaker].append(model.transcribe(samples).text)
    started, started_cpu = time.perf_counter(), time.process_time()
    found = {speaker: model.transcribe(samples) for speaker, samples in chapters.items()}
    wall_s, cpu_s = time.perf_counter() - started, time.process_time() - started_cpu
    total_s = sum(map(len, chapters.values())) / model.info.rate_hz
    print(
        f"utterance by utterance: {said(score(references, {name: ' '.join(lines) for name, lines in alone.items()}))}"
    )
    print(f"chapters: {said(score(references, {name: one.text for name, one in found.items()}))}")
    print(f"speed: {total_s / wall_s:.0f} times real time, {total_s / cpu_s:.0f} times for each core that is free")


def said(report: Report) -> str:
    return f"WER {100 * report.wer:.2f} % ({report.errors} of {report.words} words)"


def measure(options: argparse.Namespace, hours: float, chapters: Sequence[FloatArray], rate_hz: int) -> None:
    """Print memory and time of the command on a file of so many hours."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.wav"
        with soundfile.SoundFile(path, "w", rate_hz, 1, "PCM_16") as file:
            for piece in filled(chapters, round(hours * 3600 * rate_hz)):
                file.write(piece)
        command = [sys.executable, "-m", "asr", "transcribe", str(path)]
        command += ["--model", str(options.model)] if options.model else []
        command += ["--threads", str(options.threads)] if options.threads else []
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert process.stdout is not None
        words = len(process.stdout.read().split())
        _, status, used = os.wait4(process.pid, 0)
        wall_s, cpu_s = time.perf_counter() - started, used.ru_utime + used.ru_stime
        print(
            f"{hours:g} h: {used.ru_maxrss / 1024:.0f} MB resident, {words} words, exit code {status}, "
            f"{hours * 3600 / wall_s:.0f} times real time, {hours * 3600 / cpu_s:.0f} times for each core that is free"
        )


def filled(chapters: Sequence[FloatArray], size: int) -> Iterator[FloatArray]:
    """Yield chapters again and again until `size` samples are there."""
    for chapter in cycle(chapters):
        yield chapter[:size]
        size -= len(chapter)
        if size <= 0:
            return


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--model", type=Path, help="the model that ships, unless given")
    parser.add_argument("--hours", type=float, nargs="*", default=[1.0, 10.0])
    parser.add_argument("--threads", type=int)
    parser.add_argument("--pauses", type=float, nargs=2, default=(0.3, 1.5), metavar=("SHORTEST", "LONGEST"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
