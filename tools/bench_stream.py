"""Measure streaming: how late words come, and what a piece costs.

    python tools/bench_stream.py MODEL MANIFEST [--piece 0.1] [--aligner MODEL]

Each recording of MANIFEST is fed in pieces of `--piece` seconds, on one thread, with a second of silence after it. A
word's delay is from its end in the recording until the piece is in with which the partial text has it and all words
before it, as they stay; where words end says the forced alignment of the reference by `--aligner`, the model that ships
unless given, so that only recordings that were read without error count.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

import asr
from asr import audio, manifest
from asr.alignment import align
from asr.recognizer import Recognizer
from asr.types import FloatArray


def main() -> None:
    options = parsed()
    model, aligner = asr.load(options.model, threads=1), asr.load(options.aligner)
    utterances = manifest.read(options.manifest)
    delays_s: list[float] = []
    costs_s: list[float] = []
    exact = same = 0
    total_s = 0.0
    for utterance in utterances:
        samples = audio.read_utterance(utterance, model.info.rate_hz).samples
        padded = np.append(samples, np.zeros(model.info.rate_hz, np.float32))
        seen, said = heard(model, padded, options.piece, costs_s)
        total_s += len(padded) / model.info.rate_hz
        same += said == model.transcribe(padded).text.split()
        if said and said == utterance.text.lower().split():
            exact += 1
            ends_s = [word.end_s for word in align(aligner, samples, utterance.text.lower()).words]
            delays_s += [seen[place] - end_s for place, end_s in enumerate(ends_s)]
    print(f"{options.model.name}, {options.manifest.name}: {len(utterances)} recordings, pieces of {options.piece:g} s")
    print(f"texts of the stream that are those of the whole recording: {same} of {len(utterances)}")
    if delays_s:
        middle, high = np.quantile(delays_s, [0.5, 0.95])
        print(f"delay of {len(delays_s)} words in {exact} recordings read without error: ", end="")
        print(f"median {middle:.2f} s, 95 % within {high:.2f} s, pieces included")
    middle, high = 1000 * np.quantile(costs_s, [0.5, 0.95])
    print(f"one piece with its partial text: median {middle:.1f} ms, 95 % within {high:.1f} ms; ", end="")
    print(f"{total_s / sum(costs_s):.0f} times real time on one thread")


def heard(
    model: Recognizer, samples: FloatArray, piece_s: float, costs_s: list[float]
) -> tuple[list[float], list[str]]:
    """Return when each word of the last text had come to stay, and that text."""
    rate_hz = model.info.rate_hz
    stream, size = model.stream(pause_s=None), round(piece_s * rate_hz)
    texts, ends_s = [], []
    for first in range(0, len(samples), size):
        started = time.perf_counter()
        stream.feed(samples[first : first + size])
        texts.append(stream.partial().text.split())
        costs_s.append(time.perf_counter() - started)
        ends_s.append(min(first + size, len(samples)) / rate_hz)
    texts.append(stream.finish()[0].text.split())
    ends_s.append(ends_s[-1])
    last = texts[-1]
    seen = []
    for count in range(1, len(last) + 1):
        wrong = [place for place, text in enumerate(texts) if text[:count] != last[:count]]
        seen.append(ends_s[max(wrong, default=-1) + 1])
    return seen, last


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--piece", type=float, default=0.1, metavar="SECONDS")
    parser.add_argument("--aligner", type=Path, metavar="MODEL")
    return parser.parse_args()


if __name__ == "__main__":
    main()
