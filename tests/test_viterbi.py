"""The best path: brute force, a table in NumPy, torchaudio's aligner, and its memory."""

from __future__ import annotations

import itertools
import subprocess
import sys
import warnings

import numpy as np
import numpy.typing as npt
import pytest

from asr.decoders import collapse
from asr.types import FloatArray

viterbi = pytest.importorskip("asr.viterbi", reason="needs the extra `beam`", exc_type=ImportError)
Labels = npt.NDArray[np.int32]


def log_softmax(scores: npt.ArrayLike) -> FloatArray:
    scores = np.asarray(scores, dtype=np.float64)
    return np.asarray(scores - np.log(np.exp(scores).sum(axis=-1, keepdims=True)), dtype=np.float32)


def noise(frames: int, vocabulary: int, rng: np.random.Generator) -> FloatArray:
    return log_softmax(rng.normal(size=(frames, vocabulary)) * 3)


def spoken(path: Labels, labels: Labels, blank: int) -> Labels:
    """Return the label of every frame of a path of positions."""
    return np.append(labels, np.int32(blank))[path]


def best(log_probs: FloatArray, labels: list[int], blank: int = 0) -> tuple[float, Labels]:
    """Return what `best_path` does, after checking that its path spells the labels and has the score it says."""
    wanted = np.array(labels, np.int32)
    score, path = viterbi.best_path(log_probs, wanted, blank)
    assert path.dtype == np.int32
    if np.isfinite(score):
        assert len(path) == len(log_probs)
        frames = spoken(path, wanted, blank)
        assert [label for label, _, _ in collapse(frames, blank)] == labels
        positions = path[path >= 0]
        assert (np.diff(positions) >= 0).all()
        assert sorted(set(positions.tolist())) == list(range(len(labels)))
        total = log_probs[np.arange(len(path)), frames].sum(dtype=np.float64)
        assert score == pytest.approx(total, abs=1e-9 * (1 + abs(total)))
    else:
        assert len(path) == 0
    return score, path


def table(log_probs: FloatArray, labels: list[int], blank: int = 0) -> tuple[float, list[int]]:
    """Return the best score, and the label of every frame, by the whole table of the textbook."""
    states = [blank] + [state for label in labels for state in (label, blank)]
    score = np.full((len(log_probs) + 1, len(states)), -np.inf)
    came = np.zeros(score.shape, int)
    score[0, 0] = 0  # before the first frame; from there to the first label is one step
    for frame, row in enumerate(log_probs.astype(np.float64), start=1):
        for at, state in enumerate(states):
            ways = [at, at - 1] if at else [at]
            if at > 1 and state != blank and state != states[at - 2]:
                ways.append(at - 2)
            came[frame, at] = max(ways, key=lambda way: score[frame - 1, way])
            score[frame, at] = score[frame - 1, came[frame, at]] + row[state]
    at = max(range(max(0, len(states) - 2), len(states)), key=lambda at: score[-1, at])
    total, path = float(score[-1, at]), []
    for frame in range(len(log_probs), 0, -1):
        path.append(states[at])
        at = came[frame, at]
    return total, path[::-1]


def test_brute_force_over_all_paths() -> None:
    rng = np.random.default_rng(0)
    for frames in range(6):
        log_probs = noise(frames, 3, rng)
        scores: dict[tuple[int, ...], float] = {}
        for path in itertools.product(range(3), repeat=frames):
            labels = tuple(label for label, _, _ in collapse(np.array(path, dtype=np.int64), 1))
            total = float(log_probs[np.arange(frames), list(path)].sum(dtype=np.float64)) if frames else 0.0
            scores[labels] = max(scores.get(labels, -np.inf), total)
        for size in range(frames + 2):
            for labels in itertools.product((0, 2), repeat=size):
                found, _ = best(log_probs, list(labels), blank=1)
                assert found == pytest.approx(scores.get(labels, -np.inf), abs=1e-9)


def test_the_textbook_table_over_several_blocks() -> None:
    rng = np.random.default_rng(1)
    for frames, size, vocabulary in ((300, 120, 5), (257, 256, 29), (200, 2, 3), (150, 0, 4), (400, 60, 2)):
        labels = rng.integers(1, vocabulary, size).tolist() if vocabulary > 2 else [1] * size
        log_probs = noise(frames, vocabulary, rng)
        score, path = best(log_probs, labels)
        expected, expected_path = table(log_probs, labels)
        assert score == pytest.approx(expected, abs=1e-9 * frames)
        if np.isfinite(score):
            assert spoken(path, np.array(labels, np.int32), 0).tolist() == expected_path


