"""Show how many seconds of audio a second of one core augments: each kind by itself, and batches of a config.

    python tools/bench_augment.py CONFIG MANIFEST [--seconds 300]

CPU seconds of one thread are counted, so that other work on the machine does not change them much. Each kind stands
with its default settings and p = 1; `recordings` and `impulses` read sounds that are made for it. The batches are those
of training with audio that is in memory already, as after the first epoch: speed, chain, loudness, padding; and, apart,
stretched and masked features.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import TypeVar

import numpy as np
import soundfile
import torch

from asr import audio, config, manifest
from asr.augment import KINDS, Draws, Studio, link
from asr.config import Config
from asr.errors import AsrError
from asr.model.fbank import Features
from asr.train.augment import SpecAugment, draw_warps, warp_bands
from asr.train.batches import AudioCache, Batch, collate, plan
from asr.train.examples import Example
from asr.train.spoken import build_spoken
from asr.types import FloatArray, Utterance

Result = TypeVar("Result")
SOUND_S = {"recordings": 20.0, "impulses": 0.5}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--seconds", type=float, default=300.0, help="audio to measure on")
    options = parser.parse_args()
    torch.set_num_threads(1)
    try:
        settings = config.load(options.config)
        utterances = first(manifest.read(options.manifest), options.seconds)
        kinds(Studio(settings.features.rate_hz, utterances))
        batches(settings, utterances)
    except AsrError as error:
        sys.exit(f"{type(error).__name__}: {error}")


def first(utterances: Sequence[Utterance], seconds: float) -> list[Utterance]:
    """Return utterances from the start of a manifest until they last so long."""
    ends = np.cumsum([utterance.duration_s for utterance in utterances])
    return list(utterances[: int(np.searchsorted(ends, seconds)) + 1])


def kinds(studio: Studio) -> None:
    """Print a line a kind: what it takes to prepare, and the speed from then on."""
    samples = [audio.read_utterance(utterance, studio.rate_hz).samples for utterance in studio.utterances]
    seconds = sum(map(len, samples)) / studio.rate_hz
    print(f"{seconds:.0f} s of audio at {studio.rate_hz} Hz, {len(samples)} utterances; CPU seconds of one thread\n")
    print("kind          ready after    audio s/s")
    with tempfile.TemporaryDirectory() as folder:
        for kind in KINDS:
            one = link({"kind": kind, "p": 1.0, **sounds(kind, Path(folder) / kind, studio.rate_hz)})
            effect, ready_s = timed(lambda one=one: one.effect(studio, np.random.default_rng(0)))
            draws = Draws(np.random.default_rng(0))
            _, spent_s = timed(lambda effect=effect, draws=draws: [effect(row, draws) for row in samples])
            print(f"{kind:12s}{ready_s:11.2f} s{seconds / spent_s:13.0f}")


def sounds(kind: str, folder: Path, rate_hz: int) -> dict[str, str]:
    """Return the path of ten sounds of noise for a kind that mixes in sounds."""
    if kind not in SOUND_S:
        return {}
    folder.mkdir()
    noise = 0.1 * np.random.default_rng(0).standard_normal((10, round(SOUND_S[kind] * rate_hz)))
    for number, sound in enumerate(noise):
        soundfile.write(folder / f"{number}.wav", sound, rate_hz)
    return {"path": str(folder)}


def batches(settings: Config, utterances: Sequence[Utterance]) -> None:
    """Print the speed of a config's batches and masks."""
    augment, spec = settings.augment, settings.features.spec()
    cache = AudioCache(spec.rate_hz, settings.train.cache_gb)
    spoken = build_spoken(settings, utterances, cache)
    for utterance in utterances:
        for speed, tempo in product(augment.speeds, augment.tempos):
            cache.samples(utterance, speed, tempo)
    rng = np.random.default_rng(settings.train.seed)
    plans = plan([utterance.duration_s for utterance in utterances], settings.train.batch_s, rng)

    def read(chosen: Sequence[int]) -> Batch:
        rows: list[FloatArray] = [spoken(utterances[index], rng) for index in chosen]
        return collate([Example(utterances[index], (0,)) for index in chosen], rows, spec.rate_hz)

    read_all, spent_s = timed(lambda: [read(chosen) for chosen in plans])
    seconds = sum(batch.audio_s for batch in read_all)
    features, masks = Features(spec), masks_of(settings)
    values = [features(batch.samples, batch.lengths) for batch in read_all]
    _, masked_s = timed(lambda: [masks(*pair, rng) for pair in values])
    chain = ", ".join(f"{link.kind} {link.p:g}" for link in augment.chain) or "none"
    print(f"\nbatches of the config, chain: {chain}")
    print(f"samples {seconds / spent_s:.0f} audio s/s, masks {seconds / masked_s:.0f} audio s/s, ", end="")
    print(f"both {seconds / (spent_s + masked_s):.0f} audio s/s")


def masks_of(settings: Config) -> Callable[[torch.Tensor, torch.Tensor, np.random.Generator], torch.Tensor]:
    augment, spec = settings.augment, settings.features.spec()
    masked = SpecAugment(
        augment.freq_masks, augment.freq_width, augment.time_masks_per_s, augment.time_width, augment.time_share,
        frame_shift_s=spec.frame_shift_s,
    )  # fmt: skip

    def heard(features: torch.Tensor, frames: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
        if augment.warp:
            features = warp_bands(features, draw_warps(rng, augment.warp, len(features)), spec)
        return masked(features, frames)

    return heard


def timed(work: Callable[[], Result]) -> tuple[Result, float]:
    """Return what a piece of work returns, and how many CPU seconds it took."""
    started = time.process_time()
    result = work()
    return result, time.process_time() - started


if __name__ == "__main__":
    main()
