"""The table of what can be wrong with a data set, in the order of a page."""

from __future__ import annotations

from asr.doctor.check import Check
from asr.doctor.checks import coding, copies, files, hearing, length, level, lines, silence, text

CHECKS: dict[str, Check] = {
    "broken_line": lines.BROKEN_LINE,
    "duplicate_id": lines.DUPLICATE_ID,
    "missing_audio": files.MISSING_AUDIO,
    "unreadable_audio": files.UNREADABLE_AUDIO,
    "outside_file": files.OUTSIDE_FILE,
    "not_finite": files.NOT_FINITE,
    "no_sound": level.NO_SOUND,
    "too_few_frames": length.TOO_FEW_FRAMES,
    "outside_tokens": text.OUTSIDE_TOKENS,
    "audio_in_two_sets": copies.AUDIO_IN_TWO_SETS,
    "misfit": hearing.MISFIT,
    "unusual_rate": length.UNUSUAL_RATE,
    "empty_text": text.EMPTY_TEXT,
    "longer_file": files.LONGER_FILE,
    "duplicate_audio": copies.DUPLICATE_AUDIO,
    "speaker_in_two_sets": copies.SPEAKER_IN_TWO_SETS,
    "near_silent": level.NEAR_SILENT,
    "steady_sound": level.STEADY_SOUND,
    "clipped": level.CLIPPED_SAMPLES,
    "low_rate": coding.LOW_RATE,
    "mixed_rates": coding.MIXED_RATES,
    "band_limit": coding.BAND_LIMIT,
    "cancelling_channels": coding.CANCELLING_CHANNELS,
    "unheard_words": hearing.UNHEARD_WORDS,
    "text_in_two_sets": copies.TEXT_IN_TWO_SETS,
    "repeated_text": text.REPEATED_TEXT,
    "rare_tokens": text.RARE_TOKENS,
    "text_changed": text.TEXT_CHANGED,
    "digits": text.DIGITS,
    "unusual_length": length.UNUSUAL_LENGTH,
    "silent_ends": silence.SILENT_ENDS,
    "silent_inside": silence.SILENT_INSIDE,
    "dc_offset": level.DC_OFFSET,
    "several_channels": coding.SEVERAL_CHANNELS,
}
