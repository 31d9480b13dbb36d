"""Streams over a model whose answers are known: it reads the loudness of each stretch of 40 ms, and how many came."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest

from asr.audio import from_array
from asr.bundle import ModelInfo
from asr.decoders import get_decoder
from asr.errors import AudioError, ConfigError
from asr.mel import FeatureSpec
from asr.phrases import later
from asr.streaming import Frames, Stream
from asr.types import FloatArray, Hypothesis, Word

RATE_HZ, BLOCK = 16000, 640
TOKENS = ("<blk>", "▁", *"abcdefgh")
STEP = 0.1  # of loudness from one token to the next; the blank is silence
INFO = ModelInfo(
    name="loudness",
    tokens=TOKENS,
    rate_hz=RATE_HZ,
    frame_shift_s=0.04,
    features=asdict(FeatureSpec()),
    streaming={"context_frames": 2, "ahead_samples": 120, "state": [2, 1, 1, 1]},
)


class Loudness:
    """A model that counts its frames in the state, and refuses to be asked for what it has not been given."""

    def __init__(self, info: ModelInfo = INFO) -> None:
        self.info = info
        self.longest = 0

    def run_part(
        self, samples: FloatArray, first: int, count: int, state: FloatArray | None
    ) -> tuple[FloatArray, FloatArray]:
        before = 0 if state is None else int(state[0, 0, 0, 0])
        assert first == min(before, 2), "not the context that was asked for"
        frames = FeatureSpec().frames(len(samples))
        assert count > -(-frames // 4) or len(samples) >= (first + count) * BLOCK + 120, "too few samples after"
        padded = np.append(samples, np.zeros(-len(samples) % BLOCK, np.float32))
        levels = np.abs(padded.reshape(-1, BLOCK)).max(axis=1)[first : -(-frames // 4)][:count]
        self.longest = max(self.longest, len(samples))
        scores = -1e4 * (levels[:, None] - STEP * np.arange(len(TOKENS), dtype=np.float32)) ** 2
        scores -= scores.max(axis=1, keepdims=True)
        log_probs = (scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))).astype(np.float32)
        return log_probs, np.full((2, 1, 1, 1), before + len(log_probs), np.float32)


def spoken(text: str, blocks: int = 2) -> FloatArray:
    """Return samples [T]: each letter a level and a short silence after it, `_` half a second of silence."""
    levels: list[float] = []
    for letter in text:
        level = 0.0 if letter == "_" else STEP * TOKENS.index("▁" if letter == " " else letter)
        levels += [0.0] * 13 if letter == "_" else [level] * blocks + [0.0] * blocks
    return np.repeat(np.array(levels, np.float32), BLOCK)


def read(rows: FloatArray) -> Hypothesis:
    return get_decoder("greedy")(TOKENS).decode(rows, frame_shift_s=0.04)


def stream(rate_hz: int = RATE_HZ, **settings: float | None) -> Stream:
    return Stream(Loudness(), read, rate_hz, **settings)  # type: ignore[arg-type]


def fed(to: Stream, samples: FloatArray, size: int) -> list[Hypothesis]:
    phrases = [phrase for first in range(0, len(samples), size) for phrase in to.feed(samples[first : first + size])]
    return phrases + to.finish()


@pytest.mark.parametrize("size", [1, 100, 639, 640, 641, 5000, 10**6])
@pytest.mark.parametrize("length", [0, 1, 79, 80, 640, 759, 760, 761, 2000])
def test_pieces_of_any_size_give_the_frames_of_the_whole(size: int, length: int) -> None:
    samples = spoken("ab")[:length]
    whole, _ = Loudness().run_part(samples, 0, 10**6, None)
    frames = Frames(Loudness())
    for _ in range(2):  # after its end it takes another recording
        pieces = [frames.feed(samples[first : first + size]) for first in range(0, length, size)]
        np.testing.assert_array_equal(np.concatenate([*pieces, frames.finish()]), whole)


def test_a_frame_comes_as_soon_as_its_samples_are_there() -> None:
    frames = Frames(Loudness())
    assert len(frames.feed(np.zeros(640 + 119, np.float32))) == 0
    assert len(frames.feed(np.zeros(1, np.float32))) == 1
    assert len(frames.feed(np.zeros(3 * 640, np.float32))) == 3


def test_a_long_piece_goes_through_the_graph_in_parts() -> None:
    model = Loudness()
    frames = Frames(model)
    assert len(frames.feed(np.zeros(120 * RATE_HZ, np.float32))) == 2999
    assert model.longest < 31 * RATE_HZ
    assert len(frames._kept) < 4 * BLOCK, "what is done is let go"


@pytest.mark.parametrize("size", [97, 640, 16000, 10**6])
def test_a_phrase_ends_at_a_pause(size: int) -> None:
    phrases = fed(stream(), spoken("ab cd__e f_g"), size)
    assert [phrase.text for phrase in phrases] == ["ab cd", "e fg"]
    assert [word.text for phrase in phrases for word in phrase.words] == ["ab", "cd", "e", "fg"]
    begins = [word.start_s for phrase in phrases for word in phrase.words]
    assert begins == pytest.approx([0.0, 0.48, 1.84, 2.16])


def test_phrases_come_when_they_end_and_the_rest_is_partial() -> None:
    one = stream()
    assert one.feed(spoken("ab")) == []
    assert one.partial().text == "ab"
    assert one.feed(spoken(" c")) == []
    assert one.partial().text == "ab c"
    assert [phrase.text for phrase in one.feed(spoken("__"))] == ["ab c"]
    assert one.partial().text == ""
    assert one.feed(spoken("d")) == []
    assert [phrase.text for phrase in one.finish()] == ["d"]
    assert one.partial() == Hypothesis(text="")
    assert [phrase.text for phrase in fed(one, spoken("e"), 100)] == ["e"], "it takes another recording"


def test_without_pauses_the_recording_is_one_phrase() -> None:
    samples = spoken("ab_____c")
    (only,) = fed(stream(pause_s=None), samples, 1000)
    assert only == read(Loudness().run_part(samples, 0, 10**6, None)[0])
    assert fed(stream(pause_s=None), np.zeros(0, np.float32), 1) == [Hypothesis(text="")]


def test_silence_says_nothing_and_is_not_kept() -> None:
    one = stream()
    for _ in range(30):
        assert one.feed(np.zeros(RATE_HZ, np.float32)) == []
    assert len(one._rows) <= 20
    assert one.feed(spoken("a")) == []
    (phrase,) = one.finish()
    assert phrase.words[0].start_s == pytest.approx(30.0, abs=0.041)


def test_an_endless_phrase_is_cut_at_its_longest_pause() -> None:
    samples = spoken("abcd" * 5 + "_" + "abcd" * 5)  # 6.92 s, the pause from 3.2 to 3.72
    phrases = fed(stream(longest_s=5.0), samples, 1000)
    assert [phrase.text for phrase in phrases] == ["abcd" * 5, "abcd" * 5]
    phrases = fed(stream(longest_s=2.0), spoken("ab" * 40, blocks=1), 1000)
    assert "".join(phrase.text for phrase in phrases) == "ab" * 40
    assert len(phrases) > 2


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("settings", [{}, {"longest_s": 5.0}, {"longest_s": 2.0, "pause_s": 1.5}])
def test_phrases_do_not_depend_on_the_size_of_the_pieces(seed: int, settings: dict[str, float]) -> None:
    letters = np.random.default_rng(seed).choice(list("abcdef _"), 300, p=[0.13] * 6 + [0.1, 0.12])
    samples = spoken("".join(letters))
    phrases = fed(stream(**settings), samples, BLOCK)
    assert len(phrases) > 5
    for size in (7 * BLOCK + 1, 5 * RATE_HZ, len(samples)):
        assert fed(stream(**settings), samples, size) == phrases


@pytest.mark.parametrize("rate_hz", [8000, 44100, 48000])
def test_other_rates_are_resampled_as_the_whole_is(rate_hz: int) -> None:
    samples = np.random.default_rng(0).uniform(-0.9, 0.9, rate_hz) * np.linspace(0.0, 1.0, rate_hz)
    whole = from_array(samples, rate_hz, RATE_HZ).samples
    expected = read(Loudness().run_part(whole, 0, 10**6, None)[0])
    assert len(expected.text) > 5
    one = stream(rate_hz, pause_s=None)
    for size in (333, 5000, 10**6):  # after its end it takes another recording
        assert fed(one, samples, size) == [expected]


def test_integers_and_channels_are_taken() -> None:
    samples = spoken("abc")
    integers = np.round(samples * 32768).astype(np.int16)
    assert [phrase.text for phrase in fed(stream(), integers, 500)] == ["abc"]
    assert [phrase.text for phrase in fed(stream(), np.stack([samples, samples], axis=1), 500)] == ["abc"]


def test_what_is_no_audio_is_refused_and_the_stream_goes_on() -> None:
    one = stream()
    one.feed(spoken("a"))
    with pytest.raises(AudioError, match="sample 0 is nan"):
        one.feed(np.array([np.nan], np.float32))
    with pytest.raises(AudioError, match=r"have shape \(2, 2, 2\)"):
        one.feed(np.zeros((2, 2, 2), np.float32))
    one.feed(spoken("b"))
    assert [phrase.text for phrase in one.finish()] == ["ab"]


def test_a_model_that_hears_the_whole_is_refused() -> None:
    with pytest.raises(ConfigError, match="loudness: hears a recording as a whole and cannot be fed in pieces; take"):
        Frames(Loudness(replace(INFO, streaming=None)))


@pytest.mark.parametrize("settings", [{"pause_s": 0.0}, {"pause_s": -1.0}, {"longest_s": 0.0}, {"rate_hz": 0}])
def test_impossible_settings_are_refused(settings: dict[str, float]) -> None:
    (name,) = settings
    with pytest.raises(ConfigError, match=f"stream: {name} = .*: must be above 0"):
        stream(**settings)  # type: ignore[arg-type]


def test_a_hypothesis_is_moved_with_its_alternatives() -> None:
    word = Word("a", 0.5, 0.75, 0.9)
    moved = later(Hypothesis("a", (word,), alternatives=(Hypothesis("a", (word,)),)), 2.0)
    assert moved.words == (Word("a", 2.5, 2.75, 0.9),)
    assert moved.alternatives[0].words == moved.words
