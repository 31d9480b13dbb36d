"""Long recordings: heard in windows, decoded in phrases, at the times at which things were said."""

from __future__ import annotations

import gc
import itertools
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

from asr import audio
from asr.bundle import ModelInfo
from asr.decoders.greedy import Greedy
from asr.longform import LONGEST_S, hear, joined, phrases, spans, transcribed
from asr.recognizer import Recognizer
from asr.types import FloatArray, Hypothesis, Word

RATE_HZ, STEP, SHIFT_S = 16000, 640, 0.04
LETTERS = "abcdefgh"
INFO = ModelInfo(
    name="loud",
    tokens=("<blk>", *(f"\N{LOWER ONE EIGHTH BLOCK}{letter}" for letter in LETTERS)),
    rate_hz=RATE_HZ,
    frame_shift_s=SHIFT_S,
)
RNG = np.random.default_rng(0)


class Loud:
    """A model that reads the loudness of each frame as a letter, a tenth of full scale apart; silence is blank."""

    info = INFO

    def __init__(self) -> None:
        self.calls: list[int] = []

    def log_probs(self, batch: Sequence[FloatArray]) -> list[FloatArray]:
        (samples,) = batch
        self.calls.append(len(samples))
        frames = samples[: len(samples) // STEP * STEP].reshape(-1, STEP)
        far = np.abs(frames).max(axis=1)[:, None] - 0.1 * np.arange(len(INFO.tokens))
        scores = -1e4 * np.square(far)
        top = scores.max(axis=1, keepdims=True)
        rows = scores - top - np.log(np.exp(scores - top).sum(axis=1, keepdims=True))
        return [rows.astype(np.float32)]


def decode(rows: FloatArray) -> Hypothesis:
    return Greedy(INFO.tokens).decode(rows, frame_shift_s=SHIFT_S)


def said(letters: Sequence[str], frames: Sequence[int], total: int) -> FloatArray:
    """Return samples [T] of `total` frames in which each letter sounds for three frames from the frame given for it."""
    samples = np.zeros(total * STEP, np.float32)
    tone = np.sin(2 * np.pi * 1000 * np.arange(3 * STEP) / RATE_HZ)
    for letter, frame in zip(letters, frames, strict=True):
        samples[frame * STEP : (frame + 3) * STEP] = 0.1 * (LETTERS.index(letter) + 1) * tone
    return samples


def lecture(minutes: float, longest_pause: int = 40) -> tuple[list[str], list[int], FloatArray]:
    """Return letters, the frames that they begin with, and samples: with pauses of 2 frames to `longest_pause`."""
    total = round(minutes * 60 / SHIFT_S)
    frames = np.cumsum(RNG.integers(5, 4 + longest_pause, total // 5))
    kept = frames[frames < total - 3].tolist()
    letters = RNG.choice(list(LETTERS), len(kept)).tolist()
    return letters, kept, said(letters, kept, total)


def in_pieces(samples: FloatArray, size: int) -> Iterator[FloatArray]:
    return (samples[first : first + size] for first in range(0, max(len(samples), 1), size))


# ---- windows


@pytest.mark.parametrize("seconds", [0.0, 0.01, 1.0, LONGEST_S, LONGEST_S + 0.04, 60.0, 200.5])
def test_the_pieces_do_not_matter(seconds: float) -> None:
    samples = RNG.standard_normal(round(seconds * RATE_HZ)).astype(np.float32)
    whole = [(len(span.samples), span.before, span.frames) for span in spans(iter([samples]), INFO)]
    for size in (777, 160000, 960000):
        found = list(spans(in_pieces(samples, size), INFO))
        assert [(len(span.samples), span.before, span.frames) for span in found] == whole
    assert max(size for size, _, _ in whole) <= round(LONGEST_S * RATE_HZ)
    assert len(whole) == 1 or seconds > LONGEST_S


def test_every_sample_is_kept_once() -> None:
    samples = np.arange(200 * RATE_HZ + 123, dtype=np.float32)  # each is its own place; float32 is exact that far
    heard = np.concatenate([part.samples for part in hear(Loud(), in_pieces(samples, 100_000))])
    assert (heard == samples).all()


def test_a_window_ends_where_it_is_quiet() -> None:
    samples = RNG.uniform(-0.5, 0.5, 300 * RATE_HZ).astype(np.float32)
    quiet = np.arange(7, 300, 9)  # the second in whose middle half it is quiet
    for second in quiet:
        samples[round((second + 0.25) * RATE_HZ) : round((second + 0.75) * RATE_HZ)] *= 0.01
    found = list(spans(iter([samples]), INFO))
    ends_s = np.cumsum([span.frames or 0 for span in found])[:-1] * SHIFT_S
    assert len(ends_s) >= 8
    assert all(0.25 <= end_s - quiet[abs(quiet + 0.5 - end_s).argmin()] <= 0.75 for end_s in ends_s)


def test_a_window_has_context_on_both_sides() -> None:
    samples = RNG.standard_normal(150 * RATE_HZ).astype(np.float32)
    first, *inner, last = spans(iter([samples]), INFO)
    assert (first.before, last.frames) == (0, None)
    assert {span.before for span in [*inner, last]} == {100}  # 4 s
    for span in [first, *inner]:
        assert span.frames is not None
        assert len(span.samples) == (span.before + span.frames + 100) * STEP


def test_what_is_silent_is_not_run() -> None:
    model = Loud()
    samples = said(["c"], [40000], 50000)  # from 1600 s on
    found = transcribed(model, decode, in_pieces(samples, 960_000))
    assert [(word.text, round(word.start_s / SHIFT_S)) for word in found.words] == [("c", 40000)]
    assert len(model.calls) <= 4


# ---- phrases


@pytest.mark.parametrize("longest_pause", [3, 12, 40, 400])
def test_all_is_heard_at_the_time_at_which_it_was_said(longest_pause: int) -> None:
    letters, frames, samples = lecture(8, longest_pause)
    found = transcribed(Loud(), decode, in_pieces(samples, 960_000))
    assert found.text.split() == letters
    assert [round(word.start_s / SHIFT_S, 6) for word in found.words] == frames
    assert [round(word.end_s / SHIFT_S, 6) for word in found.words] == [frame + 3 for frame in frames]
    assert found.confidence > 0.99


def test_a_phrase_ends_in_a_pause_or_after_half_a_minute() -> None:
    letters, frames, samples = lecture(8, 40)
    found = list(phrases(Loud(), decode, iter([samples])))
    assert [word.text for phrase in found for word in phrase.words] == letters
    gaps = np.diff(frames) - 3
    assert len(found) == (gaps >= 20).sum() + 1  # of 0.8 s
    assert all(phrase.words[-1].end_s - phrase.words[0].start_s < 30 for phrase in found)


def test_speech_without_a_pause_is_cut_all_the_same() -> None:
    letters, frames, samples = lecture(3, 2)
    found = list(phrases(Loud(), decode, iter([samples])))
    assert [word.text for phrase in found for word in phrase.words] == letters
    assert 180 / 30 <= len(found) <= 180 / 15 + 1
    assert frames[0] * SHIFT_S == pytest.approx(found[0].words[0].start_s)


def test_memory_does_not_grow_with_the_length() -> None:
    """Of two hours no more than a few pieces are alive at a time."""
    alive = most = 0

    def free() -> None:
        nonlocal alive
        alive -= 1

    def long() -> Iterator[FloatArray]:
        nonlocal alive, most
        minute = said(["a", "b"], [100, 900], 1500)
        for _ in range(120):
            piece = minute.copy()
            weakref.finalize(piece, free)
            alive += 1
            most = max(most, alive)
            yield piece
            del piece

    found = transcribed(Loud(), decode, long())
    gc.collect()
    assert found.text == " ".join("ab" * 120)
    assert most <= 4
    assert alive <= 1


# ---- one hypothesis


def reading(text: str, total: float, *others: Hypothesis) -> Hypothesis:
    words = tuple(Word(one, 0.0, 1.0, 0.5) for one in text.split())
    return Hypothesis(text, words, 0.5 if words else 0.0, acoustic=total, total=total, alternatives=others)


def test_the_best_combinations_are_those_of_brute_force() -> None:
    lists = [
        [reading(f"p{part}r{rank}", float(score)) for rank, score in enumerate(sorted(-RNG.uniform(0, 9, 3))[::-1])]
        for part in range(4)
    ]
    found = joined(reading(best.text, best.total or 0.0, *others) for best, *others in lists)
    every = sorted(itertools.product(*lists), key=lambda way: -sum(one.total or 0.0 for one in way))
    texts = [" ".join(one.text for one in way) for way in every[:3]]
    assert [found.text, *(other.text for other in found.alternatives)] == texts
    assert found.alternatives[1].total == pytest.approx(sum(one.total or 0.0 for one in every[2]))


def test_joining_nothing_gives_nothing() -> None:
    assert joined([]) == Hypothesis("")


def test_chinese_is_joined_without_spaces() -> None:
    assert joined([reading("你好", 0.0), reading("世界", 0.0)]).text == "你好世界"


# ---- files


@pytest.mark.parametrize(("suffix", "rate_hz"), [("wav", 16000), ("wav", 44100), ("flac", 8000), ("ogg", 44100)])
def test_pieces_of_a_file_are_the_whole_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, rate_hz: int
) -> None:
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, RNG.uniform(-0.5, 0.5, (round(3.3 * rate_hz), 2)).cumsum(axis=0) % 0.5, rate_hz)
    whole = audio.read(path, rate_hz=RATE_HZ).samples
    monkeypatch.setattr(audio, "PIECE_S", 0.5)
    heard: list[int] = []
    recording = audio.Recording(path)
    parts = list(recording.pieces(rate_hz=RATE_HZ, listen=lambda samples: heard.append(samples.shape[1])))
    recording.close()
    assert [len(part) for part in parts[:-1]] == [8000] * 6
    assert heard == [2] * 7
    assert np.concatenate(parts) == pytest.approx(whole, abs=1e-4)


@pytest.mark.parametrize("suffix", ["aac", "m4a", "mkv"])
def test_pieces_of_what_ffmpeg_decodes_are_the_whole_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    av = pytest.importorskip("av", reason="PyAV (extra video) is not installed")
    path, rate_hz = tmp_path / f"a.{suffix}", 44100
    with av.open(str(path), "w", format="adts" if suffix == "aac" else None) as file:
        stream = file.add_stream("aac", rate=rate_hz, layout="mono")
        noise = RNG.uniform(-0.5, 0.5, (1, 5 * rate_hz)).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(noise, format="fltp", layout="mono")
        frame.rate = rate_hz
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            file.mux(packet)
    whole = audio.read(path, rate_hz=RATE_HZ).samples
    monkeypatch.setattr(audio, "PIECE_S", 0.7)
    recording = audio.Recording(path)
    parts = list(recording.pieces(rate_hz=RATE_HZ))
    assert len(parts) == 7
    assert np.concatenate(parts) == pytest.approx(whole, abs=1e-5)
    for start_s in (0.2, 3.5, 0.0):  # back and forth
        span = recording.read(rate_hz=RATE_HZ, start_s=start_s, duration_s=0.5).samples
        assert list(span) == list(audio.read(path, rate_hz=RATE_HZ, start_s=start_s, duration_s=0.5).samples)
    recording.close()


@pytest.fixture(scope="module")
def model(request: pytest.FixtureRequest) -> Recognizer:
    request.getfixturevalue("sample")
    return Recognizer(threads=1)


def test_a_long_file_among_short_ones(model: Recognizer, sample: Path, tmp_path: Path) -> None:
    once, rate_hz = soundfile.read(sample, dtype="float32")
    times = 1 + round(1.1 * LONGEST_S * rate_hz / len(once))
    long, broken = tmp_path / "long.flac", tmp_path / "broken.flac"
    soundfile.write(long, np.tile(once, times), rate_hz)
    broken.write_bytes(long.read_bytes()[: long.stat().st_size * 2 // 3])
    results = dict(model.transcribe_each([sample, broken, long, np.tile(once, times)]))
    short, failed, found, of_array = results.values()
    assert isinstance(short, Hypothesis)
    assert isinstance(failed, audio.AudioError)
    assert str(failed).startswith(str(broken))
    assert found == of_array == model.transcribe(long)
    assert isinstance(found, Hypothesis)
    assert found.text == " ".join([short.text] * times)
    # The context differs, so a word may begin a frame earlier or later; a shift of the windows would add up.
    starts_s = [word.start_s + number * len(once) / rate_hz for number in range(times) for word in short.words]
    assert [word.start_s for word in found.words] == pytest.approx(starts_s, abs=2.5 * SHIFT_S)
