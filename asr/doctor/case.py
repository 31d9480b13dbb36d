"""What the checks look at: every line of every manifest, with its labels, its sound and what a model hears in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from asr.alignment import Alignment
from asr.doctor.measure import Fault, Sound
from asr.doctor.target import Target
from asr.feasibility import frames_needed
from asr.types import Utterance


class Symptom(NamedTuple):
    """What is wrong with an utterance, and how much: of the findings of a check the worst are shown first."""

    says: str
    badness: float = 0.0


class Finding(NamedTuple):
    """What a check found in one line, and what it counts over all of them (characters, speakers, ...)."""

    manifest: str
    line: int
    id: str  # empty where the line holds none that could be read
    says: str
    counted: tuple[str, ...] = ()
    badness: float = 0.0


@dataclass(frozen=True, slots=True)
class Case:
    """An utterance and what is known about it."""

    manifest: str
    line: int
    utterance: Utterance
    text: str  # after the text rules
    labels: tuple[int, ...] = ()  # none where the tokens cannot spell the text
    outside: tuple[str, ...] = ()  # what they cannot spell
    sound: Sound | Fault | None = None
    heard: Alignment | None = None

    def finding(self, says: str, *counted: str, badness: float = 0.0) -> Finding:
        return Finding(self.manifest, self.line, self.utterance.id, says, counted, badness)

    @property
    def name(self) -> str:
        """The id with the name of its manifest."""
        return f"{self.manifest}:{self.utterance.id}"

    @property
    def letters(self) -> int:
        """Characters of the text without spaces."""
        return len(self.text) - self.text.count(" ")

    @property
    def frames_needed(self) -> int:
        return max(frames_needed(self.labels), 1)


class BrokenLine(NamedTuple):
    """A line that is no utterance."""

    manifest: str
    line: int
    reason: str


@dataclass(frozen=True)
class Survey:
    """All that is known about a data set."""

    target: Target
    manifests: dict[str, Path]  # by name, in the order given
    cases: tuple[Case, ...]
    broken: tuple[BrokenLine, ...] = ()

    @cached_property
    def audible(self) -> tuple[tuple[Case, Sound], ...]:
        """The utterances whose audio could be read."""
        return tuple((case, case.sound) for case in self.cases if isinstance(case.sound, Sound))

    def of(self, manifest: str) -> Iterator[Case]:
        return (case for case in self.cases if case.manifest == manifest)
