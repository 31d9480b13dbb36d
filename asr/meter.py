"""What a person would want to know about a recording before its text is believed."""

from __future__ import annotations

import math

import numpy as np

from asr.signal import Spectrum, band_limit_hz, clipped_samples, power_spectrum, window_samples
from asr.types import FloatArray, Hypothesis

_SPECTRUM_S = 10.0  # of each piece that is added: enough to see where the band ends
_BAND_SHARE = 0.8  # of what the model hears; encoders for speech leave out the rest of it without harm
_CLIPPED = 1e-3  # of the samples; a shout or two clip less
_SILENT, _NEARLY_SILENT = 1e-4, 3e-3  # peaks, of full scale: -80 and -50 dB
_DEAD_DB, _CANCELLED_DB = 40.0, 6.0  # below the loudest channel; lost where channels are added
_UNSURE, _UNSURE_WORDS = 0.5, 5  # mean confidence, and how many words it takes to say so


class Meter:
    """Listens to a recording in pieces and says what is wrong with it.

    rate_hz: of what is added; source_hz: of the recording where it was resampled before.
    """

    def __init__(self, rate_hz: int, channels: int = 1, *, source_hz: int | None = None) -> None:
        self._rate_hz, self._source_hz = rate_hz, source_hz or rate_hz
        self._samples = self._clipped = 0
        self._powers = np.zeros(channels + 1)  # summed, of each channel and of their mean
        self._peaks = np.zeros(channels)
        self._power: Spectrum = np.zeros(window_samples(rate_hz) // 2 + 1)

    def add(self, samples: FloatArray) -> None:
        """Take the next samples, [T] or [T, C]."""
        if not len(samples):
            return
        columns = samples[:, None] if samples.ndim == 1 else samples
        mean = columns[:, 0] if columns.shape[1] == 1 else columns.mean(axis=1)
        self._samples += len(samples)
        for at, channel in enumerate([*columns.T, mean]):
            self._powers[at] += np.square(channel, dtype=np.float64).sum()
        for at, channel in enumerate(columns.T):
            self._clipped += clipped_samples(channel)
            self._peaks[at] = max(self._peaks[at], np.abs(channel).max())
        self._power += power_spectrum(mean[: round(_SPECTRUM_S * self._rate_hz)], self._rate_hz)

    def warnings(self, model_hz: int, hypothesis: Hypothesis) -> tuple[str, ...]:
        """Return a sentence for each thing that makes the text of a recording doubtful."""
        if not self._samples:
            return ()
        said = (self._loudness(), self._clipping(), self._channels(), self._band(model_hz), _confidence(hypothesis))
        return tuple(sentence for sentence in said if sentence)

    def _loudness(self) -> str | None:
        peak = float(self._peaks.max())
        if peak < _SILENT:
            return "is silent; check the microphone and the channel"
        if peak < _NEARLY_SILENT:
            return f"is nearly silent (its peak is {_db(peak**2):.0f} dB of full scale); record it louder"
        return None

    def _clipping(self) -> str | None:
        share = self._clipped / (self._samples * len(self._peaks))
        if share < _CLIPPED:
            return None
        return f"is clipped ({100 * share:.1f} % of the samples); lower the recording level"

    def _channels(self) -> str | None:
        """Say whether a channel is dead, or the channels cancel each other out."""
        *channels, mean = self._powers
        loudest = max(channels)
        dead = [at for at, power in enumerate(channels, start=1) if _db(power) < _db(loudest) - _DEAD_DB]
        if dead and self._peaks.max() >= _NEARLY_SILENT:
            return f"has nothing in channel {', '.join(map(str, dead))} of {len(channels)}; transcribe the other alone"
        if len(channels) > 1 and _db(sum(channels) / len(channels)) - _db(mean) > _CANCELLED_DB:
            return "has channels that cancel each other out in their mean; transcribe one of them alone"
        return None

    def _band(self, model_hz: int) -> str | None:
        if self._source_hz < model_hz:
            return (
                f"has {self._source_hz} samples a second, the model hears {model_hz}: expect more errors, or take a "
                "model of that rate"
            )
        band_hz, heard_hz = band_limit_hz(self._power, self._rate_hz), model_hz / 2
        if self._power.sum() and band_hz < _BAND_SHARE * heard_hz:
            return (
                f"has nothing above {band_hz / 1000:.1f} kHz of the {heard_hz / 1000:g} kHz that the model hears (a "
                "telephone or an encoder was there before): expect more errors"
            )
        return None


def _confidence(hypothesis: Hypothesis) -> str | None:
    if len(hypothesis.words) < _UNSURE_WORDS or hypothesis.confidence >= _UNSURE:
        return None
    return (
        f"is hard for the model (mean confidence {hypothesis.confidence:.2f}): the language or the kind of speech may "
        "not be what it was trained on"
    )


def _db(power: float) -> float:
    return 10 * math.log10(power + 1e-20)
