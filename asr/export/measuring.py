"""Model files beside each other on the same utterances: errors, size and speed."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from asr import audio, scoring, text
from asr.recognizer import Recognizer
from asr.types import Utterance


@dataclass(frozen=True, slots=True)
class Row:
    """What one file came to: rates are fractions, `speed` is seconds of audio in a second of computing."""

    precision: str
    bytes: int
    wer: float
    cer: float
    errors: int
    words: int
    same_texts: int  # utterances that read as in the first file
    speed: float
    faster: float  # than the first file


@dataclass(frozen=True, slots=True)
class _Heard:
    """What a file made of the utterances, and how long it took."""

    texts: dict[str, str]
    seconds: float


def measure(files: Mapping[str, Path], utterances: Sequence[Utterance], *, threads: int) -> tuple[Row, ...]:
    """Return a row for each file, by the name of its precision, compared with the first.

    Raises what loading the files raises, AudioError, and DataError for a set without words.
    """
    recognizers = {name: Recognizer(path, threads=threads) for name, path in files.items()}
    info = next(iter(recognizers.values())).info
    heard = _listen(recognizers, utterances, info.rate_hz)
    rule = text.get_rule(info.text_rules)
    references = {utterance.id: rule(utterance.text) for utterance in utterances}
    spoken_s = sum(utterance.duration_s for utterance in utterances)
    first = next(iter(heard.values()))
    rows = []
    for name, found in heard.items():
        report = scoring.score(references, {key: rule(line) for key, line in found.texts.items()})
        rows.append(
            Row(
                precision=name,
                bytes=files[name].stat().st_size,
                wer=report.wer,
                cer=report.cer,
                errors=report.errors,
                words=report.words,
                same_texts=sum(line == first.texts[key] for key, line in found.texts.items()),
                speed=round(spoken_s / found.seconds, 1),
                faster=round(first.seconds / found.seconds, 2),
            )
        )
    return tuple(rows)


def _listen(recognizers: Mapping[str, Recognizer], utterances: Sequence[Utterance], rate_hz: int) -> dict[str, _Heard]:
    """Return what each recognizer read; they take turns, so that a busy machine is busy for all of them."""
    texts: dict[str, dict[str, str]] = {name: {} for name in recognizers}
    seconds = dict.fromkeys(recognizers, 0.0)
    for utterance in utterances:
        samples = audio.read_utterance(utterance, rate_hz).samples
        for name, recognizer in recognizers.items():
            start = time.perf_counter()
            texts[name][utterance.id] = recognizer.transcribe(samples).text
            seconds[name] += time.perf_counter() - start
    return {name: _Heard(texts[name], seconds[name]) for name in recognizers}
