"""Perplexity and the texts it is measured on: by hand, one by one, and as KenLM's `query` counts."""

from __future__ import annotations

import gzip
import json
import math
import random
from pathlib import Path

import numpy as np
import pytest

from asr import lm
from asr.errors import DataError, MissingFile
from asr.lm import perplexity as module
from asr.lm.model import LanguageModel, assemble
from asr.lm.perplexity import Perplexity, advance_all, perplexity
from asr.lm.texts import sentences
from asr.ngrams import Table, advance

WORDS = ["<s>", "</s>", "<unk>", "a", "b", "c", "é"]


def made(order: int, seed: int = 0) -> LanguageModel:
    """Return a random model with gaps."""
    rng = np.random.default_rng(seed)
    tables = []
    for length in range(1, order + 1):
        ids = np.unique(rng.integers(0, len(WORDS), (50, length)), axis=0) if length > 1 else np.arange(len(WORDS))
        ids = ids.reshape(-1, length).astype(np.int32)
        prob, backoff = -rng.exponential(2, (2, len(ids))).astype(np.float32)
        tables.append(Table(ids, prob, backoff * (length < order)))
    return assemble("made", WORDS, tables)


def uniform(log_prob: float) -> LanguageModel:
    ids = np.arange(len(WORDS), dtype=np.int32)[:, None]
    return assemble("uniform", WORDS, [Table(ids, *np.float32([[log_prob] * len(WORDS), [0] * len(WORDS)]))])


# ---- figures


def test_a_uniform_model_has_the_perplexity_of_its_choice() -> None:
    result = perplexity(uniform(-math.log(8)), ["a b", "", "x a x"])
    assert result == Perplexity(pytest.approx(8), pytest.approx(8), sentences=3, words=5, unknown=2)


def test_unknown_words_are_left_out_of_the_second_figure() -> None:
    model = uniform(-math.log(4))
    model.ngrams.prob[1 + model.unk] = -math.log(1024)
    result = perplexity(model, ["a x"])  # 4, 1024 and the end, 4
    assert result.including == pytest.approx((4 * 1024 * 4) ** (1 / 3))
    assert result.excluding == pytest.approx(4)


