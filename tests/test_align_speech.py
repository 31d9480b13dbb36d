"""Alignment of real speech: onsets known because the recording was put together, and an aligner of another kind."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

import asr
from asr import audio
from asr.alignment import Alignment, align
from asr.corpora import get_corpus
from asr.recognizer import Recognizer
from asr.types import FloatArray, Utterance

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))

from assembled import RATE_HZ, assembled

pytest.importorskip("numba", reason="needs the extra `beam`")


@pytest.fixture(scope="module")
def model(sample: Path) -> Recognizer:
    return asr.load(threads=1)


@pytest.fixture(scope="module")
def clips(test_data: Path, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Utterance, FloatArray]]:
    """A third of the test set of AN4: ten speakers, none of whom the model was trained on."""
    utterances = get_corpus("an4").prepare(test_data / "an4", tmp_path_factory.mktemp("an4"))["test"][::3]
    return [(utterance, audio.read_utterance(utterance, RATE_HZ).samples) for utterance in utterances]


def test_onsets_of_assembled_speech(model: Recognizer, clips: list[tuple[Utterance, FloatArray]]) -> None:
    errors_s = []
    for speech in assembled(clips, cut=True):
        alignment = align(model, speech.samples, speech.text)
        assert len(alignment.words) == len(speech.text.split())
        errors_s += [alignment.words[piece.first].start_s - piece.start_s for piece in speech.pieces]
    assert len(errors_s) > 40
    assert np.median(np.abs(errors_s)) <= 0.02  # 0.010 when this was written
    assert abs(np.median(errors_s)) <= 0.01, "neither early nor late"
    assert np.quantile(np.abs(errors_s), 0.75) <= 0.04


def test_words_within_the_pieces_agree_with_pocketsphinx(
    model: Recognizer, clips: list[tuple[Utterance, FloatArray]]
) -> None:
    """An HMM with states of 10 ms: its words begin where it hears them, in fluent speech as after pauses."""
    pocketsphinx = pytest.importorskip("pocketsphinx", reason="an aligner of another kind to compare with")
    other = pocketsphinx.Decoder(lm=None, loglevel="FATAL")
    starts_s, ends_s = [], []
    for speech in assembled(clips, cut=False):
        alignment = align(model, speech.samples, speech.text)
        for piece in speech.pieces:
            expected = words_of(other, piece.utterance)
            for word, (start_s, end_s) in zip(alignment.words[piece.first : piece.end], expected, strict=True):
                starts_s.append(word.start_s - piece.start_s - start_s)
                ends_s.append(word.end_s - piece.start_s - end_s)
    assert len(starts_s) > 200
    assert np.median(np.abs(starts_s)) <= 0.05  # 0.034 on all of the test set when this was written
    assert np.median(np.abs(ends_s)) <= 0.05  # 0.032


def words_of(decoder, utterance: Utterance) -> list[tuple[float, float]]:  # type: ignore[no-untyped-def]
    decoder.set_align_text(utterance.text.lower())
    decoder.start_utt()
    samples = audio.read_utterance(utterance, RATE_HZ).samples
    decoder.process_raw((samples * 32767).astype(np.int16).tobytes(), full_utt=True)
    decoder.end_utt()
    spoken = [segment for segment in decoder.seg() if segment.word[0] not in "<[+("]
    return [(0.01 * segment.start_frame, 0.01 * (segment.end_frame + 1)) for segment in spoken]


def test_matching_texts_are_told_from_others(model: Recognizer, clips: list[tuple[Utterance, FloatArray]]) -> None:
    right: list[Alignment] = []
    wrong: list[Alignment] = []
    for (utterance, samples), (other, _) in zip(clips, clips[7:] + clips[:7], strict=True):
        right.append(align(model, samples, utterance.text))
        if other.text != utterance.text and len(other.text) <= 10 * len(samples) / RATE_HZ:
            wrong.append(align(model, samples, other.text))
    assert len(wrong) > 20
    assert not any(alignment.is_doubtful for alignment in right)
    assert np.mean([alignment.is_doubtful for alignment in wrong]) > 0.95
