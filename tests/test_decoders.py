"""CTC decoders: constructed answers, brute force, torch's own way of collapsing, and what is refused."""

from __future__ import annotations

import importlib.util
import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

import asr.decoders
from asr.decoders import DECODERS, collapse, get_decoder
from asr.errors import AsrError
from asr.han import units
from asr.tokenizers import join_tokens
from asr.types import FloatArray, Word

WITHOUT_BEAM = importlib.util.find_spec("numba") is None
NEEDS_BEAM = pytest.mark.skipif(WITHOUT_BEAM, reason="needs the extra `beam`")
EACH = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=NEEDS_BEAM if name == "beam" else ()) for name in DECODERS]
)
TOKENS = ("<blk>", "▁", "a", "b", "ñ", "▁c", "你")


def log_softmax(scores: npt.ArrayLike) -> FloatArray:
    scores = np.asarray(scores, dtype=np.float64)
    return np.asarray(scores - np.log(np.exp(scores).sum(axis=-1, keepdims=True)), dtype=np.float32)


def peaky(path: list[int], posterior: float = 0.999, vocabulary: int = len(TOKENS)) -> FloatArray:
    """Log-probabilities [F, V] that leave no doubt about the path."""
    probabilities = np.full((len(path), vocabulary), (1 - posterior) / (vocabulary - 1))
    probabilities[np.arange(len(path)), path] = posterior
    return np.asarray(np.log(probabilities), dtype=np.float32)


def noise(frames: int, vocabulary: int = len(TOKENS), seed: int = 0) -> FloatArray:
    return log_softmax(np.random.default_rng(seed).normal(size=(frames, vocabulary)) * 3)


@EACH
@pytest.mark.parametrize(
    ("path", "text"),
    [
        ([], ""),
        ([0], ""),
        ([2], "a"),
        ([1], ""),
        ([0, 2, 2, 0, 2, 3, 0], "aab"),
        ([2, 1, 3], "a b"),
        ([1, 2, 0, 1, 0, 1, 0, 3, 1], "a b"),  # spaces at the ends and twice say no more than one
        ([2, 5, 0, 5, 4, 6], "a c cñ你"),
    ],
)
def test_every_decoder_reads_a_path_without_doubt(name: str, path: list[int], text: str) -> None:
    result = get_decoder(name)(TOKENS).decode(peaky(path), frame_shift_s=0.04)
    assert result.text == text
    assert [word.text for word in result.words] == units(text), "a Han character is a word"
    assert (result.confidence > 0.99) if text else (result.confidence == 0)


@EACH
def test_every_decoder_keeps_times_and_confidences_in_range(name: str) -> None:
    decoder = DECODERS[name](TOKENS)
    for seed, frames in enumerate((0, 1, 2, 37, 150)):
        result = decoder.decode(noise(frames, seed=seed), frame_shift_s=0.04)
        edges = [edge for word in result.words for edge in (word.start_s, word.end_s)]
        assert edges == sorted(edges)
        assert all(word.start_s < word.end_s and word.text for word in result.words)
        assert not edges or (edges[0] >= 0 and edges[-1] <= frames * 0.04 + 1e-9)
        assert all(0 <= word.confidence <= 1 for word in result.words)
        assert 0 <= result.confidence <= 1


@EACH
def test_every_decoder_takes_another_blank(name: str) -> None:
    result = DECODERS[name](("a", "b", "<blk>"), blank=2).decode(peaky([0, 2, 0, 1], vocabulary=3), frame_shift_s=0.01)
    assert result.text == "aab"