@pytest.mark.parametrize("order", [1, 2, 4])
@pytest.mark.parametrize("batch", [1, 3, 8192])
def test_side_by_side_is_one_by_one(order: int, batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH_SENTENCES", batch)
    rng = random.Random(order)
    lines = [" ".join(rng.choices(["a", "b", "c", "é", "x"], k=rng.randint(0, 12))) for _ in range(30)]
    model = made(order)
    scores = [model.score(line.split()) for line in lines]
    known = [
        s
        for line, row in zip(lines, scores, strict=True)
        for w, s in zip([*line.split(), ""], row, strict=True)
        if w != "x"
    ]
    result = perplexity(model, lines)
    assert result.including == pytest.approx(math.exp(-np.concatenate(scores).mean()))
    assert result.excluding == pytest.approx(math.exp(-np.mean(known)))
    assert result.words == sum(len(line.split()) for line in lines)
    assert result.unknown == sum(line.split().count("x") for line in lines)


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_many_states_advance_as_one_does(order: int) -> None:
    model = made(order, seed=order)
    states, words = np.meshgrid(np.unique(model.ngrams.context), np.arange(len(WORDS)))
    scores, following = advance_all(model.ngrams, states.ravel(), words.ravel())
    expected = [
        advance(model.ngrams, int(state), int(word)) for state, word in zip(states.flat, words.flat, strict=True)
    ]
    assert scores == pytest.approx([score for score, _ in expected], abs=1e-9)
    assert following.tolist() == [state for _, state in expected]


def test_a_hopeless_model_is_infinitely_perplexed() -> None:
    assert perplexity(uniform(-1000.0), ["a"]).including == math.inf


def test_nothing_to_measure_on() -> None:
    with pytest.raises(DataError, match="no sentence"):
        perplexity(uniform(-1.0), [])


def test_a_single_empty_line_is_a_sentence() -> None:
    assert perplexity(uniform(-math.log(5)), [""]) == Perplexity(pytest.approx(5), pytest.approx(5), 1, 0, 0)


# ---- texts


def test_lines_of_a_text(tmp_path: Path) -> None:
    content = "\ufeffun été\r\n\n  two  spaces \nno\u2028break\u0085here\nlast".encode()
    expected = ["un été", "", "  two  spaces ", "no\u2028break\u0085here", "last"]
    for name, raw in (("a.txt", content), ("a.txt.gz", gzip.compress(content)), ("packed", gzip.compress(content))):
        (tmp_path / name).write_bytes(raw)
        assert list(sentences(tmp_path / name)) == expected


def test_texts_of_a_manifest(tmp_path: Path) -> None:
    lines = [json.dumps({"id": str(number), "text": text}) for number, text in enumerate(["a b", "", "é\n日"])]
    content = ("\ufeff" + "\r\n\n".join(lines)).encode()
    for name, raw in (("a.jsonl", content), ("a.jsonl.gz", gzip.compress(content))):
        (tmp_path / name).write_bytes(raw)
        assert list(sentences(tmp_path / name)) == ["a b", "", "é\n日"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.txt", b"", r"a\.txt: is empty"),
        ("a.txt", b"a\n\xe9t\xe9\n", r"a\.txt:2: not UTF-8"),
        ("a.txt", gzip.compress(b"a\n" * 1000)[:-9], r"a\.txt: the gzip data are cut off"),
        ("a.jsonl", b'{"text": "a"}\n{"text"\n', r"a\.jsonl:2: broken JSON"),
        ("a.jsonl", b'{"text": "a"}\n["a"]\n', r"a\.jsonl:2: has no .text."),
        ("a.jsonl", b'{"txt": "a"}', r"a\.jsonl:1: has no .text."),
        ("a.jsonl", b'{"text": 5}', r"a\.jsonl:1: has no .text."),
        ("a.jsonl", b"[" * 100_000, r"a\.jsonl:1: broken JSON"),
    ],
)
def test_a_text_that_cannot_be_read(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=says):
        list(sentences(tmp_path / name))


def test_a_missing_text(tmp_path: Path) -> None:
    for path in (tmp_path / "none.txt", tmp_path):
        with pytest.raises(MissingFile):
            list(sentences(path))


# ---- KenLM, where it could be built


def test_a_real_text_is_as_perplexing_as_to_kenlm(tmp_path: Path, test_data: Path) -> None:
    kenlm = pytest.importorskip(
        "kenlm", reason="KenLM is not installed: pip install kenlm (needs cmake and a compiler)"
    )
    from asr.lm.estimate import train

    source = test_data / "librispeech-sample" / "train-clean-100.trans.txt"
    lines = [line.partition(" ")[2].lower() for line in source.read_text(encoding="utf-8").splitlines()]
    (tmp_path / "text.txt").write_text("\n".join(lines[:5000]))
    train([tmp_path / "text.txt"], order=3, out=tmp_path / "lm.arpa")
    settings = kenlm.Config()
    settings.show_progress = False
    theirs = kenlm.Model(str(tmp_path / "lm.arpa"), settings)
    scores = [score for line in lines[-1000:] for score in theirs.full_scores(line)]
    known = [prob for prob, _, unknown in scores if not unknown]
    result = perplexity(lm.load(tmp_path / "lm.arpa"), lines[-1000:])
    assert result.unknown == len(scores) - len(known)
    assert result.words + result.sentences == len(scores)
    assert result.including == pytest.approx(10 ** -np.mean([prob for prob, _, _ in scores]), rel=1e-6)
    assert result.excluding == pytest.approx(10 ** -np.mean(known), rel=1e-6)
