"""Long recordings in windows: the same frames as at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from asr import audio
from asr.bundle import ModelInfo
from asr.errors import ConfigError
from asr.longform import windowed_log_probs
from asr.recognizer import Recognizer
from asr.types import FloatArray

STEP = 640
INFO = ModelInfo(name="echo", tokens=("<blk>", "a"), rate_hz=16000, frame_shift_s=0.04)


class Echo:
    """A model whose frame says which sample it begins with, as the samples count, and how many it saw."""

    info = INFO

    def __init__(self, hears: int = 0) -> None:
        self.sizes: list[int] = []
        self.hears = hears  # frames to either side that a frame depends on

    def log_probs(self, batch: Sequence[FloatArray]) -> list[FloatArray]:
        (samples,) = batch
        self.sizes.append(len(samples))
        starts = samples[::STEP].astype(np.float32)  # a frame of less than STEP samples is one too
        padded = np.pad(starts, self.hears)
        seen = [padded[at : at + 2 * self.hears + 1].sum() for at in range(len(starts))]
        return [np.stack([starts, np.array(seen, np.float32)], axis=1).reshape(-1, 2)]


@pytest.mark.parametrize("total", [0, 1, STEP - 1, STEP, 7 * STEP, 10 * STEP, 10 * STEP + 1, 40 * STEP - 3, 100 * STEP])
@pytest.mark.parametrize(("window_s", "context_s"), [(0.04, 0.0), (0.2, 0.08), (0.4, 0.4), (30.0, 4.0)])
def test_frames_are_those_of_the_whole(total: int, window_s: float, context_s: float) -> None:
    samples = np.arange(total, dtype=np.float32)
    context = round(context_s / 0.04)
    model = Echo(hears=context)
    rows = windowed_log_probs(model, samples, window_s=window_s, context_s=context_s)
    assert (rows == Echo(hears=context).log_probs([samples])[0]).all()
    assert rows.shape == (-(-total // STEP), 2)
    assert max(model.sizes) <= (round(window_s / 0.04) + 2 * context) * STEP


@pytest.mark.parametrize(("window_s", "context_s"), [(0.0, 1.0), (-1.0, 1.0), (0.01, 0.0), (30.0, -1.0)])
def test_windows_that_cannot_be(window_s: float, context_s: float) -> None:
    with pytest.raises(ConfigError, match=f"windows of {window_s} s with {context_s} s"):
        windowed_log_probs(Echo(), np.zeros(100, np.float32), window_s=window_s, context_s=context_s)


def test_the_model_that_ships_hears_nearly_the_same(sample: Path) -> None:
    """A Bi-LSTM hears everything, so the frames differ, but by little where it has some context."""
    model = Recognizer(threads=1)
    once = audio.read(sample, rate_hz=model.info.rate_hz).samples
    samples = np.tile(once, 4)  # 11 s
    whole = model.log_probs([samples])[0]
    parts = windowed_log_probs(model, samples, window_s=3.0, context_s=2.0)
    assert parts.shape == whole.shape
    assert np.abs(np.exp(parts) - np.exp(whole)).sum(axis=1).mean() < 0.1  # of 2, were all of it elsewhere
    assert (parts.argmax(axis=1) == whole.argmax(axis=1)).mean() > 0.98
