"""Long recordings: read in pieces, heard in windows, decoded in phrases, so that the memory does not grow with them."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from asr.bundle import ModelInfo
from asr.errors import ConfigError
from asr.han import sentence
from asr.phrases import LONGEST_S as PHRASE_S
from asr.phrases import PAUSE_S, later, runs_of, says_nothing, silent_tokens
from asr.signal import HOPS, voice_db
from asr.speech import audible
from asr.types import FloatArray, Hypothesis

WINDOW_S = 32.0
CONTEXT_S = 4.0
LONGEST_S = WINDOW_S + 2 * CONTEXT_S  # of what is heard at once

_SEARCH = 1 / 3  # of a window in whose end the quietest place is looked for
_QUIET_S = 0.4  # whose level makes a place quiet
_FAINT = 1e-4  # -80 dB: below this nothing is said, and the model is not asked


class AcousticModel(Protocol):
    """What a Recognizer has that windows need."""

    info: ModelInfo

    def log_probs(self, batch: Sequence[FloatArray]) -> list[FloatArray]: ...


class Span(NamedTuple):
    """Samples to be heard together, and which of their frames are kept."""

    samples: FloatArray  # [T] with the context on either side
    before: int  # frames of context before those that are kept
    frames: int | None  # that are kept; None: all that are left


class Heard(NamedTuple):
    """Frames that follow one another, and what they were heard in."""

    log_probs: FloatArray  # [F, V]
    samples: FloatArray  # [T]; at the end of the recording there may be more or fewer than the frames stand for


def windowed_log_probs(
    model: AcousticModel, samples: FloatArray, *, window_s: float = WINDOW_S, context_s: float = CONTEXT_S
) -> FloatArray:
    """Return the log-probabilities [F, V] of samples [T] at the model's rate, run in windows of up to `window_s`.

    A window ends where it is most quiet in its last third, and sees `context_s` more on either side. Frames stand where
    they stand when all is run at once, and are as many; the values differ by what the model hears farther away than the
    context. What is no longer than a window with both its contexts is run at once. Raises ConfigError where `window_s`
    holds no frame or `context_s` is negative.
    """
    found = [_heard(model, span).log_probs for span in spans(iter([samples]), model.info, window_s, context_s)]
    return np.concatenate(found)


def hear(model: AcousticModel, pieces: Iterable[FloatArray]) -> Iterator[Heard]:
    """Yield the frames of samples that come in pieces [T] at the model's rate; pieces of any size give the same."""
    for span in spans(iter(pieces), model.info):
        yield _heard(model, span)


def transcribed(
    model: AcousticModel, decode: Callable[[FloatArray], Hypothesis], pieces: Iterable[FloatArray]
) -> Hypothesis:
    """Return what is said in samples that come in pieces [T] at the model's rate, decoded phrase by phrase.

    Words that do not stand out of the sound around them are left out (`asr.speech.audible`).
    """
    return joined(phrases(model, decode, pieces))


def phrases(
    model: AcousticModel, decode: Callable[[FloatArray], Hypothesis], pieces: Iterable[FloatArray]
) -> Iterator[Hypothesis]:
    """Yield each phrase in which something is said, its times from the beginning of the recording."""
    for first, heard in _phrases(hear(model, pieces), model.info):
        phrase = spoken(decode(heard.log_probs), heard, model.info)
        if phrase.words:
            yield later(phrase, first * model.info.frame_shift_s)


def spoken(hypothesis: Hypothesis, heard: Heard, info: ModelInfo) -> Hypothesis:
    """Return a hypothesis without the words that do not stand out of the sound around them."""
    if not hypothesis.words:
        return hypothesis
    levels = voice_db(heard.samples, len(heard.log_probs), frame_samples(info), info.rate_hz)
    return audible(hypothesis, levels, info.frame_shift_s / HOPS)


def joined(parts: Iterable[Hypothesis]) -> Hypothesis:
    """Return the parts of a recording as one hypothesis; scores are sums, alternatives the best of all combinations."""
    found = list(parts)
    best = _sequence(found)
    count = max((len(part.alternatives) for part in found), default=0)
    return replace(best, alternatives=tuple(_combinations(found, count + 1)[1:])) if count else best


# ---- from samples to frames


def spans(
    pieces: Iterator[FloatArray], info: ModelInfo, window_s: float = WINDOW_S, context_s: float = CONTEXT_S
) -> Iterator[Span]:
    """Yield what is heard together; all frames are kept once, and the spans do not depend on the sizes of the pieces.

    Raises ConfigError where `window_s` holds no frame or `context_s` is negative.
    """
    step = frame_samples(info)
    size, context = round(window_s / info.frame_shift_s), round(context_s / info.frame_shift_s)
    if size < 1 or context < 0:
        raise ConfigError(f"windows of {window_s} s with {context_s} s around them: give 32 and 4, or leave them out")
    held: FloatArray = np.zeros(0, np.float32)  # from the context before the next window on
    before, limit = 0, (size + 2 * context) * step
    while True:
        held = _filled(held, pieces, limit)
        if len(held) <= limit:
            yield Span(held, before, None)
            return
        frames = _quietest(held[before * step : limit], size, info)
        end = before + frames
        yield Span(held[: (end + context) * step], before, frames)
        first = max(0, end - context)
        held, before = held[first * step :], end - first


def frame_samples(info: ModelInfo) -> int:
    """Return how many samples lie from one output frame of a model to the next."""
    return round(info.frame_shift_s * info.rate_hz)


