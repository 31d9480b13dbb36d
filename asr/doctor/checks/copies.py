"""What is there twice: in one manifest, or in two that should have nothing in common."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator

from asr.doctor.case import Case, Finding, Survey
from asr.doctor.check import Check
from asr.tokenizers.tokens import shown


def _recordings(survey: Survey) -> list[list[Case]]:
    """Return the utterances with the same samples, where more than one have them; silence is like silence."""
    same = defaultdict(list)
    for case, sound in survey.audible:
        if not sound.is_constant:
            same[sound.digest].append(case)
    return [cases for cases in same.values() if len(cases) > 1]


def _is_copy(case: Case, of: Case) -> str:
    return f"is {of.name}" + (f", there with the text {shown(of.text)}" if of.text != case.text else "")


def _twice(survey: Survey) -> Iterator[Finding]:
    for cases in _recordings(survey):
        first: dict[str, Case] = {}
        for case in cases:
            if first.setdefault(case.manifest, case) is not case:
                yield case.finding(_is_copy(case, first[case.manifest]))


def _in_two_sets(survey: Survey) -> Iterator[Finding]:
    order = list(survey.manifests)
    for cases in _recordings(survey):
        last = max(cases, key=lambda case: order.index(case.manifest))
        for case in cases:
            if case.manifest != last.manifest:
                yield case.finding(_is_copy(case, last), f"in {case.manifest} and {last.manifest}")


def _shared(key: Callable[[Case], str], says: Callable[[str], str]) -> Callable[[Survey], Iterator[Finding]]:
    """Return the check that finds the utterances whose key, unless empty, comes in another manifest too."""

    def find(survey: Survey) -> Iterator[Finding]:
        manifests: dict[Hashable, list[str]] = defaultdict(list)
        for case in survey.cases:
            if case.manifest not in manifests[key(case)]:
                manifests[key(case)].append(case.manifest)
        for case in survey.cases:
            others = [name for name in manifests[key(case)] if name != case.manifest]
            if key(case) and others:
                name = says(key(case))
                yield case.finding(f"{name} also in {', '.join(others)}", name)

    return find


DUPLICATE_AUDIO = Check(
    severity="warning",
    title="the same samples as another utterance of the manifest",
    advice="Leave the copies out; of two with different texts one is wrong. Samples are compared, rounded to 16 bits:"
    " a WAV and its FLAC are the same, a WAV and its MP3 are not.",
    find=_twice,
)
AUDIO_IN_TWO_SETS = Check(
    severity="error",
    title="the same samples as in a later manifest",
    advice="A test on what was trained on says nothing. Name the training set first: the copy in the earlier manifest"
    " is the one to leave out.",
    find=_in_two_sets,
    needs="sets",
)
SPEAKER_IN_TWO_SETS = Check(
    severity="warning",
    title="a speaker who is in another manifest too",
    advice="Error rates then hold for known speakers alone. Keep each speaker in one set, or say so beside the figure.",
    find=_shared(lambda case: case.utterance.speaker, lambda speaker: f"speaker {speaker}"),
    needs="sets",
)
TEXT_IN_TWO_SETS = Check(
    severity="note",
    title="a text that is in another manifest too",
    advice="Natural for commands and digits. Long sentences that are in both sets flatter a model with a language "
    "model.",
    find=_shared(lambda case: case.text, shown),
    needs="sets",
)
