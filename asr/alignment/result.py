"""What an alignment is: a hypothesis whose words were given, with how well they fit."""

from __future__ import annotations

from dataclasses import dataclass

from asr.types import Hypothesis, Word

# Chosen on AN4 dev with the AN4 model: of 9,876 pairs of a recording and the text of another 99.8 % score less, of the
# 100 right texts none (the worst -4.92, the median 0.00); on AN4 test 99.8 % of 16,742 pairs and 3 of 130.
DOUBTFUL = -5.0
# Fewer words than these say little: a misread word is nothing rare.
STRETCH_WORDS = 10


@dataclass(frozen=True, slots=True)
class AlignedWord(Word):
    """One word of the text, as it was given.

    score: log-probability lost against the best path through its frames, a label of the word; 0 is the best.
    interpolated: its times are not its own but lie between its neighbours', since the token set cannot spell it or it
    has no sound; then confidence and score are 0.
    """

    score: float = 0.0
    interpolated: bool = False


@dataclass(frozen=True, slots=True)
class Alignment(Hypothesis):
    """A text with the times of its words; `words` are AlignedWords.

    score: log-probability lost against the best path through the whole recording, a label of the text or of what the
    model hears, whichever are more; 0 is the best, and below DOUBTFUL the text hardly belongs to the recording.
    """

    words: tuple[AlignedWord, ...] = ()
    score: float = 0.0
    duration_s: float = 0.0

    @property
    def is_doubtful(self) -> bool:
        return self.score < DOUBTFUL

    def doubtful_stretches(self) -> list[tuple[AlignedWord, AlignedWord]]:
        """Return the first and the last word of each stretch whose words fit as badly as those of another text."""
        heard = [word for word in self.words if not word.interpolated]
        found: list[tuple[int, int]] = []
        for end in range(STRETCH_WORDS, len(heard) + 1):
            first = end - STRETCH_WORDS
            if sum(word.score for word in heard[first:end]) >= DOUBTFUL * STRETCH_WORDS:
                continue
            if found and first <= found[-1][1]:
                first = found.pop()[0]
            found.append((first, end))
        return [(heard[first], heard[end - 1]) for first, end in found]
