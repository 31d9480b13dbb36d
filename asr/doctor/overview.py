"""A manifest in one line: how much it holds, of whom, and how it is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from asr.doctor.case import Case
from asr.doctor.measure import Sound

COLUMNS = ("utterances", "hours", "speakers", "words", "vocabulary", "characters", "sample rates", "coding")


@dataclass(frozen=True)
class Overview:
    """Counts of a manifest; hours, rates, channels and codings are those of the recordings that can be read."""

    utterances: int
    hours: float
    speakers: int
    words: int
    different_words: int
    characters: str  # each once, sorted
    rates_hz: Counter[int]
    channels: Counter[int]
    codings: Counter[str]

    @property
    def row(self) -> tuple[str, ...]:
        """The values of COLUMNS for people."""
        return (
            f"{self.utterances}",
            f"{self.hours:.2f}",
            f"{self.speakers or '?'}",
            f"{self.words}",
            f"{self.different_words}",
            f"{len(self.characters)}",
            ", ".join(f"{rate_hz / 1000:g} kHz" for rate_hz, _ in self.rates_hz.most_common()),
            ", ".join(coding for coding, _ in self.codings.most_common()),
        )

    def as_dict(self) -> dict[str, object]:
        return {
            "utterances": self.utterances,
            "hours": round(self.hours, 4),
            "speakers": self.speakers,
            "words": self.words,
            "different_words": self.different_words,
            "characters": self.characters,
            "sample_rates_hz": {str(rate_hz): count for rate_hz, count in self.rates_hz.most_common()},
            "channels": {str(number): count for number, count in self.channels.most_common()},
            "codings": dict(self.codings.most_common()),
        }


def overview(cases: Sequence[Case]) -> Overview:
    """Count what is in the utterances of a manifest."""
    sounds = [case.sound for case in cases if isinstance(case.sound, Sound)]
    words = [word for case in cases for word in case.text.split()]
    return Overview(
        utterances=len(cases),
        hours=sum(sound.duration_s for sound in sounds) / 3600,
        speakers=len({case.utterance.speaker for case in cases} - {""}),
        words=len(words),
        different_words=len(set(words)),
        characters="".join(sorted({character for word in words for character in word})),
        rates_hz=Counter(sound.rate_hz for sound in sounds),
        channels=Counter(sound.channels for sound in sounds),
        codings=Counter(sound.coding for sound in sounds),
    )
