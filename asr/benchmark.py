"""How fast a model file transcribes on this machine: every setting in a process of its own, in turn."""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from asr.decoding import make_decoder
from asr.errors import ConfigError
from asr.export import selfcheck
from asr.recognizer import BATCH_S, Recognizer, batches
from asr.types import FloatArray

ROUNDS = 3
CLIPS = 32
SHORTEST_S, LONGEST_S = 2.0, 8.0


@dataclass(frozen=True, slots=True)
class Setting:
    """A model file, and how it is run; batch: the most recordings at once."""

    model: Path
    precision: str
    threads: int
    batch: int
    provider: str = "cpu"


@dataclass(frozen=True, slots=True)
class Figures:
    """What one setting came to.

    start_s: from starting a process to a loaded model; first_s: from the first clip to its text, right after;
    speed: seconds of audio in a second, all clips once more, in the batches that `transcribe_batch` would make of them,
    none larger than the setting's; peak_mb: the most memory that the process held, None on Windows.
    """

    start_s: float
    first_s: float
    speed: float
    peak_mb: float | None


def bench(settings: Sequence[Setting], clips: Sequence[FloatArray], *, rounds: int = ROUNDS) -> list[Figures]:
    """Return the medians over `rounds` fresh processes of each setting; clips are samples [T] at the model's rate.

    Settings take turns, so that a busy machine is busy for all of them. Raises ConfigError for impossible numbers and
    where a process is ended from outside, and what loading the model raises.
    """
    for name, number in (("rounds", rounds), *(("batch", setting.batch) for setting in settings)):
        if number < 1:
            raise ConfigError(f"{name}: {number} is too few; give 1 or more")
    found: list[list[Figures]] = [[] for _ in settings]
    for _ in range(rounds):
        for setting, figures in zip(settings, found, strict=True):
            figures.append(_in_a_process(setting, clips))
    return [_medians(figures) for figures in found]


def synthetic(rate_hz: int) -> list[FloatArray]:
    """Return clips [T] of a synthetic voice, from 2 to 8 s: the speed does not depend on what is said."""
    durations_s = np.random.RandomState(0).uniform(SHORTEST_S, LONGEST_S, CLIPS)
    return [selfcheck.signal(rate_hz, seed=seed, duration_s=float(size)) for seed, size in enumerate(durations_s)]


def _medians(figures: Sequence[Figures]) -> Figures:
    peaks_mb = [one.peak_mb for one in figures if one.peak_mb is not None]
    return Figures(
        start_s=median(one.start_s for one in figures),
        first_s=median(one.first_s for one in figures),
        speed=median(one.speed for one in figures),
        peak_mb=median(peaks_mb) if peaks_mb else None,
    )


def _in_a_process(setting: Setting, clips: Sequence[FloatArray]) -> Figures:
    # Spawned, not forked: a copy of this process would count its memory and find everything imported.
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        try:
            return pool.submit(_figures, setting, list(clips), time.time()).result()
        except BrokenProcessPool as error:
            raise ConfigError(
                f"batch: the process with {setting.batch} recordings a batch was ended (out of memory, most likely); "
                "give a smaller one"
            ) from error


def _figures(setting: Setting, clips: list[FloatArray], begun: float) -> Figures:
    """Measure in this process, which the other one began to start at `begun` of the clock on the wall."""
    model = Recognizer(setting.model, threads=setting.threads, provider=setting.provider)
    start_s = time.time() - begun
    loaded = time.perf_counter()
    model.transcribe(clips[0])
    first = time.perf_counter()
    decoder = make_decoder(model.info, None).decoder
    sizes = dict(enumerate(map(len, clips)))
    for places in batches(sizes, round(BATCH_S * model.info.rate_hz), most=setting.batch):
        log_probs = model.log_probs([clips[place] for place in places])
        decoder.decode_batch(log_probs, frame_shift_s=model.info.frame_shift_s, threads=setting.threads)
    seconds = time.perf_counter() - first
    spoken_s = sum(map(len, clips)) / model.info.rate_hz
    return Figures(start_s, first - loaded, spoken_s / seconds, _peak_mb())


def _peak_mb() -> float | None:
    """Return the most memory that this process has held, in MB; None where the system does not tell."""
    try:  # Linux; getrusage there counts what the parent held before it started this process
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6
    except (OSError, IndexError):
        pass
    if sys.platform == "darwin":
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return None
