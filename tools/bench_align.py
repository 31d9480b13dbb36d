"""Measure forced alignment: time and memory on long audio, and how far onsets are from where speech begins.

    python tools/bench_align.py MANIFEST [--model MODEL] [--hours 1]

The long recording is what the manifest lists, again and again, in one file; it is aligned in a process of its own, the
acoustic pass timed apart. For the onsets the clips of each speaker are cut to their first sound and joined with pauses,
so that it is known where each begins.
"""

from __future__ import annotations

import argparse
import itertools
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from assembled import RATE_HZ, assembled

import asr
from asr import audio, bundle, manifest
from asr.alignment import align
from asr.types import Utterance

ALIGN = """
import resource, sys, time
import asr
from asr import alignment

hear, heard_s = alignment.hear, []

def timed(*arguments):
    started = time.perf_counter()
    found = hear(*arguments)
    heard_s.append(time.perf_counter() - started)
    return found

alignment.hear = timed
model, text = asr.load(sys.argv[1]), open(sys.argv[3], encoding="utf-8").read()
alignment.align(model, sys.argv[4], text.split()[0])  # what is compiled or loaded once
started, heard_s[:] = time.perf_counter(), []
found = alignment.align(model, sys.argv[2], text)
rest_s = time.perf_counter() - started - heard_s[0]
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(f"{found.duration_s / 3600:.2f} h, {len(found.words)} words: acoustic pass {heard_s[0]:.1f} s, "
      f"alignment {rest_s:.2f} s, peak memory {memory:.0f} MB")
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("manifest", type=Path, help="utterances that the model was not trained on")
    parser.add_argument("--model", type=Path, default=None, help="the model that ships, unless given")
    parser.add_argument("--hours", type=float, default=1.0)
    options = parser.parse_args()
    model = options.model or bundle.default_model()
    utterances = manifest.read(options.manifest)
    print(f"{model.name}, {options.manifest.name}: {len(utterances)} utterances")
    long(model, utterances, options.hours)
    onsets(model, utterances)


def long(model: Path, utterances: list[Utterance], hours: float) -> None:
    with tempfile.TemporaryDirectory() as name:
        speech, text = Path(name) / "long.flac", Path(name) / "long.txt"
        words: list[str] = []
        written = 0
        with soundfile.SoundFile(speech, "w", RATE_HZ, 1) as file:
            for utterance in itertools.cycle(utterances):
                samples = audio.read_utterance(utterance, RATE_HZ).samples
                file.write(samples)
                words += utterance.text.split()
                written += len(samples)
                if written >= 3600 * hours * RATE_HZ:
                    break
        text.write_text(" ".join(words), encoding="utf-8")
        short = str(utterances[0].audio)
        subprocess.run([sys.executable, "-c", ALIGN, str(model), str(speech), str(text), short], check=True)


def onsets(model: Path, utterances: list[Utterance]) -> None:
    recognizer = asr.load(model)
    clips = [(utterance, audio.read_utterance(utterance, RATE_HZ).samples) for utterance in utterances]
    errors_s = np.array(
        [
            alignment.words[piece.first].start_s - piece.start_s
            for speech in assembled(clips, cut=True)
            for alignment in [align(recognizer, speech.samples, speech.text)]
            for piece in speech.pieces
        ]
    )
    quartile, median = 1000 * np.quantile(np.abs(errors_s), [0.75, 0.5])
    print(
        f"{len(errors_s)} onsets: median error {median:.0f} ms (75 % within {quartile:.0f} ms), "
        f"on the whole {1000 * np.median(errors_s):+.0f} ms"
    )


if __name__ == "__main__":
    main()
