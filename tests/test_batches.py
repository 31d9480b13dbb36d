"""Batches: what the plan promises, the audio cache, and the tensors of a step."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
import torch

from asr.audio import read_utterance
from asr.corpora import CORPORA
from asr.han import sentence
from asr.tokenizers import build
from asr.train.batches import AudioCache, collate, dev_batches, draw_groups, joined
from asr.train.batches import plan as lazy_plan
from asr.train.examples import Example, Examples
from asr.types import Utterance

pytestmark = pytest.mark.usefixtures("one_thread")

RATE_HZ = 8000


def recording(folder: Path, name: str, duration_s: float, seed: int = 0, rate_hz: int = RATE_HZ) -> Utterance:
    """Write 16-bit noise and return its line of a manifest."""
    samples = 0.1 * np.random.default_rng(seed).standard_normal(round(duration_s * rate_hz))
    path = folder / f"{name}-{seed}.wav"
    soundfile.write(path, samples, rate_hz)
    return Utterance(name, path, "", duration_s)


def samples_of(path: Path) -> npt.NDArray[np.float32]:
    return soundfile.read(path, dtype="float32")[0]


# ---- the plan


def plan(*arguments: Any) -> list[list[int]]:
    return list(lazy_plan(*arguments))


DURATIONS_S = np.random.default_rng(7).gamma(4.0, 1.5, 300).round(2).tolist()


@pytest.mark.parametrize("seed", [None, 1, 2])
@pytest.mark.parametrize("batch_s", [0.1, 20.0, 60.0, 1e6])
def test_every_utterance_comes_once_and_batches_fit(seed: int | None, batch_s: float) -> None:
    batches = plan(DURATIONS_S, batch_s, None if seed is None else np.random.default_rng(seed))
    assert sorted(index for batch in batches for index in batch) == list(range(len(DURATIONS_S)))
    for batch in batches:
        padded_s = max(DURATIONS_S[index] for index in batch) * len(batch)
        assert padded_s <= batch_s or len(batch) == 1


def test_neighbours_are_of_similar_length() -> None:
    def padding(batches: list[list[int]]) -> float:
        padded_s = sum(max(DURATIONS_S[index] for index in batch) * len(batch) for batch in batches)
        return padded_s / sum(DURATIONS_S) - 1

    assert padding(plan(DURATIONS_S, 60.0)) < 0.1
    assert padding(plan(DURATIONS_S, 60.0, np.random.default_rng(0))) < 0.25
    in_order = [list(range(start, start + 10)) for start in range(0, 300, 10)]
    assert padding(in_order) > 0.5, "what the plan saves"


def test_little_of_a_batch_of_librispeech_is_padding(test_data: Path) -> None:
    """A figure that is promised for the batches of the recipe (40 s) and of the defaults (120 s)."""
    utterances = CORPORA["librispeech"].prepare(test_data / "librispeech-sample", Path("nowhere"))["train"]
    durations = np.array([utterance.duration_s for utterance in utterances])
    for batch_s in (40.0, 120.0):
        batches = plan(durations, batch_s, np.random.default_rng(0))
        padded_s = sum(max(durations[batch]) * len(batch) for batch in batches)
        assert 1 - durations.sum() / padded_s < 0.08


def test_epochs_differ_and_a_seed_repeats() -> None:
    first, again, other = (plan(DURATIONS_S, 60.0, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first == again
    assert {frozenset(batch) for batch in first} != {frozenset(batch) for batch in other}
    lengths = [max(DURATIONS_S[index] for index in batch) for batch in first]
    assert lengths != sorted(lengths), "an epoch does not go from short to long"


def test_a_batch_takes_all_that_fits() -> None:
    """A batch ends where the next utterance would be too much."""
    rng = np.random.default_rng(5)
    for _ in range(50):
        lengths, batch_s = rng.uniform(0.5, 9.0, 40).round(1), float(rng.uniform(5, 50))
        batches = plan(lengths, batch_s)
        for batch, after in pairwise(batches):
            assert (len(batch) + 1) * max(lengths[[*batch, after[0]]]) > batch_s


def test_plans_of_next_to_nothing() -> None:
    assert plan([], 60.0) == []
    assert plan([3.0], 60.0, np.random.default_rng(0)) == [[0]]
    assert plan([100.0, 1.0, 0.0], 60.0) == [[2, 1], [0]]
    assert plan([30.0, 30.0, 30.0], 60.0) == [[0, 1], [2]]


# ---- samples of an utterance


def test_the_cache_gives_what_the_file_holds(tmp_path: Path) -> None:
    utterance = recording(tmp_path, "a", 0.5)
    cache = AudioCache(RATE_HZ, limit_gb=1.0)
    wanted = samples_of(utterance.audio)
    for _ in range(2):
        found = cache.samples(utterance)
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, wanted)
    utterance.audio.unlink()
    np.testing.assert_array_equal(cache.samples(utterance), wanted)
    assert cache.samples(utterance, 1.25).shape == (3200,), "other speeds are made from what is kept"


@pytest.mark.parametrize(("speed", "tempo", "length"), [(1.0, 0.8, 5000), (1.25, 1.0, 3200), (1.25, 0.8, 4000)])
def test_the_cache_keeps_tempos_beside_speeds(speed: float, tempo: float, length: int, tmp_path: Path) -> None:
    """A sine of 400 Hz: its length follows speed and tempo, its pitch the speed alone."""
    pytest.importorskip("python_stretch", reason="needs the extra `augment`")
    path = tmp_path / "sine.wav"
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * 400.0 / RATE_HZ * np.arange(4000)), RATE_HZ)
    cache = AudioCache(RATE_HZ, limit_gb=1.0)
    found = cache.samples(Utterance("sine", path, "", 0.5), speed, tempo)
    assert len(found) == length
    spectrum = np.abs(np.fft.rfft(found * np.hanning(length)))
    assert spectrum.argmax() * RATE_HZ / length == pytest.approx(400.0 * speed, abs=RATE_HZ / length)
    path.unlink()
    np.testing.assert_array_equal(cache.samples(Utterance("sine", path, "", 0.5), speed, tempo), found)
    assert len(cache.samples(Utterance("sine", path, "", 0.5))) == 4000


def test_the_cache_stops_at_its_limit(tmp_path: Path) -> None:
    utterances = [recording(tmp_path, name, 0.5, seed) for seed, name in enumerate("abc")]
    cache = AudioCache(RATE_HZ, limit_gb=2 * 8000 / 1e9)  # two of 4000 samples of two bytes
    for _ in range(2):
        for utterance in utterances:
            np.testing.assert_array_equal(cache.samples(utterance), samples_of(utterance.audio))
    assert sum(kept.nbytes for kept in cache.kept.values()) == 2 * 8000
    assert not AudioCache(RATE_HZ, 0.0).kept


def test_kept_and_read_again_are_the_same(tmp_path: Path) -> None:
    utterance = recording(tmp_path, "a", 0.5)
    kept, never = AudioCache(RATE_HZ, 1.0), AudioCache(RATE_HZ, 0.0)
    for speed in (0.9, 1.0, 1.1):
        for _ in range(2):
            np.testing.assert_array_equal(kept.samples(utterance, speed), never.samples(utterance, speed))


def test_equal_ids_in_two_sets_are_two_recordings(tmp_path: Path) -> None:
    train, dev = recording(tmp_path, "one", 0.5, seed=1), recording(tmp_path, "one", 0.5, seed=2)
    cache = AudioCache(RATE_HZ, 1.0)
    cache.samples(train)
    np.testing.assert_array_equal(cache.samples(dev), samples_of(dev.audio))


def test_loud_samples_do_not_wrap_around(tmp_path: Path) -> None:
    path = tmp_path / "loud.wav"
    soundfile.write(path, np.array([1.5, -1.5, 1.0, -1.0] * 100), RATE_HZ, subtype="FLOAT")
    found = AudioCache(RATE_HZ, 1.0).samples(Utterance("loud", path, "", 0.05))
    np.testing.assert_allclose(found, np.array([1, -1, 1, -1] * 100), rtol=0, atol=1e-4)


def test_spans_of_a_long_recording_are_cut_out(tmp_path: Path) -> None:
    whole = recording(tmp_path, "talk", 4.0)
    samples = samples_of(whole.audio)
    for start_s in (0.0, 1.0, 3.5):
        span = Utterance(f"talk-{start_s}", whole.audio, "", 0.5, start_s=start_s)
        first = round(start_s * RATE_HZ)
        np.testing.assert_array_equal(read_utterance(span, RATE_HZ).samples, samples[first : first + 4000])
    np.testing.assert_array_equal(read_utterance(whole, RATE_HZ).samples, samples)
    cache = AudioCache(RATE_HZ, 1.0)
    spans = [Utterance("same", whole.audio, "", 0.5, start_s=start_s) for start_s in (0.0, 1.0)]
    assert not np.array_equal(cache.samples(spans[0]), cache.samples(spans[1]))


def test_a_rounded_duration_cuts_nothing_off(tmp_path: Path) -> None:
    whole = recording(tmp_path, "talk", 0.5001)
    for duration_s in (0.49, 0.5, 0.52):
        rounded = Utterance("talk", whole.audio, "", duration_s)
        assert len(read_utterance(rounded, RATE_HZ).samples) == 4001


def test_other_rates_are_resampled(tmp_path: Path) -> None:
    utterance = recording(tmp_path, "wide", 0.5, rate_hz=16000)
    assert len(AudioCache(RATE_HZ, 1.0).samples(utterance)) == 4000


# ---- tensors


def examples(folder: Path) -> list[Example]:
    lengths_s, labels = (0.5, 0.1, 0.3), ((1, 2, 2), (), (3,))
    return [
        Example(recording(folder, f"u{index}", duration_s, index), row)
        for index, (duration_s, row) in enumerate(zip(lengths_s, labels, strict=True))
    ]


def test_a_batch_holds_rows_and_their_lengths(tmp_path: Path) -> None:
    chosen = examples(tmp_path)
    rows = [samples_of(example.utterance.audio) for example in chosen]
    batch = collate(chosen, rows, RATE_HZ)
    assert batch.ids == ("u0", "u1", "u2")
    assert batch.samples.dtype == torch.float32
    assert batch.samples.shape == (3, 4000)
    assert batch.lengths.tolist() == [4000, 800, 2400]
    for row, values in zip(batch.samples, rows, strict=True):
        np.testing.assert_array_equal(row[: len(values)], values)
        assert not row[len(values) :].any()
    assert batch.labels.tolist() == [1, 2, 2, 3]
    assert batch.label_lengths.tolist() == [3, 0, 1]
    assert batch.audio_s == pytest.approx(0.9)
    moved = batch.to(torch.device("cpu"))
    assert moved.ids == batch.ids
    assert torch.equal(moved.samples, batch.samples)


def test_rows_of_no_samples_and_of_no_labels_can_be_batched() -> None:
    nothing = Example(Utterance("none", Path("none.wav"), "", 0.0), ())
    batch = collate([nothing, nothing], [np.zeros(0, np.float32)] * 2, RATE_HZ)
    assert batch.samples.shape == (2, 0)
    assert batch.labels.dtype == torch.long
    assert batch.labels.shape == (0,)


def test_a_development_set_is_read_once_and_unchanged(tmp_path: Path, listed: Callable[..., Examples]) -> None:
    chosen = listed(examples(tmp_path))
    batches = list(dev_batches(chosen, AudioCache(RATE_HZ, 1.0), batch_s=0.6))
    assert [batch.ids for batch in batches] == [("u1", "u2"), ("u0",)]
    for batch in batches:
        for name, row, length in zip(batch.ids, batch.samples, batch.lengths, strict=True):
            np.testing.assert_array_equal(row[:length], samples_of(tmp_path / f"{name}-{name[1]}.wav"))


def test_the_spans_of_an_opus_file_are_those_of_its_decoder(tmp_path: Path, test_data: Path) -> None:
    source = test_data / "longform" / "jfk_inaugural_excerpt.opus"
    samples, rate_hz = soundfile.read(source, dtype="float32")
    span = read_utterance(Utterance("jfk", source, "", 2.0, start_s=3.0), rate_hz).samples
    assert len(span) == 2 * rate_hz
    np.testing.assert_allclose(span, samples[3 * rate_hz : 5 * rate_hz], rtol=0, atol=1e-3)


# ---- utterances joined


@pytest.mark.parametrize(
    ("tokens", "labels", "expected"),
    [
        (("<blk>", "▁", "a", "b"), ((2, 3), (3,)), (2, 3, 1, 3)),  # characters: a space goes in between
        (("<blk>", "▁a", "▁b"), ((1, 2), (2,)), (1, 2, 2)),  # words bring their own
        (("<blk>", "▁", "a"), ((), (2,)), (2,)),  # nothing to part from
        (("<blk>", "▁", "a"), ((2,), ()), (2,)),
    ],
)
def test_joined_texts_are_parted_by_a_space(
    tokens: tuple[str, ...], labels: tuple[tuple[int, ...], ...], expected: tuple[int, ...]
) -> None:
    examples = [Example(Utterance(f"u{n}", Path("a.wav"), "", 1.0), row) for n, row in enumerate(labels)]
    both = joined(examples, tokens)
    assert both.labels == expected
    assert both.utterance.id == "u0+u1"
    assert joined(examples[:1], tokens) is examples[0]


@pytest.mark.parametrize("kind", ["bpe", "byte", "char", "mixed"])
@pytest.mark.parametrize("texts", [("你好", "世界"), ("你好", "a b"), ("a b", "你好"), ("a", "b")])
def test_joined_texts_are_encoded_as_one(kind: str, texts: tuple[str, str]) -> None:
    tokenizer = build(kind, [" ".join(texts), *texts])
    examples = [Example(Utterance("u", Path("a.wav"), text, 1.0), tuple(tokenizer.encode(text))) for text in texts]
    both = sentence(texts)
    assert tokenizer.decode(joined(examples, tokenizer.tokens).labels) == both
    assert list(joined(examples, tokenizer.tokens).labels) == tokenizer.encode(both)


@pytest.mark.parametrize(
    ("count", "share", "pairs"), [(10, 0.0, 0), (10, 0.6, 3), (11, 1.0, 5), (1, 1.0, 0), (0, 1.0, 0)]
)
def test_every_utterance_is_in_one_group(count: int, share: float, pairs: int) -> None:
    groups = draw_groups(np.random.default_rng(0), count, share)
    assert sorted(index for group in groups for index in group) == list(range(count))
    assert sum(len(group) == 2 for group in groups) == pairs
    assert {len(group) for group in groups} <= {1, 2}
    lengths = np.random.default_rng(1).uniform(1.0, 9.0, count)
    assert groups.sums(lengths).tolist() == [sum(lengths[list(group)].tolist()) for group in groups]


def test_a_batch_twice_is_its_rows_and_the_same_again() -> None:
    examples = [
        Example(Utterance(name, Path(f"{name}.wav"), "", 0.1), labels) for name, labels in (("a", (1, 2)), ("b", (3,)))
    ]
    batch = collate(examples, [np.ones(800, np.float32), np.ones(400, np.float32)], 8000)
    twice = batch.twice()
    assert twice.ids == batch.ids * 2
    assert twice.audio_s == batch.audio_s
    assert twice.labels.tolist() == 2 * batch.labels.tolist()
    assert twice.label_lengths.tolist() == 2 * batch.label_lengths.tolist()
    assert twice.lengths.tolist() == 2 * batch.lengths.tolist()
    assert torch.equal(twice.samples[2:], batch.samples)
