"""Measure how soon a large manifest gives training its first batch, in how much memory, and how full batches are.

    python tools/bench_manifest.py MANIFEST [--config CONFIG] [--lines 1000000]

MANIFEST is repeated to that many lines, each with an id, an audio path and an order of words of its own; links lead to
its recordings. A fresh process then takes the way of `asr train`: it reads and checks all lines, makes
the tokens, checks that each text fits its audio, plans an epoch, and reads the audio of the first batch. Time is given
as the clock's and as the processor's; memory is the most that was resident, with the packages and without.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asr.config import Config

STARTED_S = time.perf_counter()
EPOCHS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--config", type=Path, help="settings of training; the defaults unless given")
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--first-batch", action="store_true", help="take MANIFEST as it is, and go to the first batch")
    options = parser.parse_args()
    if options.first_batch:
        first_batch(options.manifest, options.config)
        return
    padding(options.manifest, options.config)
    with tempfile.TemporaryDirectory() as folder:
        large = enlarge(options.manifest, Path(folder), options.lines)
        config = [] if options.config is None else ["--config", str(options.config)]
        subprocess.run([sys.executable, __file__, str(large), "--first-batch", *config], check=True)


def padding(manifest: Path, config: Path | None) -> None:
    """Print which share of the batches of some epochs is padding."""
    import numpy as np

    from asr import manifest as manifests
    from asr.train.batches import plan

    settings = settings_of(config)
    durations_s = np.array([utterance.duration_s for utterance in manifests.stream(manifest)])
    for epoch in range(EPOCHS):
        rng = np.random.default_rng((settings.train.seed, epoch))
        batches = plan(durations_s, settings.train.batch_s, rng)
        heard_s = durations_s / rng.choice(settings.augment.speeds, len(durations_s))
        heard_s /= rng.choice(settings.augment.tempos, len(durations_s))
        shares = [
            1 - lengths_s.sum() / sum(lengths_s[batch].max() * len(batch) for batch in batches)
            for lengths_s in (durations_s, heard_s)
        ]
        print(
            f"epoch {epoch + 1}: {len(batches)} batches of up to {settings.train.batch_s:g} s, "
            f"{shares[0]:.1%} padding; {shares[1]:.1%} after speed perturbation"
        )


def enlarge(manifest: Path, folder: Path, lines: int) -> Path:
    """Write a manifest of so many lines into `folder`, with links to one copy of the recordings, and return it."""
    from asr import manifest as manifests

    sources = manifests.read(manifest)
    (folder / "audio").mkdir()
    names = [f"{number:06}{source.audio.suffix}" for number, source in enumerate(sources)]
    for name, source in zip(names, sources, strict=True):
        shutil.copyfile(source.audio, folder / "audio" / name)
    rng = random.Random(0)
    with open(folder / "large.jsonl", "w", encoding="utf-8") as file:
        for number in range(lines):
            copy, row = divmod(number, len(sources))
            if row == 0:
                (folder / f"{copy:05}").symlink_to("audio")
            source, words = sources[row], sources[row].text.split()
            rng.shuffle(words)
            value = {
                "id": f"{copy:05}-{source.id}",
                "audio": f"{copy:05}/{names[row]}",
                "text": " ".join(words),
                "duration_s": source.duration_s,
                "speaker": source.speaker,
            }
            file.write(json.dumps(value, ensure_ascii=False) + "\n")
    return folder / "large.jsonl"


@dataclass
class Clock:
    """The time since it was made, of the clock and of the processor."""

    wall_s: float
    processor_s: float

    @classmethod
    def start(cls) -> Clock:
        return cls(time.perf_counter(), time.process_time())

    def __str__(self) -> str:
        wall_s, processor_s = time.perf_counter() - self.wall_s, time.process_time() - self.processor_s
        return f"{wall_s:.1f} s (processor {processor_s:.1f} s)"


def first_batch(manifest: Path, config: Path | None) -> None:
    """Print the time to the first batch of a manifest, and the memory."""
    import numpy as np

    from asr.train.batches import collate, draw_groups, plan
    from asr.train.data import load_data

    print(f"packages loaded after {time.perf_counter() - STARTED_S:.1f} s, {peak_mb():.0f} MB")
    settings, clock = settings_of(config), Clock.start()
    data = load_data(settings, manifest, small(manifest))
    print(f"{len(data.train)} utterances read and checked after {clock}, at most {peak_mb():.0f} MB")
    rng = np.random.default_rng((settings.train.seed, 0))
    groups = draw_groups(rng, len(data.train), settings.augment.joined)
    batches = plan(groups.sums(data.train.durations_s), settings.train.batch_s, rng)
    print(f"{len(batches)} batches planned after {clock}, at most {peak_mb():.0f} MB")
    examples = [data.train[index] for group in batches[0] for index in groups[group]]
    samples = [data.cache.samples(example.utterance) for example in examples]
    batch = collate(examples, samples, data.cache.rate_hz)
    print(f"first batch of {len(batch.ids)} utterances after {clock}, at most {peak_mb():.0f} MB")


def small(manifest: Path) -> Path:
    """Write the first lines of a manifest beside it, as a development set."""
    path = manifest.with_name("dev.jsonl")
    with open(manifest, "rb") as source:
        path.write_bytes(b"".join(islice(source, 100)))
    return path


def settings_of(config: Path | None) -> Config:
    from asr import config as settings

    return settings.Config() if config is None else settings.load(config)


def peak_mb() -> float:
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / (1e6 if sys.platform == "darwin" else 1e6 / 1024)


if __name__ == "__main__":
    main()