def test_torchaudio_finds_the_same_score_and_path() -> None:
    """In float64 no two paths of random numbers tie, so that there is one answer."""
    torch = pytest.importorskip("torch")
    functional = pytest.importorskip("torchaudio.functional")
    rng = np.random.default_rng(2)
    compared = 0
    for _ in range(400):
        frames, vocabulary = int(rng.integers(1, 80)), int(rng.integers(2, 7))
        blank = int(rng.integers(0, vocabulary))
        others = [label for label in range(vocabulary) if label != blank]
        labels = rng.choice(others, int(rng.integers(1, frames + 1))).astype(np.int32)
        log_probs = noise(frames, vocabulary, rng)
        score, path = best(log_probs, labels.tolist(), blank)
        if frames < len(labels) + np.count_nonzero(labels[1:] == labels[:-1]):
            assert score == -np.inf
            continue
        with warnings.catch_warnings():  # torchaudio announces the end of this function
            warnings.simplefilter("ignore")
            expected, scores = functional.forced_align(
                torch.from_numpy(log_probs.astype(np.float64))[None], torch.from_numpy(labels)[None], blank=blank
            )
        assert score == pytest.approx(float(scores.sum()), abs=1e-9)
        assert spoken(path, labels, blank).tolist() == expected[0].tolist()
        compared += 1
    assert compared > 200


def test_equally_good_paths_are_all_the_same_to_it() -> None:
    """Where every path ties, one that spells the labels comes out, the same one every time."""
    log_probs = log_softmax(np.zeros((7, 3)))
    score, path = best(log_probs, [1, 1, 2])
    assert score == pytest.approx(7 * np.log(1 / 3), abs=1e-5)
    assert (best(log_probs, [1, 1, 2])[1] == path).all()


@pytest.mark.parametrize(
    ("frames", "labels", "path"),
    [
        (0, [], []),
        (1, [], [-1]),
        (3, [], [-1, -1, -1]),
        (1, [2], [0]),
        (2, [2, 1], [0, 1]),
        (3, [2, 2], [0, -1, 1]),
        (5, [1, 1, 1], [0, -1, 1, -1, 2]),
    ],
)
def test_cases_with_one_answer(frames: int, labels: list[int], path: list[int]) -> None:
    assert best(noise(frames, 3, np.random.default_rng(3)), labels)[1].tolist() == path


@pytest.mark.parametrize(
    ("frames", "labels"), [(0, [1]), (1, [1, 2]), (2, [1, 1]), (4, [2, 2, 2]), (40, [1] * 21), (40, [1, 2] * 21)]
)
def test_fewer_frames_than_labels_and_repeats(frames: int, labels: list[int]) -> None:
    assert best(noise(frames, 3, np.random.default_rng(4)), labels)[0] == -np.inf


def test_what_is_impossible_is_said_and_what_is_possible_found() -> None:
    log_probs = np.full((4, 3), -np.inf, np.float32)
    log_probs[np.arange(4), [0, 1, 2, 2]] = 0.0
    assert best(log_probs, [1, 2])[0] == 0.0
    assert best(log_probs, [1, 2])[1].tolist() == [-1, 0, 1, 1]
    assert best(log_probs, [2, 1])[0] == -np.inf


def test_a_clear_signal_is_followed_to_the_frame() -> None:
    frames = [0, 0, 3, 3, 0, 3, 1, 2, 2, 2, 0, 0]
    log_probs = log_softmax(10.0 * np.eye(4)[frames])
    assert best(log_probs, [3, 3, 1, 2])[1].tolist() == [-1, -1, 0, 0, -1, 1, 2, 3, 3, 3, -1, -1]


def test_memory_stays_far_below_the_table() -> None:
    """A byte for each of the 20,000 x 20,001 states would be 400 MB."""
    pytest.importorskip("resource", reason="is how the system says it")
    code = """
import resource
import numpy as np
from asr.viterbi import best_path
rng = np.random.default_rng(0)
log_probs = np.log(rng.dirichlet(np.ones(4), 20_000)).astype(np.float32)
labels = rng.integers(1, 4, 8_000).astype(np.int32)
best_path(log_probs[:5], labels[:1], 0)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert np.isfinite(best_path(log_probs, labels, 0)[0])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    grown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    unit = 1 if sys.platform == "darwin" else 1024
    assert int(grown) * unit < 60e6
