"""Silence around what is said and within it."""

from __future__ import annotations

from asr.doctor.case import Symptom
from asr.doctor.check import Check, each_sound
from asr.doctor.measure import Sound

ENDS_S = 2.0
INSIDE_S = 3.0


def _at_the_ends(sound: Sound) -> Symptom | None:
    lead_s, tail_s = sound.pauses.lead_s, sound.pauses.tail_s
    if max(lead_s, tail_s) <= ENDS_S:
        return None
    return Symptom(
        f"{lead_s:.1f} s before speech and {tail_s:.1f} s after it, of {sound.duration_s:.1f} s", max(lead_s, tail_s)
    )


def _inside(sound: Sound) -> Symptom | None:
    pause = sound.pauses
    if pause.longest_s <= INSIDE_S:
        return None
    return Symptom(
        f"{pause.longest_s:.1f} s from {pause.longest_at_s:.1f} s on, of {sound.duration_s:.1f} s", pause.longest_s
    )


SILENT_ENDS = Check(
    severity="note",
    title=f"more than {ENDS_S:g} s of silence at an end",
    advice="Trim them: silence costs time in training. Much of it can mean that words are missing in the audio.",
    find=each_sound(_at_the_ends),
)
SILENT_INSIDE = Check(
    severity="note",
    title=f"more than {INSIDE_S:g} s of silence within",
    advice="Listen to some: headings and pauses for thought are natural, a gap in a recording is not.",
    find=each_sound(_inside),
)
