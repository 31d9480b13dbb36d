"""Live speech: blocks of samples become phrases between pauses, whose text is told while they are said."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from asr.types import FloatArray, Hypothesis, Waveform

BLOCK_S = 0.1
_SILENT_DB = -100.0
_FLOOR_BLOCKS = 100  # in which there is a breath somewhere: ten seconds


class Hearer(Protocol):
    """What a Recognizer has that listening needs."""

    def transcribe(self, audio: Waveform) -> Hypothesis: ...


class Said(NamedTuple):
    """The text of a phrase so far; `is_final` says that a pause has ended it."""

    hypothesis: Hypothesis
    is_final: bool


@dataclass(frozen=True, slots=True)
class Gate:
    """What parts speech from pauses: level and time."""

    above_floor_db: float = 10.0  # over the quietest of the last seconds
    least_db: float = -55.0  # of full scale; nothing quieter is speech
    pause_s: float = 0.4  # ends a phrase
    before_s: float = 0.3  # kept before the first loud block, for consonants
    longest_s: float = 20.0  # of a phrase without a pause
    shown_every_s: float = 0.5


def listen(
    blocks: Iterable[FloatArray],
    recognizer: Hearer,
    rate_hz: int,
    *,
    gate: Gate | None = None,
    behind: Callable[[], bool] = lambda: False,
) -> Iterator[Said]:
    """Yield what is said in blocks [T] of BLOCK_S that come one after another, as it grows and when it ends.

    behind: says that blocks are waiting, so that there is no time for texts that are not final.
    """
    gate = gate or Gate()
    for phrase, is_final in _phrases(blocks, gate):
        if is_final or not behind():
            yield Said(recognizer.transcribe(Waveform(np.concatenate(phrase), rate_hz)), is_final)


def _phrases(blocks: Iterable[FloatArray], gate: Gate) -> Iterator[tuple[list[FloatArray], bool]]:
    """Yield the blocks of a phrase every now and then while it lasts, and all of them when it has ended."""
    levels: deque[float] = deque(maxlen=_FLOOR_BLOCKS)
    before: deque[FloatArray] = deque(maxlen=_count(gate.before_s))
    phrase: list[FloatArray] = []
    quiet = 0
    for block in blocks:
        level_db = _level_db(block)
        levels.append(level_db)
        loud = level_db > max(min(levels) + gate.above_floor_db, gate.least_db)
        if not phrase and not loud:
            before.append(block)
            continue
        phrase += [*before, block] if not phrase else [block]
        before.clear()
        quiet = 0 if loud else quiet + 1
        if quiet >= _count(gate.pause_s) or len(phrase) >= _count(gate.longest_s):
            yield phrase, True
            before.extend(phrase[-quiet:] if quiet else [])
            phrase, quiet = [], 0
        elif len(phrase) % _count(gate.shown_every_s) == 0:
            yield phrase, False
    if phrase:
        yield phrase, True


def _count(seconds: float) -> int:
    return max(1, round(seconds / BLOCK_S))


def _level_db(block: FloatArray) -> float:
    power = float(np.mean(np.square(block, dtype=np.float64))) if len(block) else 0.0
    return max(_SILENT_DB, 10 * math.log10(power)) if power > 0 else _SILENT_DB
