"""Audio and text that do not go together in length."""

from __future__ import annotations

import math
from collections.abc import Iterator

from asr.doctor.case import Finding, Survey
from asr.doctor.check import Check
from asr.doctor.robust import usual

# Logarithms. Utterances of a corpus that was cut to one length would all be outliers beside a deviation of nothing.
_DURATION_DEVIATION = 0.25
_RATE_DEVIATION = 0.1
LONG_S = 60.0

# On five corpora these find, of 8,140 utterances, a text with a number in digits by its rate; by their lengths two
# digits with seconds of silence, and two exclamations among long sentences.
_FAR_RATE = 4.0
_FAR_LENGTH = 5.0


def _too_few_frames(survey: Survey) -> Iterator[Finding]:
    target = survey.target
    speed = f" at speed {target.speed:g}" if target.speed != 1 else ""
    for case, sound in survey.audible:
        frames = target.frames(sound.duration_s)
        if not case.outside and frames < case.frames_needed:
            repeats = case.frames_needed - len(case.labels)
            needed = f"{len(case.labels)} labels" + (f" and {repeats} repeated" if repeats else "")
            says = f"{frames} frames ({sound.duration_s:.2f} s{speed}) for {needed}"
            yield case.finding(says, badness=case.frames_needed / max(frames, 1))


def _unusual_length(survey: Survey) -> Iterator[Finding]:
    ordinary = usual([math.log(sound.duration_s) for _, sound in survey.audible], _DURATION_DEVIATION)
    for case, sound in survey.audible:
        if sound.duration_s > LONG_S:
            yield case.finding(f"lasts {sound.duration_s:.1f} s", badness=math.log(sound.duration_s))
        elif ordinary and ordinary.is_far(math.log(sound.duration_s), deviations=_FAR_LENGTH):
            says = f"lasts {sound.duration_s:.2f} s, half of all more than {math.exp(ordinary.median):.2f} s"
            yield case.finding(says, badness=abs(math.log(sound.duration_s) - ordinary.median))


def _unusual_rate(survey: Survey) -> Iterator[Finding]:
    spoken = [(case, sound) for case, sound in survey.audible if case.letters]
    rates = [math.log(case.letters / sound.speech_s) for case, sound in spoken]
    ordinary = usual(rates, _RATE_DEVIATION)
    for (case, sound), rate in zip(spoken, rates, strict=True):
        # Characters take half of their mean time more or less, so that short texts are fast or slow by chance.
        if ordinary and ordinary.is_far(rate, deviations=_FAR_RATE, noise=0.5 / math.sqrt(case.letters)):
            yield case.finding(
                f"{case.letters} characters in {sound.speech_s:.2f} s of speech: {math.exp(rate):.1f} a second, "
                f"half of all have more than {math.exp(ordinary.median):.1f}",
                badness=abs(rate - ordinary.median),
            )


TOO_FEW_FRAMES = Check(
    severity="error",
    title="fewer frames than labels and repeats",
    advice="CTC has no path and an infinite loss. Check that text and audio belong together; else leave them out, "
    "lower the fastest speed or tempo of [augment], or take a tokenizer with longer tokens.",
    find=_too_few_frames,
)
UNUSUAL_LENGTH = Check(
    severity="note",
    title=f"a length far from that of the others, or over {LONG_S:.0f} s",
    advice="Listen to them: cut-off recordings are short, and recordings that were not cut into utterances are long. "
    "Long ones cost memory in training.",
    find=_unusual_length,
)
UNUSUAL_RATE = Check(
    severity="warning",
    title="far more or fewer characters a second than the others",
    advice="Listen to them: the text is of another recording, is only a part of what is said, or writes numbers in "
    "digits.",
    find=_unusual_rate,
)
