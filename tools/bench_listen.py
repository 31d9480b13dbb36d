"""Measure listening: how soon after the end of a phrase its text comes.

    python tools/bench_listen.py MANIFEST [--phrases 30] [--model MODEL]

The recordings of MANIFEST are played one after the other into what `asr listen` runs, in real time and in its blocks,
with 1.5 s of faint noise between them; a thread takes the place of the microphone. A phrase ends with the last 10 ms of
a recording that are within 30 dB of its loudest. Its delay is from there, on the clock, until its text is printed: the
pause that ends it, the blocks and the model are in it.
"""

from __future__ import annotations

import argparse
import queue
import threading
import time
from itertools import islice
from pathlib import Path

import numpy as np

import asr
from asr import audio, manifest
from asr.cli.listen import arriving
from asr.listening import BLOCK_S, listen
from asr.types import FloatArray

_PAUSE_S, _HOP_S = 1.5, 0.01


def main() -> None:
    options = parsed()
    recognizer = asr.load(options.model)
    rate_hz = recognizer.info.rate_hz
    utterances = islice(manifest.read(options.manifest), options.phrases)
    played, ends_s = joined([audio.read_utterance(each, rate_hz).samples for each in utterances], rate_hz)
    recognizer.transcribe(played[:rate_hz])  # the first run of a graph prepares the others
    blocks: queue.Queue[FloatArray | None] = queue.Queue()
    started_s = time.perf_counter()
    threading.Thread(target=play, args=(played, rate_hz, blocks, started_s), daemon=True).start()
    finals_s = [
        time.perf_counter() - started_s
        for said in listen(arriving(blocks), recognizer, rate_hz, behind=lambda: not blocks.empty())
        if said.is_final
    ]
    # Of the texts between the end of one recording and that of the next, the first is that of the one.
    delays_s = [min(t for t in finals_s if t > end_s) - end_s for end_s in ends_s if any(t > end_s for t in finals_s)]
    middle, high = np.quantile(delays_s, [0.5, 0.95])
    print(f"{len(delays_s)} phrases, {len(played) / rate_hz:.0f} s, {recognizer.info.name}: the text comes ", end="")
    print(
        f"{middle:.2f} s after the end of a phrase (median), 95 % within {high:.2f} s, all within {max(delays_s):.2f} s"
    )


def joined(recordings: list[FloatArray], rate_hz: int) -> tuple[FloatArray, list[float]]:
    """Return recordings with pauses between them, and when the speech in each ends."""
    rng = np.random.default_rng(0)
    parts, ends_s, begin = [], [], 0
    for samples in recordings:
        ends_s.append(begin / rate_hz + end_of_speech(samples, rate_hz))
        pause = 1e-4 * rng.standard_normal(round(_PAUSE_S * rate_hz))
        parts += [samples, pause.astype(np.float32)]
        begin += len(samples) + len(pause)
    return np.concatenate(parts), ends_s


def end_of_speech(samples: FloatArray, rate_hz: int) -> float:
    hop = round(_HOP_S * rate_hz)
    powers = np.square(samples[: len(samples) // hop * hop].reshape(-1, hop)).mean(axis=1)
    return float(np.flatnonzero(powers > powers.max() / 1000)[-1] + 1) * _HOP_S


def play(samples: FloatArray, rate_hz: int, blocks: queue.Queue[FloatArray | None], started_s: float) -> None:
    """Put the blocks into the queue when they have been said."""
    size = round(BLOCK_S * rate_hz)
    for first in range(0, len(samples), size):
        time.sleep(max(0.0, started_s + (first + size) / rate_hz - time.perf_counter()))
        blocks.put(samples[first : first + size])
    blocks.put(None)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--phrases", type=int, default=30)
    parser.add_argument("--model", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
