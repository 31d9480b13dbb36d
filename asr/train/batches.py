"""Audio kept in memory, batches of similar length, and the tensors a step needs."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from asr import audio
from asr.augment.stretch import stretched
from asr.han import is_han
from asr.tokenizers import SPACE
from asr.train.augment import at_speed
from asr.train.examples import Example, Examples
from asr.train.lazy import Lazy
from asr.types import FloatArray, Utterance


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded samples and concatenated labels, each with its lengths."""

    ids: tuple[str, ...]
    samples: Tensor  # [B, T]
    lengths: Tensor  # [B]
    labels: Tensor  # [sum of label_lengths]
    label_lengths: Tensor  # [B]
    audio_s: float

    def to(self, device: torch.device) -> Batch:
        return replace(
            self,
            samples=self.samples.to(device),
            lengths=self.lengths.to(device),
            labels=self.labels.to(device),
            label_lengths=self.label_lengths.to(device),
        )

    def twice(self) -> Batch:
        """Return the rows followed by the same rows; the audio counts once."""
        return Batch(
            ids=self.ids * 2,
            samples=self.samples.repeat(2, 1),
            lengths=self.lengths.repeat(2),
            labels=self.labels.repeat(2),
            label_lengths=self.label_lengths.repeat(2),
            audio_s=self.audio_s,
        )


def joined(examples: Sequence[Example], tokens: Sequence[str]) -> Example:
    """Return several examples, spoken one after the other, as one: texts parted by a space, ids by a plus.

    Between Han characters there is no space.
    """
    first, *others = examples
    labels = list(first.labels)
    for before, other in pairwise(examples):
        begins_word = not labels or not other.labels or tokens[other.labels[0]].startswith(SPACE)
        goes_on = is_han(before.utterance.text[-1:]) and is_han(other.utterance.text)
        labels += [*([] if begins_word or goes_on else [tokens.index(SPACE)]), *other.labels]
    name = "+".join(example.utterance.id for example in examples)
    return Example(replace(first.utterance, id=name), tuple(labels)) if others else first


@dataclass(frozen=True, slots=True)
class Groups:
    """Indices in random order, the first ones in pairs and the others alone."""

    order: npt.NDArray[np.int32]  # [N]
    pairs: int

    def __len__(self) -> int:
        return len(self.order) - self.pairs

    def __iter__(self) -> Iterator[tuple[int, ...]]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, group: int) -> tuple[int, ...]:
        first, count = (2 * group, 2) if group < self.pairs else (group + self.pairs, 1)
        return tuple(self.order[first : first + count].tolist())

    def sums(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return for each group the sum of its members' values: [N] -> [len(self)]."""
        ordered, paired = values[self.order], 2 * self.pairs
        ordered[self.pairs : paired] = ordered[:paired:2] + ordered[1:paired:2]
        return ordered[self.pairs :]


def draw_groups(rng: np.random.Generator, count: int, share: float) -> Groups:
    """Return every index once, alone or, for about `share` of them, in random pairs."""
    return Groups(rng.permutation(count).astype(np.int32), int(count * share / 2))


class AudioCache:
    """Decoded audio at one rate, several speeds and tempos as 16-bit samples, kept until `limit_gb` is full."""

    def __init__(self, rate_hz: int, limit_gb: float) -> None:
        self.rate_hz = rate_hz
        self.room = int(limit_gb * 1e9)
        self.kept: dict[tuple[Path, float, float, float, float], npt.NDArray[np.int16]] = {}

    def samples(self, utterance: Utterance, speed: float = 1.0, tempo: float = 1.0) -> FloatArray:
        """Return the utterance's samples [about T / (speed * tempo)] in [-1, 1].

        They are played `speed` times as fast, and at `tempo` times the tempo with their pitch kept. Raises
        MissingPackage for another tempo than 1 without the package python-stretch.
        """
        # By file and span: train and dev share the cache, and their ids may be the same.
        key = (utterance.audio, utterance.start_s, utterance.duration_s, speed, tempo)
        kept = self.kept.get(key)
        if kept is None:
            if speed != 1.0:
                samples = at_speed(self.samples(utterance, tempo=tempo), speed, self.rate_hz)
            elif tempo != 1.0:
                samples = stretched(self.samples(utterance), self.rate_hz, tempo=tempo)
            else:
                samples = audio.read_utterance(utterance, self.rate_hz).samples
            kept = np.clip(np.round(samples * 32768.0), -32768, 32767).astype(np.int16)
            if kept.nbytes <= self.room:
                self.room -= kept.nbytes
                self.kept[key] = kept
        return kept.astype(np.float32) / np.float32(32768.0)


def plan(durations_s: npt.ArrayLike, batch_s: float, rng: np.random.Generator | None = None) -> Sequence[list[int]]:
    """Return batches of indices of similar length whose padded audio stays within `batch_s` seconds.

    With `rng` the lengths are jittered by up to a tenth before sorting and the batches are shuffled, so that
    every epoch sees other neighbours. One utterance longer than `batch_s` is a batch of its own.
    """
    lengths = np.asarray(durations_s, dtype=np.float64)
    order = _by_length(lengths, rng).astype(np.int32)
    starts = np.array([*_starts(lengths[order], batch_s), len(order)], dtype=np.int32)
    turns = np.arange(len(starts) - 1, dtype=np.int32)
    if rng is not None:
        rng.shuffle(turns)
    return Lazy(lambda turn: order[starts[turns[turn]] : starts[turns[turn] + 1]].tolist(), range(len(turns)))


def _by_length(lengths: npt.NDArray[np.float64], rng: np.random.Generator | None) -> npt.NDArray[np.int64]:
    jittered = lengths
    if rng is not None:
        jittered = rng.uniform(0.9, 1.1, len(lengths))
        jittered *= lengths  # in place, as a large set has millions
    return np.argsort(jittered, kind="stable")


def _starts(lengths: npt.NDArray[np.float64], batch_s: float) -> array[int]:
    """Return where batches begin, each as large as it may be."""
    starts = array("i")
    longest = 0.0
    for place, length in enumerate(lengths.data):  # far faster than over the array, and without a list of a million
        longest = max(longest, length)
        if not starts or longest * (place - starts[-1] + 1) > batch_s:
            starts.append(place)
            longest = length
    return starts


def collate(examples: Sequence[Example], samples: Sequence[FloatArray], rate_hz: int) -> Batch:
    """Pad samples to the longest row and concatenate the labels."""
    lengths = [len(row) for row in samples]
    padded = np.zeros((len(samples), max(lengths)), dtype=np.float32)
    for row, values in zip(padded, samples, strict=True):
        row[: len(values)] = values
    labels = [label for example in examples for label in example.labels]
    return Batch(
        ids=tuple(example.utterance.id for example in examples),
        samples=torch.from_numpy(padded),
        lengths=torch.tensor(lengths),
        labels=torch.tensor(labels, dtype=torch.long),
        label_lengths=torch.tensor([len(example.labels) for example in examples]),
        audio_s=sum(lengths) / rate_hz,
    )


def dev_batches(examples: Examples, cache: AudioCache, batch_s: float) -> Iterator[Batch]:
    """Yield every example once, unchanged, in batches of similar length."""
    for chosen in plan(examples.durations_s, batch_s):
        picked = [examples[index] for index in chosen]
        yield collate(picked, [cache.samples(example.utterance) for example in picked], cache.rate_hz)
