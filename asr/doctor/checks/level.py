"""How loud a recording is: clipped, faint, silent, shifted, or the same noise throughout."""

from __future__ import annotations

from asr.doctor.case import Symptom
from asr.doctor.check import Check, each_sound
from asr.doctor.measure import Sound
from asr.signal import CONTRAST_DB

CLIPPED, CLIPPED_SHARE = 10, 0.001  # samples, and 16 of them a second at 16 kHz; what is less cannot be heard
FAINT_DB = -60.0  # of full scale; the steps of 16 bits lie at -101
OFFSET = 0.02
_STEADY_S = 1.0  # a shorter one may hold one sound that was cut out tightly


def _no_sound(sound: Sound) -> Symptom | None:
    return Symptom(f"{sound.duration_s:.2f} s of the same sample") if sound.is_constant else None


def _faint(sound: Sound) -> Symptom | None:
    if sound.is_constant or sound.level_db >= FAINT_DB:
        return None
    return Symptom(f"{sound.level_db:.0f} dB of full scale", -sound.level_db)


def _clipped(sound: Sound) -> Symptom | None:
    share = sound.clipped / (sound.duration_s * sound.rate_hz * sound.channels)
    if sound.clipped < CLIPPED or share < CLIPPED_SHARE:
        return None
    return Symptom(f"{sound.clipped} samples, {100 * share:.1f} % of all", share)


def _offset(sound: Sound) -> Symptom | None:
    if sound.is_constant or abs(sound.offset) < OFFSET:
        return None
    return Symptom(f"{sound.offset:+.3f} of full scale", abs(sound.offset))


def _steady(sound: Sound) -> Symptom | None:
    contrast_db = sound.pauses.contrast_db
    if sound.is_constant or sound.duration_s < _STEADY_S or contrast_db >= CONTRAST_DB:
        return None
    return Symptom(f"its loudest and its quietest twentieth are {contrast_db:.1f} dB apart", -contrast_db)


NO_SOUND = Check(
    severity="error",
    title="digital silence",
    advice="Record them again or leave them out.",
    find=each_sound(_no_sound),
)
NEAR_SILENT = Check(
    severity="warning",
    title=f"below {FAINT_DB:.0f} dB of full scale",
    advice="Listen to them: a microphone that was off or far away. Scaling brings up the noise as well.",
    find=each_sound(_faint),
)
STEADY_SOUND = Check(
    severity="warning",
    title=f"nothing that stands out by {CONTRAST_DB:.0f} dB, as speech does",
    advice="Listen to them: noise, hum, or speech under as much noise.",
    find=each_sound(_steady),
)
CLIPPED_SAMPLES = Check(
    severity="warning",
    title="clipped samples",
    advice="Take the originals if they were clipped in conversion, else accept them: some clipping does not hurt "
    "training.",
    find=each_sound(_clipped),
)
DC_OFFSET = Check(
    severity="note",
    title=f"an offset of more than {OFFSET:g} of full scale",
    advice="Nothing: the features remove it. It tells of a faulty sound card, and other tools may click where files "
    "meet.",
    find=each_sound(_offset),
)
