"""The acoustic model's contract, the CTC loss against all paths counted out, and the check that labels fit."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from torch import Tensor

from asr import config, manifest
from asr.augment.stretch import stretched
from asr.errors import DataError, ManifestError, TextError
from asr.feasibility import frames_needed, output_frames
from asr.mel import FeatureSpec
from asr.model.ctc import AcousticModel
from asr.model.encoders import ENCODERS, build_encoder
from asr.model.fbank import Features
from asr.train.augment import at_speed
from asr.train.batches import Batch, Example
from asr.train.data import feasible, load_data
from asr.train.epoch import disagreement, finite_losses
from asr.train.evaluate import ctc_losses
from asr.types import Utterance

pytestmark = pytest.mark.usefixtures("one_thread")

SPEC = FeatureSpec(rate_hz=8000, bands=20)
CLASSES = 3  # blank and two labels, in what is counted out


def collapsed(path: Sequence[int]) -> tuple[int, ...]:
    """Return the labels of a path: equal neighbours once, then no blanks (Graves et al. 2006, the map B)."""
    return tuple(label for label, _ in itertools.groupby(path) if label)


def batch_of(labels: Sequence[Sequence[int]]) -> Batch:
    return Batch(
        ids=tuple(map(str, range(len(labels)))),
        samples=torch.zeros(len(labels), 1),
        lengths=torch.ones(len(labels), dtype=torch.long),
        labels=torch.tensor([label for row in labels for label in row], dtype=torch.long),
        label_lengths=torch.tensor([len(row) for row in labels]),
        audio_s=1.0,
    )


# ---- frames and losses by brute force


def test_the_frames_needed_are_those_of_the_shortest_path() -> None:
    shortest: dict[tuple[int, ...], int] = {}
    for frames in range(6):
        for path in itertools.product(range(CLASSES), repeat=frames):
            shortest.setdefault(collapsed(path), frames)
    assert len(shortest) == 25
    for labels, frames in shortest.items():
        assert frames_needed(labels) == frames, labels


def counted_out(log_probs: Tensor, labels: Sequence[int]) -> float:
    """Return minus the log of the summed probability of all paths that collapse to the labels: log_probs [F, V]."""
    paths = itertools.product(range(log_probs.shape[1]), repeat=len(log_probs))
    scores = [
        sum(float(log_probs[frame, label]) for frame, label in enumerate(path))
        for path in paths
        if collapsed(path) == tuple(labels)
    ]
    return -math.log(sum(map(math.exp, scores))) if scores else math.inf


def test_losses_are_the_sum_over_all_paths() -> None:
    labels = [[1], [1, 2], [1, 1], [], [2, 2, 2], [1, 2, 1], [], [1]]
    frames = [4, 3, 3, 4, 4, 2, 0, 0]
    log_probs = torch.randn(len(labels), 5, CLASSES, dtype=torch.float64).log_softmax(-1)
    found = ctc_losses(log_probs, torch.tensor(frames), batch_of(labels))
    wanted = [
        counted_out(row[:length], row_labels) for row, length, row_labels in zip(log_probs, frames, labels, strict=True)
    ]
    assert [math.isinf(loss) for loss in wanted] == [False, False, False, False, True, True, False, True]
    np.testing.assert_allclose(found.numpy(), wanted, rtol=0, atol=1e-9)


def test_a_loss_is_finite_exactly_where_the_frames_suffice() -> None:
    labels = [[1, 1, 2], [1, 2, 1], [2, 2, 2]]
    for frames in range(1, 7):
        log_probs = torch.randn(3, 6, CLASSES).log_softmax(-1)
        found = ctc_losses(log_probs, torch.full((3,), frames), batch_of(labels)).isfinite().tolist()
        assert found == [frames >= frames_needed(row) for row in labels]


def test_losses_do_not_see_the_padding() -> None:
    labels, frames = batch_of([[1, 2], [1]]), torch.tensor([3, 5])
    log_probs = torch.randn(2, 5, CLASSES).log_softmax(-1)
    wanted = ctc_losses(log_probs, frames, labels)
    log_probs[0, 3:] = -1e3
    torch.testing.assert_close(ctc_losses(log_probs, frames, labels), wanted, rtol=0, atol=0)


def test_a_batch_without_frames_has_losses_too() -> None:
    losses = ctc_losses(torch.zeros(2, 0, CLASSES), torch.tensor([0, 0]), batch_of([[], [1]]))
    assert losses.tolist() == [0.0, math.inf]


def test_an_infinite_loss_spoils_no_gradient() -> None:
    """The gradient of an infinite loss is NaN even where its weight is zero; here it must be zero."""
    scores = torch.randn(3, 5, CLASSES)
    frames, labels = torch.tensor([5, 2, 4]), [[1, 2], [1, 1], [2]]
    both = scores.clone().requires_grad_()
    losses, finite = finite_losses(both.log_softmax(-1), frames, batch_of(labels))
    losses[finite].sum().backward()
    assert finite.tolist() == [True, False, True]
    good = scores[finite].clone().requires_grad_()
    wanted, _ = finite_losses(good.log_softmax(-1), frames[finite], batch_of([labels[0], labels[2]]))
    wanted.sum().backward()
    assert both.grad is not None
    torch.testing.assert_close(losses[finite], wanted)
    torch.testing.assert_close(both.grad[finite], good.grad)
    assert not both.grad[1].any()


def test_views_of_an_utterance_disagree_by_their_divergence() -> None:
    """Against torch's own Kullback-Leibler divergence; frames past a row's end do not count."""
    log_probs = torch.randn(4, 5, 3).log_softmax(-1).requires_grad_()
    frames = torch.tensor([5, 2, 5, 2])
    found = disagreement(log_probs, frames)
    for row, twin in ((0, 2), (1, 3), (2, 0), (3, 1)):
        size = int(frames[row])
        mine, theirs = log_probs[row, :size], log_probs[twin, :size]
        wanted = torch.nn.functional.kl_div(mine, theirs, reduction="sum", log_target=True)
        torch.testing.assert_close(found[row], wanted)
    found[:2].sum().backward()
    assert log_probs.grad is not None
    assert log_probs.grad[:2].any()
    assert not log_probs.grad[2:].any(), "the twin is taken as given"


def test_equal_views_agree() -> None:
    view = torch.randn(2, 4, 3).log_softmax(-1)
    assert disagreement(torch.cat([view, view]), torch.tensor([4, 1, 4, 1])).abs().max() < 1e-6
    assert disagreement(torch.zeros(2, 0, 3), torch.tensor([0, 0])).tolist() == [0.0, 0.0]


# ---- the model


def model_of(encoder: str = "blstm") -> AcousticModel:
    body = build_encoder(encoder, SPEC.dim, hidden=6, layers=2, channels=3, project=5)
    for name, weight in body.named_parameters():
        if "bias" in name:  # so that what is computed of zeros is not zero by accident
            torch.nn.init.uniform_(weight, 0.1, 1.0)
    return AcousticModel(Features(SPEC), np.linspace(-8, 0, 20), np.linspace(1, 3, 20), body, vocab=5).eval()


def ragged(lengths: Sequence[int], padding: float = 0.0) -> tuple[Tensor, Tensor]:
    rows = torch.full((len(lengths), max(lengths)), padding)
    for row, length in zip(rows, lengths, strict=True):
        row[:length] = 0.1 * torch.randn(length, generator=torch.Generator().manual_seed(length))
    return rows, torch.tensor(lengths)


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("padding", [0.0, 1e3, float("nan")])
def test_padding_does_not_change_the_answer(encoder: str, padding: float) -> None:
    model, lengths = model_of(encoder), [8000, 1, 39, 40, 401, 3999]
    log_probs, frames = model(*ragged(lengths, padding))
    assert log_probs.shape == (6, 25, 5)
    assert frames.tolist() == [-(-((length + 40) // 80) // 4) for length in lengths]
    for row, count, length in zip(log_probs, frames.tolist(), lengths, strict=True):
        alone, _ = model(*ragged([length]))
        torch.testing.assert_close(row[:count], alone[0], rtol=0, atol=1e-5)
        torch.testing.assert_close(row[:count].exp().sum(-1), torch.ones(count))


@pytest.mark.parametrize("samples", [0, 1, 39, 40])
def test_next_to_nothing_gives_next_to_nothing(samples: int) -> None:
    log_probs, frames = model_of()(torch.zeros(2, samples), torch.tensor([samples, 0]))
    assert log_probs.shape == (2, int(samples >= 40), 5)
    assert frames.tolist() == [int(samples >= 40), 0]


def test_features_are_normalised_by_the_stored_statistics() -> None:
    model = model_of()
    samples, lengths = ragged([8000, 4000])
    values, frames = model.features(samples, lengths)
    found, same = model.normalised(samples, lengths)
    assert same.tolist() == frames.tolist()
    wanted = (values[1, :50] - torch.linspace(-8, 0, 20)) / torch.linspace(1, 3, 20)
    torch.testing.assert_close(found[1, :50], wanted, rtol=0, atol=1e-6)
    assert not found[1, 50:].any()
    assert {"mean", "deviation"} <= set(model.state_dict()), "the statistics travel with the weights"


def test_log_probs_are_float32_under_autocast() -> None:
    model = model_of()
    with torch.autocast("cpu", torch.bfloat16):
        log_probs, _ = model(*ragged([8000]))
    assert log_probs.dtype == torch.float32
    torch.testing.assert_close(log_probs.exp().sum(-1), torch.ones(1, 25))


# ---- the check before the first epoch


def corpus(folder: Path, **utterances: tuple[str, float]) -> Path:
    """Write noise of some seconds for each id, and the manifest of text and duration."""
    rng, lines = np.random.default_rng(0), []
    for name, (text, duration_s) in utterances.items():
        soundfile.write(folder / f"{name}.wav", 0.1 * rng.standard_normal(round(duration_s * 8000)), 8000)
        lines.append(Utterance(name, folder / f"{name}.wav", text, duration_s))
    manifest.write(folder / "set.jsonl", lines)
    return folder / "set.jsonl"


SETTINGS = config.parse({"features": {"rate_hz": 8000, "bands": 20}})


def test_utterances_too_short_for_their_labels_are_named(tmp_path: Path) -> None:
    path = corpus(tmp_path, good=("go", 1.0), fast=("abcde", 0.175), short=("far too long", 0.3), none=("", 0.001))
    with pytest.raises(DataError, match=r"3 utterances .* speed 1.1, .*: fast, short, none; mend .* to 3 to leave"):
        load_data(SETTINGS, path, path)
    allowed = SETTINGS.model_copy(update={"train": SETTINGS.train.model_copy(update={"max_dropped": 3})})
    data = load_data(allowed, path, path)
    assert data.dropped == ("fast", "short", "none"), "the first has frames enough, but not at 1.1 times the speed"
    assert [example.utterance.id for example in data.train] == ["good"]
    assert len(data.dev) == 4, "what is measured on stays whole"


def test_the_check_is_made_at_the_fastest_speed() -> None:
    # 1 s at 8 kHz: 100 feature frames, 25 output frames; at 1.1 times the speed 91, so 23
    assert (output_frames(1.0, 1.0, SPEC), output_frames(1.0, 1.1, SPEC)) == (25, 23)
    labels = tuple(1 + index % 2 for index in range(24))
    example = example_of(labels)
    assert feasible([example], SPEC, 1.0) == ([example], [])
    assert feasible([example], SPEC, 1.1) == ([], ["one"])
    repeats = example_of((1,) * 12)  # 12 labels and 11 blanks between them
    assert feasible([repeats], SPEC, 1.1) == ([repeats], [])
    assert feasible([example_of((1,) * 13)], SPEC, 1.0) == ([example_of((1,) * 13)], [])
    assert feasible([example_of((1,) * 13)], SPEC, 1.1) == ([], ["one"])


def example_of(labels: tuple[int, ...]) -> Example:
    return Example(Utterance("one", Path("one.wav"), "", 1.0), labels)


@pytest.mark.parametrize("length", [4000, 4001, 7999, 8039, 8040, 12345])
@pytest.mark.parametrize("speed", [0.9, 1.0, 1.1, 1.25])
def test_the_check_never_promises_a_frame_too_many(length: int, speed: float) -> None:
    samples = at_speed(np.zeros(length, dtype=np.float32), speed, 8000)
    there = -(-SPEC.frames(len(samples)) // 4)
    assert there - 1 <= output_frames(length / 8000, speed, SPEC) <= there


@pytest.mark.parametrize("length", [4000, 7999, 8039, 8040, 12345])
@pytest.mark.parametrize(("speed", "tempo"), [(1.0, 1.1), (1.1, 1.05), (0.9, 0.8), (1.1, 1.9)])
def test_nor_where_the_tempo_changes_too(length: int, speed: float, tempo: float) -> None:
    pytest.importorskip("python_stretch", reason="needs the extra `augment`")
    spoken = at_speed(np.zeros(length, dtype=np.float32), speed, 8000)
    there = -(-SPEC.frames(len(stretched(spoken, 8000, tempo=tempo))) // 4)
    assert there - 1 <= output_frames(length / 8000, speed * tempo, SPEC) <= there


def test_a_chain_that_makes_faster_counts(tmp_path: Path) -> None:
    path = corpus(tmp_path, good=("go", 1.0), fast=("abcde", 0.2))
    assert load_data(SETTINGS, path, path).dropped == ()
    values = SETTINGS.model_dump()
    values["augment"]["chain"] = ({"kind": "tempo", "p": 0.1, "factor": (0.9, 1.2)},)
    with pytest.raises(DataError, match=r"1 utterances have more labels than frames at speed 1\.32, .*: fast; mend"):
        load_data(config.parse(values), path, path)


def test_other_data_that_cannot_be_trained_on(tmp_path: Path) -> None:
    path = corpus(tmp_path, a=("go", 1.0))
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    with pytest.raises(DataError, match=r"empty.jsonl: has no utterances; prepare"):
        load_data(SETTINGS, empty, path)
    with pytest.raises(DataError, match=r"empty.jsonl: has no utterances"):
        load_data(SETTINGS, path, empty)
    other = tmp_path / "other.jsonl"
    manifest.write(other, [replace(utterance, text="zoo") for utterance in manifest.read(path)])
    with pytest.raises(TextError, match=r"other.jsonl: a: .*'z'.*text.characters"):
        load_data(SETTINGS, path, other)
    more = config.parse({"features": {"rate_hz": 8000, "bands": 20}, "text": {"characters": "z"}})
    assert load_data(more, path, other).tokens == ("<blk>", "▁", "g", "o", "z")
    (tmp_path / "a.wav").unlink()
    with pytest.raises(ManifestError, match=r"set.jsonl:1: .*a.wav"):
        load_data(SETTINGS, path, path)
