"""What training hears, for a person to judge: utterances before and after augmentation, as audio and as pictures."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import torch

from asr import manifest
from asr.augment import Stage
from asr.config import Config
from asr.errors import DataError
from asr.files import replacing
from asr.mel import FeatureSpec
from asr.model.fbank import Features
from asr.train.augment import build_masks, colour_bands, draw_colours, draw_warps, warp_bands
from asr.train.batches import AudioCache, draw_groups
from asr.train.page import Entry, render
from asr.train.pictures import picture
from asr.train.spoken import Spoken, build_spoken
from asr.types import FloatArray, Utterance


@dataclass(frozen=True, slots=True)
class Heard:
    """A row of a batch as recorded and as training hears it: samples [T], features [F, M], and what was drawn."""

    utterances: tuple[Utterance, ...]
    steps: tuple[tuple[str, ...], ...]  # of each utterance
    before: FloatArray
    after: FloatArray
    plain: FloatArray
    masked: FloatArray


def preview(config: Config, train: Path, out: Path, *, count: int = 8, seed: int = 0) -> Path:
    """Write up to `count` rows of batches of a manifest to a folder, as WAV, PNG and one page, and return the page.

    The page, index.html, holds pictures and audio itself. Another seed is another draw. Raises ManifestError, DataError
    for a manifest without utterances, what the links of the chain raise, and OutputError.
    """
    utterances = manifest.read(train)
    if not utterances:
        raise DataError(f"{train}: has no utterances; prepare the corpus again")
    cache = AudioCache(config.features.rate_hz, config.train.cache_gb)
    spoken = build_spoken(config, utterances, cache)
    rng = np.random.default_rng(seed)
    groups = draw_groups(rng, len(utterances), config.augment.joined)
    entries = []
    for number, index in enumerate(rng.permutation(len(groups))[:count], start=1):
        heard = hear([utterances[member] for member in groups[index]], config, spoken, (seed, number))
        entries.append(entry_of(heard, config.features.spec()))
        write(entries[-1], out, f"{number:02d}")
    with replacing(out / "index.html") as temporary:
        temporary.write_text(render(entries), encoding="utf-8")
    return out / "index.html"


def hear(row: Sequence[Utterance], config: Config, spoken: Spoken, seed: tuple[int, int]) -> Heard:
    """Return a row of a batch with the random numbers of a seed."""
    rng = np.random.default_rng(seed)
    torch.manual_seed(int(rng.integers(2**62)))
    stages = [list(spoken.stages(utterance, rng)) for utterance in row]
    before = np.concatenate([spoken.cache.samples(utterance) for utterance in row])
    after = np.concatenate([parts[-1].samples for parts in stages])
    features = Features(config.features.spec())
    plain, masked = features_of(before, features), features_of(after, features)
    mean, deviation = (
        plain.mean(0),
        plain.std(0, correction=0).clamp_min(1e-3),
    )  # of the row, where training has those of its set
    if config.augment.warp:
        warps = draw_warps(rng, config.augment.warp, 1)
        masked = warp_bands(masked[None], warps, features.spec)[0]
        stages[-1].append(Stage("warp", {"factor": warps[0]}, after))
    if config.augment.colour_db:
        colours = draw_colours(rng, config.augment.colour_db, 1)
        masked = colour_bands(masked[None], colours)[0]
        stages[-1].append(Stage("colour", {"db": " ".join(f"{point:+.1f}" for point in colours[0])}, after))
    masked = build_masks(config)(((masked - mean) / deviation)[None], torch.tensor([len(masked)]))[0]
    steps = tuple(tuple(map(told, parts)) for parts in stages)
    return Heard(tuple(row), steps, before, after, ((plain - mean) / deviation).numpy(), masked.numpy())


def features_of(samples: FloatArray, features: Features) -> torch.Tensor:
    """Return the features of samples [T]: [F, M]."""
    values, _ = features(torch.from_numpy(samples)[None], torch.tensor([len(samples)]))
    return values[0]


def told(stage: Stage) -> str:
    """Say in a few words what a step did."""
    drawn = ", ".join(f"{name} {readable(value)}" for name, value in stage.drawn.items())
    return f"{stage.kind}: {drawn}"


def readable(value: float | str) -> str:
    if isinstance(value, str):
        return value
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def entry_of(heard: Heard, spec: FeatureSpec) -> Entry:
    """Return what the page shows of a row."""
    return Entry(
        title=" + ".join(utterance.id for utterance in heard.utterances),
        text=" ".join(utterance.text for utterance in heard.utterances),
        steps=heard.steps,
        before=wav(heard.before, spec.rate_hz),
        after=wav(heard.after, spec.rate_hz),
        picture=picture(heard.before, heard.after, heard.plain, heard.masked, spec),
    )


def wav(samples: FloatArray, rate_hz: int) -> bytes:
    """Return samples [T] as a 16-bit WAV, softer where they go beyond full scale, which only training hears."""
    file = io.BytesIO()
    loudest = max(1.0, float(np.abs(samples).max(initial=0.0)))
    soundfile.write(file, samples / loudest, rate_hz, format="WAV", subtype="PCM_16")
    return file.getvalue()


def write(entry: Entry, out: Path, name: str) -> None:
    for ending, content in (("-before.wav", entry.before), ("-after.wav", entry.after), (".png", entry.picture)):
        with replacing(out / f"{name}{ending}") as temporary:
            temporary.write_bytes(content)
