"""A decoder in a process of its own, on one thread: orders come in as lines of JSON, answers go out the same way.

    python serve.py DECODER MATERIAL.npz LM WORDS HOTWORDS

Needs NumPy and the decoder's own package, so that it runs in the environment of an opponent. An order is a Setting; the
answer holds the seconds that the calls to decode took, by the clock and of the processor, and the texts.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from settings import FLASHLIGHT, OURS, PYCTCDECODE, Setting

WORKERS = {OURS: "with_asr", PYCTCDECODE: "with_pyctcdecode", FLASHLIGHT: "with_flashlight"}
WARM_UP = 5  # utterances that are decoded uncounted before a setting's first round
KEPT = 16  # settings whose decoders are kept for the next round


class Material(NamedTuple):
    """What all decoders get: log-probabilities of characters, and files that say what words there are."""

    tokens: list[str]
    blank: int
    space: int
    frame_shift_s: float
    log_probs: list[Any]  # of each utterance, [F, V] of float32
    lm: str  # ARPA file, or what the decoder prefers to it
    words: list[str]  # all that the language model knows and the tokens spell
    hotwords: list[str]


class Decoder(Protocol):
    """One setting, ready; only the calls to `decode` are counted."""

    def prepare(self, log_probs: Any) -> Any:
        """Return an utterance [F, V] in the form that the decoder takes."""

    def begin(self) -> None:
        """Be the setting in use, where settings share an object."""

    def decode(self, prepared: Any) -> str: ...


Make = Callable[[Setting], Decoder]


def main() -> None:
    name, material, lm, words, hotwords = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints
    make: Make = importlib.import_module(WORKERS[name]).maker(read_material(material, lm, words, hotwords))
    inputs = read_log_probs(material)
    decoders: dict[Setting, tuple[Decoder, list[Any]]] = {}
    for line in sys.stdin:
        setting = Setting(**json.loads(line))
        if setting not in decoders:
            decoders[setting] = ready(make(setting), inputs)
            if len(decoders) > KEPT:
                decoders.pop(next(iter(decoders)))
        print(json.dumps(timed(*decoders[setting])), file=answers, flush=True)


def ready(decoder: Decoder, inputs: Sequence[Any]) -> tuple[Decoder, list[Any]]:
    prepared = [decoder.prepare(log_probs) for log_probs in inputs]
    decoder.begin()
    for log_probs in prepared[:WARM_UP]:
        decoder.decode(log_probs)
    return decoder, prepared


def timed(decoder: Decoder, inputs: Sequence[Any]) -> dict[str, Any]:
    decoder.begin()
    texts = []
    wall_s = cpu_s = 0.0
    for log_probs in inputs:
        wall, cpu = time.perf_counter(), time.process_time()
        text = decoder.decode(log_probs)
        wall_s, cpu_s = wall_s + time.perf_counter() - wall, cpu_s + time.process_time() - cpu
        texts.append(text)
    return {"wall_s": wall_s, "cpu_s": cpu_s, "texts": texts}


def read_material(file: str, lm: str, words: str, hotwords: str) -> Material:
    with np.load(file) as stored:
        tokens, blank, space = stored["tokens"].tolist(), int(stored["blank"]), int(stored["space"])
        frame_shift_s = float(stored["frame_shift_s"])
    return Material(tokens, blank, space, frame_shift_s, read_log_probs(file), lm, lines(words), lines(hotwords))


def read_log_probs(file: str) -> list[Any]:
    """Return the log-probabilities of each utterance, [F, V]."""
    with np.load(file) as stored:
        return np.split(stored["log_probs"], np.cumsum(stored["frames"])[:-1])


def lines(file: str) -> list[str]:
    return Path(file).read_text(encoding="utf-8").split("\n")[:-1]


if __name__ == "__main__":
    main()
