"""Show what a model hears where nobody speaks, and how far the words of speech, clean and in noise, stand out.

    python tools/bench_silence.py dev.jsonl [--model MODEL] [--every 3]

The sounds are made here, 20 s of each at four levels; words are counted with and without the rule of `asr.speech`. Of
the manifest every third recording is heard, clean and with white noise 20, 10 and 0 dB below it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

import asr
from asr import audio, manifest, speech
from asr.recognizer import Recognizer
from asr.types import FloatArray

SECONDS = 20
LEVELS_DB = (0, 20, 40, 60)  # below full scale
NOISE_DB = (None, 20, 10, 0)  # below the speech


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--model", type=Path, default=None, help="the model that ships, unless given")
    parser.add_argument("--every", type=int, default=3)
    options = parser.parse_args()
    model = asr.load(options.model, threads=1)
    show_sounds(model)
    show_speech(model, [each.audio for each in manifest.read(options.manifest)][:: options.every])


def show_sounds(model: Recognizer) -> None:
    print("| sound | words without the rule | words |\n|---|---|---|")
    for name, samples in sounds(model.info.rate_hz).items():
        heard = {}
        for limit in (-np.inf, speech.STANDS_OUT_DB):
            with standing_out(limit):
                heard[limit] = ", ".join(str(words(model, samples * 10 ** (-level / 20))) for level in LEVELS_DB)
        print(f"| {name} | {' | '.join(heard.values())} |")


def words(model: Recognizer, samples: FloatArray) -> int:
    return len(model.transcribe(samples.astype(np.float32), rate_hz=model.info.rate_hz).words)


def show_speech(model: Recognizer, files: list[str | Path]) -> None:
    rng = np.random.default_rng(0)
    print("\n| white noise | words | left out |\n|---|--:|--:|")
    for level in NOISE_DB:
        counts = {-np.inf: 0, speech.STANDS_OUT_DB: 0}
        for file in files:
            samples = noisy(audio.read(file, rate_hz=model.info.rate_hz).samples, level, rng)
            for limit in counts:
                with standing_out(limit):
                    counts[limit] += words(model, samples)
        said, left = counts.values()
        print(f"| {'none' if level is None else f'{level} dB below'} | {said} | {said - left} |")


def noisy(samples: FloatArray, level_db: int | None, rng: np.random.Generator) -> FloatArray:
    if level_db is None:
        return samples
    power = np.square(samples).mean() / 10 ** (level_db / 10)
    return samples + rng.standard_normal(len(samples)) * np.sqrt(power)


@contextmanager
def standing_out(by_db: float) -> Iterator[None]:
    """Change the limit of the rule."""
    usual, speech.STANDS_OUT_DB = speech.STANDS_OUT_DB, by_db
    try:
        yield
    finally:
        speech.STANDS_OUT_DB = usual


def sounds(rate_hz: int) -> dict[str, FloatArray]:
    """Return samples of each sound, the loudest of them at full scale."""
    rng, time_s = np.random.default_rng(0), np.arange(SECONDS * rate_hz) / rate_hz
    size = len(time_s)
    spectrum = np.fft.rfft(rng.standard_normal(size))
    clicks = np.zeros(size)
    clicks[rng.integers(0, size, 60)] = 1.0
    ringing = np.exp(-np.arange(rate_hz // 5) / (rate_hz / 40)) * np.sin(2 * np.pi * 900 * time_s[: rate_hz // 5])
    made = {
        "digital silence": np.zeros(size),
        "white noise": rng.standard_normal(size),
        "pink noise": np.fft.irfft(spectrum / np.sqrt(np.maximum(np.arange(len(spectrum)), 1)), size),
        "hum of 50 Hz": np.sin(2 * np.pi * 50 * time_s) + 0.3 * np.sin(2 * np.pi * 150 * time_s),
        "a tone of 440 Hz": np.sin(2 * np.pi * 440 * time_s),
        "clicks": clicks,
        "knocks that ring for 0.1 s": repeated([ringing], rate_hz * 3 // 5, size),
        "music: notes with harmonics": repeated(notes(rate_hz, rng), rate_hz // 4, size),
    }
    return {name: one / max(np.abs(one).max(), 1e-9) for name, one in made.items()}


def notes(rate_hz: int, rng: np.random.Generator) -> list[FloatArray]:
    time_s = np.arange(rate_hz // 4) / rate_hz
    pitches = 220 * 2 ** (rng.integers(0, 24, SECONDS * 4) / 12)
    waves = [sum(np.sin(2 * np.pi * pitch * number * time_s) / number for number in range(1, 8)) for pitch in pitches]
    return [np.asarray(np.exp(-time_s / 0.15) * wave) for wave in waves]


def repeated(parts: list[FloatArray], every: int, size: int) -> FloatArray:
    """Return samples [size] with a part every so many of them, one part after another."""
    whole = np.zeros(size)
    for number, first in enumerate(range(0, size, every)):
        part = parts[number % len(parts)][: size - first]
        whole[first : first + len(part)] += part
    return whole


if __name__ == "__main__":
    main()
