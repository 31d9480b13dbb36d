"""How far speech stands above the noise of its recording."""

from __future__ import annotations

import numpy as np

from asr.types import FloatArray

_FRAME_S = 0.02
_QUIET, _LOUD = 0.1, 0.5  # shares of the frames that are taken for noise and for speech
_LEAST = 2.0**-30 / 12  # the power of the rounding to 16 bits: no recording is said to be cleaner


def snr_db(samples: FloatArray, rate_hz: int) -> float | None:
    """Estimate the signal-to-noise ratio of a recording with pauses: samples [T]; None for less than 0.2 s.

    Noise is the mean power of the quietest tenth of its frames of 20 ms, the signal that of the loudest half less the
    noise. It ranks recordings; where nobody pauses it is too low.
    """
    size = round(_FRAME_S * rate_hz)
    count = len(samples) // size
    if count * _QUIET < 1:
        return None
    frames = samples[: count * size].astype(np.float64).reshape(count, size)
    power = np.sort((frames**2).mean(axis=1))  # [count]
    noise = max(float(power[: round(_QUIET * count)].mean()), _LEAST)
    signal = max(float(power[-round(_LOUD * count) :].mean()) - noise, _LEAST)
    return float(10 * np.log10(signal / noise))