def _filled(held: FloatArray, pieces: Iterator[FloatArray], limit: int) -> FloatArray:
    """Return what is held with the next pieces behind it, more than `limit` samples if there are as many."""
    parts, size = [held], len(held)
    while size <= limit and (piece := next(pieces, None)) is not None:
        parts.append(piece)
        size += len(piece)
    return np.concatenate(parts) if len(parts) > 1 else held


def _quietest(samples: FloatArray, size: int, info: ModelInfo) -> int:
    """Return before which frame a window of up to `size` frames ends best: the latest of equally quiet places."""
    shortest = max(1, round(size * (1 - _SEARCH)))
    reach = round(_QUIET_S / 2 / info.frame_shift_s)
    frames = len(samples) // frame_samples(info)
    energy = np.power(10, voice_db(samples, frames, frame_samples(info), info.rate_hz) / 10)
    sums = np.concatenate([[0.0], np.cumsum(energy.reshape(frames, HOPS).sum(axis=1, dtype=np.float64))])
    places = np.arange(shortest, size + 1)
    first, end = np.maximum(places - reach, 0), np.minimum(places + max(reach, 1), frames)
    means = (sums[end] - sums[first]) / (end - first)
    return int(places[::-1][means[::-1].argmin()])


def _heard(model: AcousticModel, span: Span) -> Heard:
    step = frame_samples(model.info)
    end = None if span.frames is None else span.before + span.frames
    samples = span.samples[span.before * step : None if end is None else end * step]
    if span.frames is not None and np.abs(span.samples).max() < _FAINT:
        return Heard(_silence(span.frames, model.info), samples)
    # Copied, since a part of an array keeps all of it.
    return Heard(model.log_probs([span.samples])[0][span.before : end].copy(), samples)


def _silence(frames: int, info: ModelInfo) -> FloatArray:
    rows = np.full((frames, len(info.tokens)), -100.0, np.float32)
    rows[:, info.blank] = 0.0
    return rows


# ---- from frames to phrases


def _phrases(parts: Iterable[Heard], info: ModelInfo) -> Iterator[tuple[int, Heard]]:
    """Yield (first frame, phrase) of each stretch of frames in which the model hears something."""
    silent = silent_tokens(info.tokens, info.blank)
    pause, longest = (max(2, round(span_s / info.frame_shift_s)) for span_s in (PAUSE_S, PHRASE_S))
    held = Heard(np.zeros((0, len(info.tokens)), np.float32), np.zeros(0, np.float32))
    first = 0
    for part in parts:
        held = Heard(*map(np.concatenate, zip(held, part, strict=True)))
        quiet = says_nothing(held.log_probs, silent)  # [F]
        begin = 0
        for end in _ends(quiet, pause, longest):
            if not quiet[begin:end].all():
                yield first + begin, _cut(held, begin, end, info)
            begin = end
        held, first = _cut(held, begin, None, info), first + begin
    if len(held.log_probs):
        yield first, held


def _cut(heard: Heard, first: int, end: int | None, info: ModelInfo) -> Heard:
    step = frame_samples(info)
    return Heard(heard.log_probs[first:end], heard.samples[first * step : None if end is None else end * step])


def _ends(quiet: npt.NDArray[np.bool_], pause: int, longest: int) -> Iterator[int]:
    """Yield before which frames phrases end, as far as can be said without the frames that follow."""
    runs = runs_of(quiet)
    begin = 0
    for first, end in runs[runs[:, 1] - runs[:, 0] >= pause].tolist():
        # In the middle; of the pause at the end, which may go on, as late as still leaves a part to the next phrase.
        cut = (first + end) // 2 if end < len(quiet) else end - pause // 2
        yield from _forced(runs, begin, first, longest)
        yield cut
        begin = cut
    yield from _forced(runs, begin, len(quiet), longest)


def _forced(runs: npt.NDArray[np.int64], begin: int, end: int, longest: int) -> Iterator[int]:
    """Yield where a phrase without a pause is cut: where it is longest silent in the second half of `longest`."""
    middles = runs.sum(axis=1) // 2
    while end - begin > longest:
        inside = np.flatnonzero((begin + longest // 2 < middles) & (middles < begin + longest))
        lengths = (runs[:, 1] - runs[:, 0])[inside]
        begin = int(middles[inside[lengths.argmax()]]) if len(inside) else begin + longest
        yield begin


# ---- from phrases to one hypothesis


def _sequence(parts: Sequence[Hypothesis]) -> Hypothesis:
    words = tuple(word for part in parts for word in part.words)
    return Hypothesis(
        sentence(part.text for part in parts if part.text),
        words,
        sum(word.confidence for word in words) / len(words) if words else 0.0,
        acoustic=_sum(part.acoustic for part in parts),
        lm=_sum(part.lm for part in parts),
        total=_sum(part.total for part in parts),
    )


def _sum(scores: Iterable[float | None]) -> float | None:
    known = [score for score in scores if score is not None]
    return sum(known) if known else None


def _combinations(parts: Sequence[Hypothesis], count: int) -> list[Hypothesis]:
    """Return the best ways to read all parts, each a sequence of one reading of every part."""
    best = [_Reading(0.0, None, None)]
    for part in parts:
        readings = (part, *part.alternatives)
        grown = [_Reading(way.total + (one.total or 0.0), one, way) for way in best for one in readings]
        best = heapq.nlargest(count, grown, key=lambda way: way.total)
    return [_sequence(way.parts()) for way in best]


class _Reading(NamedTuple):
    """A way to read the parts so far: how the last one is read, and the way to read those before it."""

    total: float
    last: Hypothesis | None
    before: _Reading | None

    def parts(self) -> list[Hypothesis]:
        found, way = [], self
        while way.last is not None and way.before is not None:
            found.append(way.last)
            way = way.before
        return found[::-1]
