"""Audio that cannot be read as the manifest says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from asr.doctor.case import Finding, Survey
from asr.doctor.check import Check, each_fault
from asr.doctor.measure import SLACK_S

# A file may be this much longer than its utterance, of which it holds no other: padding of a codec, a rounded time.
_LONGER_S = 0.25
_LONGER_SHARE = 0.05


def _longer(survey: Survey) -> Iterator[Finding]:
    users = Counter(case.utterance.audio for case in survey.cases)
    for case, sound in survey.audible:
        utterance = case.utterance
        spare_s = sound.file_s - utterance.duration_s
        alone = users[utterance.audio] == 1 and utterance.start_s <= SLACK_S
        if alone and spare_s > max(_LONGER_S, _LONGER_SHARE * sound.file_s):
            yield case.finding(f"lasts {utterance.duration_s:.2f} s in the manifest, its file {sound.file_s:.2f} s")


MISSING_AUDIO = Check(
    severity="error",
    title="an audio file that is not there",
    advice="Copy the files again, or mend the paths: relative ones start at the manifest's folder.",
    find=each_fault("missing"),
)
UNREADABLE_AUDIO = Check(
    severity="error",
    title="audio that cannot be decoded, is cut short or empty",
    advice="Copy the files again from where they came from; leave out what is damaged there too.",
    find=each_fault("unreadable"),
)
NOT_FINITE = Check(
    severity="error",
    title="samples that are NaN, infinite or far beyond full scale",
    advice="Repair what wrote the files: one NaN makes the loss NaN. Floats must lie in [-1, 1].",
    find=each_fault("not_finite"),
)
OUTSIDE_FILE = Check(
    severity="error",
    title="a span that its file does not have",
    advice="Correct start_s and duration_s, or find the rest of the recording.",
    find=each_fault("outside"),
)
LONGER_FILE = Check(
    severity="warning",
    title="a file that is longer than its only utterance",
    advice="What lies behind duration_s is not trained on: correct duration_s if the text is that of the whole file.",
    find=_longer,
)
