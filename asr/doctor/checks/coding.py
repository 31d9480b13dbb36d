"""How recordings are stored: sample rates, channels, and what coding has cut off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from asr.doctor.case import Finding, Survey, Symptom
from asr.doctor.check import Check, each_sound
from asr.doctor.measure import Sound

_BAND_SHARE = 0.8  # of what the sample rate could hold; encoders for speech leave out the rest of it without harm
CANCELLED_DB = 6.0  # two channels that have nothing to do with each other lose 3


def _low_rate(survey: Survey) -> Iterator[Finding]:
    needed_hz = survey.target.spec.rate_hz
    for case, sound in survey.audible:
        if sound.rate_hz < needed_hz:
            yield case.finding(f"{sound.rate_hz} Hz, the model takes {needed_hz} Hz", f"{sound.rate_hz} Hz")


def _mixed_rates(survey: Survey) -> Iterator[Finding]:
    rates = Counter(sound.rate_hz for _, sound in survey.audible)
    most_hz = max(rates, key=lambda rate_hz: (rates[rate_hz], rate_hz), default=0)
    for case, sound in survey.audible:
        if sound.rate_hz != most_hz:
            yield case.finding(f"{sound.rate_hz} Hz, most have {most_hz} Hz", f"{sound.rate_hz} Hz")


def _band_limit(survey: Survey) -> Iterator[Finding]:
    for case, sound in survey.audible:
        top_hz = min(sound.rate_hz, survey.target.spec.rate_hz) / 2
        if sound.band_hz < _BAND_SHARE * top_hz:
            limit = f"{sound.band_hz / 1000:.1f} kHz"
            yield case.finding(f"nothing above {limit} of {top_hz / 1000:g} kHz", limit)


def _several(sound: Sound) -> Symptom | None:
    return Symptom(f"{sound.channels} channels", sound.channels) if sound.channels > 1 else None


def _cancelling(sound: Sound) -> Symptom | None:
    lost_db = sound.cancelled_db
    return Symptom(f"{lost_db:.0f} dB are lost in the mean", lost_db) if lost_db > CANCELLED_DB else None


LOW_RATE = Check(
    severity="warning",
    title="a sample rate below the model's",
    advice="They are resampled, and their upper bands stay empty. Set features.rate_hz to the lowest rate of the "
    "data, or leave them out.",
    find=_low_rate,
    needs="tokens",
)
MIXED_RATES = Check(
    severity="warning",
    title="another sample rate than most",
    advice="They are resampled. A model learns where the bands end: if only some speakers or words have the lower "
    "rate, that is what it hears. Bring all to the lowest rate, or balance the sets.",
    find=_mixed_rates,
)
BAND_LIMIT = Check(
    severity="warning",
    title="nothing in the upper part of the spectrum",
    advice="A telephone, an MP3 encoder or a lower sample rate has been there before. A model trained on these alone "
    "goes wrong on full recordings, and the other way round. Take the originals, mix with full recordings, or "
    "set features.high_hz below the limit.",
    find=_band_limit,
)
SEVERAL_CHANNELS = Check(
    severity="note",
    title="more than one channel",
    advice="Their mean is taken. Where each channel is a speaker, split them first.",
    find=each_sound(_several),
)
CANCELLING_CHANNELS = Check(
    severity="warning",
    title="channels that cancel each other out",
    advice="One of them is inverted, and little is left of their mean. Convert to one channel before.",
    find=each_sound(_cancelling),
)
