"""Checks of a model file that need neither torch nor its checkpoint.

The file carries a probe: what the model that was exported said to a synthetic signal. Whoever has the file can ask
again, on their machine and with their runtime.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from asr.errors import VerifyError
from asr.mel import FeatureSpec
from asr.recognizer import Recognizer
from asr.streaming import Frames
from asr.types import FloatArray

SEED, DURATION_S = 0, 2.0
BEST = 8  # tokens of each frame that the probe stores
# In nats. Other processors round otherwise, and by far less; a wrong kernel or weight is off by far more.
PROBE_TOLERANCE = 0.01
# A row alone and in a batch go through the same sums: nearly always equal to the last bit.
BATCH_TOLERANCE = 1e-4
HALVES_TOLERANCE = 0.01  # what onnxruntime 1.19 makes of halves in a batch is off by 0.004
PIECES_TOLERANCE = 1e-5


@dataclass(frozen=True, slots=True)
class Checked:
    """What a model file that passed was checked on; differences are of log-probabilities, the largest of all."""

    recordings: int
    batch_difference: float
    probe_difference: float | None  # None: the file carries no probe


def check(path: str | Path) -> Checked:
    """Check a model file by itself: intact, right frames down to no samples, batch == single, the probe's answer,
    and where it may be fed in pieces, pieces == whole.

    Raises MissingFile, ModelError, or VerifyError with what differs.
    """
    recognizer = Recognizer(path)
    waveforms = _waveforms(FeatureSpec(**recognizer.info.features))
    singles = [recognizer.log_probs([samples])[0] for samples in waveforms]
    _check_frames(recognizer, path, waveforms, singles)
    batched = recognizer.log_probs(waveforms)
    batch = max(difference(a, b) for a, b in zip(singles, batched, strict=True))
    if batch > (HALVES_TOLERANCE if recognizer.info.precision == "fp16" else BATCH_TOLERANCE):
        raise VerifyError(f"{path}: log-probabilities alone and in a batch differ by {batch:.2g}; export it again")
    if recognizer.info.streaming is not None and recognizer.info.precision in ("fp32", "int8-weights"):
        # The scales of int8 are those of a piece, and halves are rounded where a piece ends.
        _check_pieces(recognizer, path, waveforms, singles)
    probe = recognizer.info.probe
    return Checked(len(waveforms), batch, None if probe is None else _check_probe(probe, singles[-1], path))


def signal(rate_hz: int, *, seed: int = SEED, duration_s: float = DURATION_S) -> FloatArray:
    """Return the probe's samples [T] at 16 bits: a gliding voice that swells and fades, in noise."""
    time_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    turns = 140.0 * time_s + 8.0 * np.sin(2 * np.pi * 1.1 * time_s)  # of the fundamental
    harmonics = np.arange(1, 13)[:, None]  # below half of 8 kHz at the highest pitch
    voice = np.sum(np.sin(2 * np.pi * harmonics * turns) / harmonics, axis=0) * np.sin(2 * np.pi * 1.5 * time_s) ** 2
    # RandomState, not default_rng: only its stream is promised never to change.
    noise = np.random.RandomState(seed).uniform(-1.0, 1.0, len(time_s))
    return np.asarray(np.round(32767 * (0.2 * voice + 0.01 * noise)) / 32768, dtype=np.float32)


def probe(log_probs: FloatArray) -> dict[str, Any]:
    """Return what is stored of the answer to `signal`: the best tokens of each frame; log_probs [F', V]."""
    ids = np.argsort(-log_probs, axis=1, kind="stable")[:, :BEST]  # [F', BEST]
    values = np.take_along_axis(log_probs, ids, axis=1)
    return {
        "seed": SEED,
        "duration_s": DURATION_S,
        "tolerance": PROBE_TOLERANCE,
        "ids": ids.tolist(),
        "log_probs": [[round(float(value), 4) for value in row] for row in values],
    }


def difference(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    """Return the largest difference of two arrays; infinite where the shapes differ or a number is NaN."""
    a, b = np.asarray(a), np.asarray(b)
    worst = float(np.abs(a - b).max(initial=0.0)) if a.shape == b.shape else np.inf
    return np.inf if np.isnan(worst) else worst


def _waveforms(spec: FeatureSpec) -> list[FloatArray]:
    """Return pieces of the signal from no sample on, at the lengths where frames begin, and the whole signal last."""
    whole = signal(spec.rate_hz)
    half = spec.shift // 2
    sizes = (0, 1, half - 1, half, spec.window - 1, spec.window, spec.window + 1, len(whole) // 3)
    return [*(whole[:size] for size in sizes), whole]


def _check_frames(
    recognizer: Recognizer, path: str | Path, waveforms: list[FloatArray], answers: list[FloatArray]
) -> None:
    spec, vocabulary = FeatureSpec(**recognizer.info.features), len(recognizer.info.tokens)
    factor = round(recognizer.info.frame_shift_s / spec.frame_shift_s)  # feature frames in an output frame
    for samples, log_probs in zip(waveforms, answers, strict=True):
        expected = (-(-spec.frames(len(samples)) // factor), vocabulary)
        if log_probs.shape != expected:
            raise VerifyError(
                f"{path}: {len(samples)} samples give log-probabilities {log_probs.shape}, not {expected}; "
                "export it again"
            )
        if not np.allclose(np.exp(log_probs).sum(axis=1), 1.0, atol=1e-3):
            raise VerifyError(f"{path}: the probabilities of a frame do not sum to 1; export it again")


def _check_pieces(
    recognizer: Recognizer, path: str | Path, waveforms: list[FloatArray], answers: list[FloatArray]
) -> None:
    """Feed each waveform in pieces of changing sizes, and compare with what is said of it at once."""
    rate_hz, frames = recognizer.info.rate_hz, Frames(recognizer)
    for samples, expected in zip(waveforms, answers, strict=True):
        ends = np.cumsum(np.random.default_rng(SEED).integers(0, rate_hz // 4, 1 + 10 * len(samples) // rate_hz))
        found = np.concatenate([*(frames.feed(piece) for piece in np.split(samples, ends)), frames.finish()])
        worst = difference(found, expected)
        if worst > PIECES_TOLERANCE:
            raise VerifyError(
                f"{path}: log-probabilities in pieces and at once differ by {worst:.2g}; its encoder hears the future, "
                "so train it as 'lstm' or export it without pieces"
            )


def _check_probe(stored: Mapping[str, Any], log_probs: FloatArray, path: str | Path) -> float:
    ids, values = np.array(stored["ids"]), np.array(stored["log_probs"])
    found = np.take_along_axis(log_probs, ids, axis=1) if ids.shape[:1] == log_probs.shape[:1] else log_probs[:0]
    worst = difference(found, values)
    if worst > stored["tolerance"]:
        raise VerifyError(
            f"{path}: log-probabilities of the probe differ by {worst:.2g} from those stored at export; "
            "export it again, or report the processor and the version of onnxruntime"
        )
    return worst