@EACH
@pytest.mark.parametrize(
    ("log_probs", "reason"),
    [
        (np.ones((3, len(TOKENS)), np.float32), "row 0 sums to 19, not 1; pass log_softmax output"),
        (np.exp(peaky([1, 2])), "row 0 sums to"),
        (np.full((2, len(TOKENS)), 1e4, np.float32), "row 0 sums to inf"),
        (np.full((2, len(TOKENS)), np.nan, np.float32), "row 0 sums to nan"),
        (np.vstack([peaky([1, 2]), np.full((1, len(TOKENS)), np.nan, np.float32)]), "row 2 holds NaN"),
        (peaky([1], vocabulary=3), r"shape \(1, 3\), not \[frames, 7\]"),
        (peaky([1])[0], "pass one utterance"),
        (peaky([1])[None], "pass one utterance"),
    ],
)
def test_every_decoder_refuses_what_are_no_log_probs(name: str, log_probs: FloatArray, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        DECODERS[name](TOKENS).decode(log_probs, frame_shift_s=0.04)
    assert isinstance(caught.value, AsrError)


@EACH
def test_every_decoder_refuses_tokens_it_cannot_use(name: str) -> None:
    for blank in (-1, len(TOKENS)):
        with pytest.raises(AsrError, match=f"blank {blank}: not one of 7 tokens"):
            DECODERS[name](TOKENS, blank=blank)
    with pytest.raises(AsrError, match=r"'a▁'.*may only begin a token"):
        DECODERS[name](("<blk>", "a▁"))


def test_unknown_decoder_names_the_known_ones() -> None:
    with pytest.raises(AsrError, match="decoder 'greddy': unknown; did you mean 'greedy'"):
        get_decoder("greddy")


def test_collapse_agrees_with_brute_force_on_every_short_path() -> None:
    for frames in range(6):
        for path in itertools.product(range(3), repeat=frames):
            expected, at = [], 0
            for label, run in itertools.groupby(path):
                length = len(list(run))
                expected += [(label, at, at + length)] if label != 1 else []
                at += length
            assert collapse(np.array(path, dtype=np.int64), blank=1) == expected


def test_greedy_agrees_with_torch() -> None:
    torch = pytest.importorskip("torch")
    for seed in range(20):
        log_probs = noise(frames=50 + seed, seed=seed)
        # The greedy decoder of torchaudio's tutorial on CTC inference.
        labels = torch.unique_consecutive(torch.from_numpy(log_probs).argmax(dim=-1), dim=-1).tolist()
        expected = join_tokens([TOKENS[label] for label in labels if label])
        assert DECODERS["greedy"](TOKENS).decode(log_probs, frame_shift_s=0.04).text == expected


def test_greedy_times_and_confidences_by_hand() -> None:
    probabilities = np.array(
        [  # blk    ▁    a    b    ñ   ▁c   你
            [0.90, 0.02, 0.04, 0.01, 0.01, 0.01, 0.01],
            [0.04, 0.00, 0.60, 0.30, 0.02, 0.02, 0.02],
            [0.04, 0.00, 0.80, 0.10, 0.02, 0.02, 0.02],
            [0.04, 0.00, 0.10, 0.50, 0.12, 0.12, 0.12],
            [0.00, 0.70, 0.06, 0.06, 0.06, 0.06, 0.06],
            [0.94, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01],
            [0.00, 0.02, 0.02, 0.02, 0.90, 0.02, 0.02],
            [0.00, 0.02, 0.02, 0.02, 0.02, 0.90, 0.02],
        ]
    )
    with np.errstate(divide="ignore"):
        log_probs = np.log(probabilities).astype(np.float32)  # a probability of 0 is -inf, and allowed
    result = DECODERS["greedy"](TOKENS).decode(log_probs, frame_shift_s=0.25)
    assert [(word.text, word.start_s, word.end_s) for word in result.words] == [
        ("ab", 0.25, 1.0),
        ("ñ", 1.5, 1.75),  # begins where it is heard, not at the SPACE two frames before
        ("c", 1.75, 2.0),
    ]
    confidences = [word.confidence for word in result.words]
    assert confidences == pytest.approx([(0.8 + 0.5) / 2, 0.9, 0.9], abs=1e-6)
    assert result.confidence == pytest.approx(sum(confidences) / 3, abs=1e-6)
    assert isinstance(result.words[0], Word)


def test_greedy_is_never_more_than_certain() -> None:
    log_probs = peaky([2, 0, 3])
    log_probs[[0, 2], [2, 3]] = 1e-6  # what rounding in a log_softmax may leave
    assert DECODERS["greedy"](TOKENS).decode(log_probs, frame_shift_s=0.04).confidence == 1.0


def test_import_is_light() -> None:
    code = "import asr.decoders, sys; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    root = Path(asr.decoders.__file__).parents[2]
    loaded = subprocess.run([sys.executable, "-c", code], cwd=root, check=True, capture_output=True, text=True).stdout
    assert not {"torch", "onnxruntime", "onnx", "numba", "jiwer", "librosa", "soundfile"} & set(loaded.split())
