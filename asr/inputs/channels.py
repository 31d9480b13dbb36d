"""Which channel of a recording is heard, and what is heard in several put together again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import NamedTuple

from asr.errors import ConfigError, did_you_mean
from asr.han import sentence
from asr.types import Hypothesis, Word

MIX, SPLIT = "mix", "split"
CHANNELS: dict[str, int | str] = {MIX: MIX, "left": 1, "right": 2, SPLIT: SPLIT}
_TURN_PAUSE_S = 0.7  # a longer pause lets another speak


def parse_channel(text: str) -> int | str:
    """Return `mix`, `split`, or the number of a channel, counted from 1; ConfigError for anything else."""
    if text in CHANNELS:
        return CHANNELS[text]
    if text.isdecimal() and int(text):
        return int(text)
    raise ConfigError(f"channel: unknown {text!r}{did_you_mean(text, CHANNELS)}; or give its number, from 1")


class _Turn(NamedTuple):
    start_s: float
    words: tuple[Word, ...]


def merged(channels: Sequence[Hypothesis]) -> Hypothesis:
    """Return one hypothesis of those of the channels of a recording, a speaker a channel.

    The words of a turn, which ends at a pause, stay together; turns are in order of time, and each is a line of the
    text, after the number of its channel. The confidence is the mean over the words. A warning names its channel,
    unless it is about all.
    """
    found = (turn for number, heard in enumerate(channels, start=1) for turn in _turns(heard, number))
    turns = sorted(found, key=lambda turn: turn.start_s)
    words = tuple(word for turn in turns for word in turn.words)
    confidence = sum(word.confidence for word in words) / len(words) if words else 0.0
    lines = [
        f"{channel}: {sentence(word.text for word in said)}"
        for channel, said in groupby(words, key=lambda word: word.channel)
    ]
    return Hypothesis("\n".join(lines), words, confidence, warnings=_warnings(channels))


def _warnings(channels: Sequence[Hypothesis]) -> tuple[str, ...]:
    said = {sentence: None for heard in channels for sentence in heard.warnings}
    of_all = [sentence for sentence in said if all(sentence in heard.warnings for heard in channels)]
    of_one = [
        f"channel {number} {sentence}"
        for number, heard in enumerate(channels, start=1)
        for sentence in heard.warnings
        if sentence not in of_all
    ]
    return (*of_all, *of_one)


def _turns(heard: Hypothesis, channel: int) -> list[_Turn]:
    turns: list[list[Word]] = []
    for word in heard.words:
        if not turns or word.start_s - turns[-1][-1].end_s > _TURN_PAUSE_S:
            turns.append([])
        turns[-1].append(replace(word, channel=channel))
    return [_Turn(words[0].start_s, tuple(words)) for words in turns]
