"""Subtitles: words gathered into cues that can be read, by the rules that subtitlers keep to."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from asr.errors import ConfigError
from asr.han import is_han, sentence
from asr.types import Word
from asr.writers.names import encodable

_WRITTEN_S = 1e-3  # the least time that a format of subtitles can write


@dataclass(frozen=True, slots=True)
class Rules:
    """How words become cues.

    A cue ends at a pause, at the end of a sentence, and where another word would be too much for its lines or its
    time. It stays until it can be read, where the next one leaves it the time. Raises ConfigError for what no cue can
    keep to. Source of the defaults: Netflix' Timed Text Style Guide (42 characters, two lines, 20 characters a second,
    at least 5/6 s, two frames at 24 a second between cues) and the six-second rule of television.
    """

    line_chars: int = 42
    lines: int = 2
    reading_speed: float = 20.0  # characters a second
    min_gap_s: float = 2 / 24  # between the end of a cue and the next
    shortest_s: float = 5 / 6
    longest_s: float = 6.0
    pause_s: float = 0.7  # a longer one ends a cue

    def __post_init__(self) -> None:
        for name in ("line_chars", "lines", "reading_speed", "longest_s"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"subtitles: {name} is {getattr(self, name):g}; give more than 0, or leave it out")
        for name in ("min_gap_s", "shortest_s", "pause_s"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ConfigError(f"subtitles: {name} is {getattr(self, name):g}; give 0 or more, or leave it out")
        if self.shortest_s > self.longest_s:
            raise ConfigError(
                f"subtitles: shortest_s ({self.shortest_s:g}) is more than longest_s ({self.longest_s:g}); swap them"
            )


USUAL = Rules()


@dataclass(frozen=True, slots=True)
class Cue:
    """What stands on the screen at one time."""

    start_s: float
    end_s: float
    lines: tuple[tuple[Word, ...], ...]

    @property
    def words(self) -> tuple[Word, ...]:
        return tuple(itertools.chain.from_iterable(self.lines))

    @property
    def channel(self) -> int | None:
        return self.words[0].channel

    def texts(self) -> list[str]:
        """Return the lines; the first says who speaks, where the channels of a recording are told apart."""
        texts = [sentence(encodable(word.text) for word in line) for line in self.lines]
        return texts if self.channel is None else [f"{self.channel}: {texts[0]}", *texts[1:]]


def cues(words: Sequence[Word], rules: Rules) -> list[Cue]:
    """Return the cues of words that are in order of time."""
    groups = list(_groups(words, rules))
    following: list[float | None] = [group[0].start_s for group in groups[1:]]
    return [_cue(group, after, rules) for group, after in zip(groups, [*following, None], strict=False)]


def _groups(words: Iterable[Word], rules: Rules) -> Iterator[list[Word]]:
    group: list[Word] = []
    for word in words:
        if group and _parts(group, word, rules):
            yield group
            group = []
        group.append(word)
    if group:
        yield group


def _parts(group: list[Word], word: Word, rules: Rules) -> bool:
    """Say whether a word begins a cue of its own after those of `group`."""
    return (
        word.channel != group[0].channel
        or word.start_s - group[-1].end_s > rules.pause_s
        or word.end_s - group[0].start_s > rules.longest_s
        or len(_wrapped([*group, word], rules.line_chars)) > rules.lines
        or group[-1].text.endswith((".", "?", "!"))
    )


def _cue(words: list[Word], next_s: float | None, rules: Rules) -> Cue:
    lines = _balanced(words, rules.line_chars)
    start_s = words[0].start_s
    readable_s = max(rules.shortest_s, sum(map(_width, lines)) / rules.reading_speed)
    end_s = max(words[-1].end_s, min(start_s + readable_s, start_s + rules.longest_s))
    if next_s is not None:
        # A cue of few sounds keeps half of the time up to the next one, even if the gap becomes smaller for it.
        end_s = min(end_s, max(next_s - rules.min_gap_s, (start_s + next_s) / 2))
    return Cue(start_s, max(end_s, start_s + _WRITTEN_S), lines)


def _balanced(words: list[Word], line_chars: int) -> tuple[tuple[Word, ...], ...]:
    """Return as few lines as there can be, and of those that fit the ones whose longest is shortest."""
    fewest = len(_wrapped(words, line_chars))
    narrowest = min(line_chars, math.ceil(_width(words) / fewest))
    fitting = (_wrapped(words, width) for width in range(narrowest, line_chars + 1))
    return next((tuple(map(tuple, lines)) for lines in fitting if len(lines) == fewest), (tuple(words),))


def _wrapped(words: Iterable[Word], line_chars: int) -> list[list[Word]]:
    """Return lines filled one after another; a word that is longer than a line has one of its own."""
    lines: list[list[Word]] = []
    for word in words:
        if lines and _width([*lines[-1], word]) <= line_chars:
            lines[-1].append(word)
        else:
            lines.append([word])
    return lines


def _width(words: Sequence[Word]) -> int:
    """Return the characters of a line and of who speaks, those of Han counted twice, since they are twice as wide."""
    text = sentence(word.text for word in words)
    return len(text) + sum(map(is_han, text)) + (0 if words[0].channel is None else len(f"{words[0].channel}: "))


def clock(seconds: float, point: str) -> str:
    """Return `hh:mm:ss`, the point, and milliseconds."""
    minutes, milliseconds = divmod(round(1000 * seconds), 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{milliseconds // 1000:02d}{point}{milliseconds % 1000:03d}"
