"""What a check is: how bad a thing is, what to do about it, and the function that finds it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from asr.doctor.case import Finding, Survey, Symptom
from asr.doctor.measure import Fault, Sound

Severity = Literal["error", "warning", "note"]
Find = Callable[[Survey], Iterator[Finding]]

# In the order of a page.
SEVERITIES: dict[Severity, str] = {
    "error": "cannot be learnt from, or would be learnt by heart",
    "warning": "can be learnt from, and most likely should not",
    "note": "worth knowing",
}


@dataclass(frozen=True)
class Check:
    """One thing that can be wrong; its name stands in `asr.doctor.checks.CHECKS`.

    title: what is wrong, as it follows "12 of 500 utterances: ". advice: what to do about it. needs: a key of
    `asr.doctor.target.NEEDS` without which there is nothing to look for.
    """

    severity: Severity
    title: str
    advice: str
    find: Find
    needs: str = ""


def each_sound(judge: Callable[[Sound], Symptom | None]) -> Find:
    """Return the check that asks `judge` about every recording that can be read; None if it is well."""

    def find(survey: Survey) -> Iterator[Finding]:
        for case, sound in survey.audible:
            symptom = judge(sound)
            if symptom is not None:
                yield case.finding(symptom.says, badness=symptom.badness)

    return find


def each_fault(kind: str) -> Find:
    """Return the check that finds the recordings that could not be read for a reason of this kind."""

    def find(survey: Survey) -> Iterator[Finding]:
        for case in survey.cases:
            if isinstance(case.sound, Fault) and case.sound.kind == kind:
                yield case.finding(case.sound.says)

    return find
