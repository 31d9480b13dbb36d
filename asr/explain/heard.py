"""What a model hears in an excerpt: frames, text, other readings, and how they differ from what was said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from asr import longform, text
from asr.alignment import align
from asr.bundle import ModelInfo
from asr.decoding import make_decoder
from asr.errors import DataError
from asr.explain.excerpt import Excerpt
from asr.recognizer import Recognizer
from asr.scoring import UtteranceScore, score
from asr.types import FloatArray, Hypothesis, Waveform, Word

READINGS = 5
Rule = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Heard:
    """What a page shows; times count from the beginning of the excerpt.

    readings: the most probable texts by a beam search, the best first. score: against the reference, if there is one;
    said: its words with the times at which they fit best, none where `doubt` tells why.
    """

    excerpt: Excerpt
    info: ModelInfo
    log_probs: FloatArray  # [F, V]
    hypothesis: Hypothesis
    readings: tuple[Hypothesis, ...]
    score: UtteranceScore | None = None
    said: tuple[Word, ...] = ()
    doubt: str = ""


def explain(
    recognizer: Recognizer,
    excerpt: Excerpt,
    *,
    reference: str | None = None,
    rules: tuple[Rule, Rule] | None = None,
    nbest: int = READINGS,
) -> Heard:
    """Return what a recognizer hears in an excerpt, its text and warnings those of `Recognizer.transcribe`.

    reference: what was said; rules: what is done to it and to the text before they are compared, the model's own text
    rules unless given. nbest: how many readings; a decoder that gives none of its own is joined by a beam search
    without a language model. Raises MissingPackage without numba, DataError for a reference without words.
    """
    info = recognizer.info
    wave = Waveform(excerpt.samples, excerpt.rate_hz)
    hypothesis = recognizer.transcribe(wave)
    hypothesis = replace(hypothesis, warnings=excerpt.meter.warnings(info.rate_hz, hypothesis))
    log_probs = longform.windowed_log_probs(recognizer, excerpt.samples)
    heard = Heard(excerpt, info, log_probs, hypothesis, _readings(recognizer, hypothesis, excerpt, nbest))
    if reference is None:
        return heard
    own = text.get_rule(info.text_rules)
    of_reference, of_hypothesis = rules or (own, own)
    name = excerpt.name
    report = score({name: of_reference(reference)}, {name: of_hypothesis(hypothesis.text)})
    said, doubt = _said(recognizer, wave, of_reference(reference))
    return replace(heard, score=report.utterances[0], said=said, doubt=doubt)


def _readings(recognizer: Recognizer, own: Hypothesis, excerpt: Excerpt, nbest: int) -> tuple[Hypothesis, ...]:
    if own.alternatives:
        return (own, *own.alternatives)[:nbest]
    info = recognizer.info
    beam = make_decoder(info, "beam", nbest=nbest).decoder
    best = longform.transcribed(
        recognizer, lambda rows: beam.decode(rows, frame_shift_s=info.frame_shift_s), [excerpt.samples]
    )
    return (best, *best.alternatives)[:nbest]


def _said(recognizer: Recognizer, wave: Waveform, reference: str) -> tuple[tuple[Word, ...], str]:
    """Return the words of the reference with their times, or why they have none."""
    try:
        alignment = align(recognizer, wave, reference)
    except DataError as error:
        return (), str(error)
    if alignment.is_doubtful:
        return (), "the model hears something else than the reference"
    return alignment.words, ""
