"""What a person is warned of, and which words are none: on sounds that were made for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from click.testing import CliRunner

from asr import audio
from asr.cli import main
from asr.meter import Meter
from asr.recognizer import Recognizer
from asr.signal import HOPS, voice_db
from asr.speech import STANDS_OUT_DB, audible, stands_out_db
from asr.types import FloatArray, Hypothesis, Word

Speech = Callable[..., FloatArray]

RATE_HZ, SHIFT_S = 16000, 0.04
SURE = Hypothesis("a", (Word("a", 0.0, 0.1, 0.9),), 0.9)
UNSURE = Hypothesis("a b c d e", tuple(Word(text, 0.0, 0.1, 0.3) for text in "abcde"), 0.3)


def warned(
    samples: FloatArray, rate_hz: int = RATE_HZ, hypothesis: Hypothesis = SURE, *, pieces: int = 1
) -> tuple[str, ...]:
    meter = Meter(rate_hz, 1 if samples.ndim == 1 else samples.shape[1])
    for piece in np.array_split(samples, pieces):
        meter.add(piece)
    return meter.warnings(RATE_HZ, hypothesis)


# ---- warnings


def test_good_speech_is_not_complained_of(speech: Speech) -> None:
    assert warned(speech(5.0)) == ()
    assert warned(np.stack([speech(5.0), speech(5.0)], axis=1)) == ()
    assert Meter(RATE_HZ).warnings(RATE_HZ, SURE) == ()  # nothing was added


def test_each_thing_is_said(speech: Speech) -> None:
    good, other = speech(6.0), speech(6.0, seed=1)
    low = soxr.resample(soxr.resample(good, RATE_HZ, 7000, quality="VHQ"), 7000, RATE_HZ, quality="VHQ")
    cases = {
        "8000 samples a second, the model hears 16000": warned(speech(6.0, 8000), 8000),
        "is clipped": warned(np.clip(good * 8, -1, 1)),
        "is nearly silent (its peak is -5": warned(good * 0.01),
        "is silent": warned(good * 0.0),
        "has nothing in channel 2 of 2": warned(np.stack([good, good * 0.001], axis=1)),
        "cancel each other out": warned(np.stack([good, 0.001 * other - good], axis=1)),
        "has nothing above 3.": warned(low.astype(np.float32)),
        "mean confidence 0.30": warned(good, hypothesis=UNSURE),
    }
    for says, found in cases.items():
        assert len(found) == 1, (says, found)
        assert says in found[0]


def test_the_pieces_do_not_matter(speech: Speech) -> None:
    samples = np.clip(np.stack([speech(9.0) * 8, speech(9.0) * 0.0], axis=1), -1, 1)
    assert [text.split()[:2] for text in warned(samples)] == [["is", "clipped"], ["has", "nothing"]]
    assert warned(samples, pieces=4) == warned(samples)


def test_a_resampled_array_tells_its_rate(speech: Speech) -> None:
    meter = Meter(RATE_HZ, source_hz=8000)
    meter.add(speech(1.0))
    meter.add(speech(0.0))
    assert "8000 samples a second" in meter.warnings(RATE_HZ, SURE)[0]


def test_the_command_prints_them_apart_from_the_text(sample: Path, tmp_path: Path) -> None:
    path = tmp_path / "talk.wav"
    samples = audio.read(sample, rate_hz=8000).samples
    soundfile.write(path, np.stack([samples, samples * 0], axis=1), 8000)
    result = CliRunner().invoke(main, ["transcribe", str(path)])
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 1
    lines = result.stderr.splitlines()
    assert [line.startswith(f"asr: warning: {path}: has ") for line in lines] == [True, True]


# ---- words that are none


def word(start_s: float, end_s: float) -> Word:
    return Word("one", start_s, end_s, 0.9)


def levels(samples: FloatArray) -> FloatArray:
    return voice_db(samples, len(samples) // 640, 640, RATE_HZ)


def noises() -> dict[str, FloatArray]:
    rng, size = np.random.default_rng(0), 10 * RATE_HZ
    time_s = np.arange(size) / RATE_HZ
    white = rng.standard_normal(size)
    spectrum = np.fft.rfft(rng.standard_normal(size))
    pink = np.fft.irfft(spectrum / np.sqrt(np.maximum(np.arange(len(spectrum)), 1)), size)
    clicks = np.zeros(size)
    clicks[rng.integers(0, size, 30)] = 1.0
    hum = sum(np.sin(2 * np.pi * 50 * harmonic * time_s) for harmonic in (1, 2, 3, 5))
    tone = np.sin(2 * np.pi * 440 * time_s)
    made = {"white": white, "pink": pink, "hum": hum, "tone": tone, "clicks": clicks, "silence": np.zeros(size)}
    return {name: np.asarray(0.3 * one / max(np.abs(one).max(), 1e-9), np.float32) for name, one in made.items()}


@pytest.mark.parametrize("name", noises())
def test_in_noise_there_are_no_words(name: str) -> None:
    around = levels(noises()[name])
    places = [word(start_s, start_s + 0.3) for start_s in (0.0, 0.04, 3.0, 5.5, 9.7)]
    assert [stands_out_db(one, around, SHIFT_S / HOPS) >= STANDS_OUT_DB for one in places] == [False] * 5
    assert audible(Hypothesis("one " * 5, tuple(places), 0.9), around, SHIFT_S / HOPS) == Hypothesis("")


def test_a_vowel_in_noise_is_a_word(tone: Callable[..., FloatArray]) -> None:
    for samples in noises().values():
        samples[3 * RATE_HZ : 3 * RATE_HZ + 3200] += tone(0.2)
        around = levels(samples)
        said, unsaid = word(3.05, 3.15), word(7.0, 7.2)
        other = Hypothesis("one two", (said, Word("two", 7.0, 7.2, 0.1)), 0.5)
        found = audible(Hypothesis("one one", (said, unsaid), 0.9, alternatives=(other,)), around, SHIFT_S / HOPS)
        assert found.words == (said,)
        assert (found.text, found.confidence, found.alternatives) == ("one", 0.9, ())
        assert audible(found, around, SHIFT_S / HOPS) is found


@pytest.mark.parametrize("start_s", [1.9, 2.7, 3.3, 4.3])
def test_a_word_may_be_told_long_before_or_after_its_sound(tone: Callable[..., FloatArray], start_s: float) -> None:
    """The network hears both directions, and may be sure of a first word at the first frame."""
    samples = noises()["white"] * np.float32(0.1)
    samples[3 * RATE_HZ : 3 * RATE_HZ + 3200] += tone(0.2)
    said = Hypothesis("one", (word(start_s, start_s + 0.04),), 0.9)
    assert audible(said, levels(samples), SHIFT_S / HOPS) is said


def test_a_recording_too_short_to_tell_is_believed() -> None:
    assert stands_out_db(word(0.0, 0.04), levels(np.zeros(640, np.float32)), SHIFT_S / HOPS) == np.inf


def test_no_word_of_speech_is_taken_for_noise(test_data: Path) -> None:
    model = Recognizer(threads=1)
    files = sorted((test_data / "an4" / "wav" / "an4_clstk").rglob("*.flac"))[::60]
    assert len(files) > 10
    for file in files:
        samples = audio.read(file, rate_hz=RATE_HZ).samples
        (rows,) = model.log_probs([samples])
        assert model.transcribe(file) == model._decoded([rows])[0]


@pytest.mark.parametrize("name", noises())
def test_the_model_that_ships_hears_nothing_in_noise(sample: Path, name: str) -> None:
    model = Recognizer(threads=1)
    for gain in (1.0, 0.1, 0.01):
        assert model.transcribe(noises()[name] * np.float32(gain)).text == ""
