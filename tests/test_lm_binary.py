"""Binaries of n-gram models: the same model again, mapped and not copied, and what is refused."""

from __future__ import annotations

import mmap
import random
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from asr import lm
from asr.errors import AsrError, LanguageModelError, MissingFile, OutputError
from asr.lm import arpa, binary
from asr.lm.model import LanguageModel, assemble
from asr.lm.words import Words
from asr.ngrams import Table, advance

WORDS = ["<s>", "</s>", "<unk>", "a", "an", "été", "日本", "𝄞", "don't", "z" * 500]


def made(order: int = 3, words: list[str] = WORDS, seed: int = 0) -> LanguageModel:
    """Return a random model."""
    rng = np.random.default_rng(seed)
    tables = []
    for length in range(1, order + 1):
        ids = np.unique(rng.integers(0, len(words), (40, length)), axis=0) if length > 1 else np.arange(len(words))
        ids = ids.reshape(-1, length).astype(np.int32)
        prob, backoff = -rng.exponential(2, (2, len(ids))).astype(np.float32)
        tables.append(Table(ids, prob, backoff * (length < order)))
    return assemble("made", words, tables)


@pytest.fixture
def model() -> LanguageModel:
    return made()


@pytest.fixture
def path(model: LanguageModel, tmp_path: Path) -> Path:
    binary.save(model, tmp_path / "lm.bin")
    return tmp_path / "lm.bin"


def arrays(model: LanguageModel) -> dict[str, Any]:
    return {**model.ngrams._asdict(), **{f"trie {name}": array for name, array in model.trie._asdict().items()}}


# ---- the same again


@pytest.mark.parametrize("order", [1, 2, 3, 6])
@pytest.mark.parametrize("words", [WORDS, WORDS[:4], WORDS[:3], WORDS[:2]], ids=len)
def test_what_is_opened_is_what_was_saved(tmp_path: Path, order: int, words: list[str]) -> None:
    model = made(order, words)
    binary.save(model, tmp_path / "lm.bin")
    opened = lm.load(tmp_path / "lm.bin")
    for name in ("name", "order", "bos", "eos", "unk", "closed", "start"):
        assert getattr(opened, name) == getattr(model, name), name
    assert list(opened.words) == list(model.words)
    for (name, one), other in zip(arrays(model).items(), arrays(opened).values(), strict=True):
        assert one.dtype == other.dtype, name
        assert np.array_equal(one, other), name
    rng = random.Random(0)
    for _ in range(20):
        sentence = rng.choices([*words[2:], "unheard", ""], k=rng.randint(0, 8))
        assert opened.score(sentence) == model.score(sentence)


def test_an_arpa_file_and_its_binary_score_alike(tmp_path: Path) -> None:
    text = "\\data\\\nngram 1=4\n\\1-grams:\n-99 <s> -0.5\n-1 </s>\n-1 <unk>\n-0.5 été\n\\end\\\n"
    (tmp_path / "lm.arpa").write_text(text, encoding="utf-8")
    read = arpa.read(tmp_path / "lm.arpa")
    binary.save(read, tmp_path / "lm.bin")
    opened = lm.load(tmp_path / "lm.bin")
    assert opened.score(["été", "x"]) == read.score(["été", "x"])
    assert opened.name == "lm.arpa"


def test_a_binary_saved_again_is_the_same_file(path: Path) -> None:
    content = path.read_bytes()
    binary.save(binary.open(path), path.with_name("again.bin"))
    assert path.with_name("again.bin").read_bytes() == content
    binary.save(binary.open(path), path)  # over itself, while it is mapped
    assert path.read_bytes() == content


# ---- mapped


def base_of(array: Any) -> Any:
    while getattr(array, "base", None) is not None:
        array = array.base
    return array


def test_the_arrays_are_the_pages_of_the_file(path: Path) -> None:
    opened = binary.open(path)
    every = [*arrays(opened).values(), opened.words.text, opened.words.ends]
    assert {type(base_of(array)) for array in every} == {mmap.mmap}
    assert len({id(base_of(array)) for array in every}) == 1
    assert {type(array) for array in every} == {np.ndarray}, "compiled code knows no other class"
    for array in every:
        assert array.ctypes.data % binary.ALIGNMENT == 0
        assert array.flags.writeable
        assert array.flags.c_contiguous


def test_a_change_stays_in_the_process(path: Path, model: LanguageModel) -> None:
    content = path.read_bytes()
    opened = binary.open(path)
    opened.ngrams.prob[:] = 0
    del opened
    assert path.read_bytes() == content
    assert binary.open(path).ngrams.prob.tolist() == model.ngrams.prob.tolist()


def test_a_file_that_is_removed_or_replaced_stays_open(path: Path, model: LanguageModel) -> None:
    opened = binary.open(path)
    binary.save(made(order=1), path)
    path.unlink()
    assert opened.score(["a", "an"]) == model.score(["a", "an"])


def test_compiled_code_takes_what_is_mapped(path: Path, model: LanguageModel) -> None:
    numba = pytest.importorskip("numba", reason="needs the extra `beam`")
    compiled = numba.njit(advance)
    opened = binary.open(path)
    for word in range(len(model.words)):
        assert compiled(opened.ngrams, opened.start, word) == advance(model.ngrams, model.start, word)
        assert compiled(model.ngrams, model.start, word) == advance(model.ngrams, model.start, word)
    assert len(compiled.signatures) == 1, "mapped or not, the same compiled code"


# ---- the vocabulary


def test_words_are_found_by_halving() -> None:
    rng = random.Random(0)
    texts = sorted({"".join(rng.choices("abé日𝄞", k=rng.randint(1, 6))) for _ in range(2000)})
    words = Words.of(texts)
    assert [words.find(word) for word in texts] == list(range(len(texts)))
    assert [words.find(word) for word in texts] == list(range(len(texts))), "and once more, as remembered"
    absent = {"".join(rng.choices("abé日𝄞z", k=rng.randint(0, 6))) for _ in range(500)} - set(texts)
    assert {words.find(word) for word in absent} == {-1}
    assert words[:] == texts
    assert words[-1] == texts[-1]


def test_a_vocabulary_of_none_or_one() -> None:
    assert (len(Words.of([])), Words.of([]).find("a")) == (0, -1)
    assert [Words.of(["b"]).find(word) for word in ("a", "b", "c", "")] == [-1, 0, -1, -1]


def test_half_a_surrogate_pair_is_no_word() -> None:
    assert Words.of(["a"]).find("\ud83d") == -1


# ---- what is refused


def test_a_file_cut_off_anywhere(path: Path) -> None:
    content = path.read_bytes()
    header = binary.PREFIX.size + binary.PREFIX.unpack(content[: binary.PREFIX.size])[2]
    for size in [*range(header + 70), len(content) // 2, len(content) - 1]:
        path.write_bytes(content[:size])
        with pytest.raises(LanguageModelError) as caught:
            binary.open(path)
        assert re.fullmatch(rf"{re.escape(str(path))}: .+; .+", str(caught.value))
    assert isinstance(caught.value, AsrError)


def test_a_file_with_more_behind(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"\0")
    with pytest.raises(LanguageModelError, match=r"has \d+ bytes, not \d+"):
        lm.load(path)


def test_a_damaged_header(path: Path) -> None:
    content = path.read_bytes()
    header = binary.PREFIX.size + binary.PREFIX.unpack(content[: binary.PREFIX.size])[2]
    for at in range(header):
        path.write_bytes(content[:at] + bytes([content[at] ^ 0x20]) + content[at + 1 :])
        with pytest.raises(LanguageModelError):
            binary.open(path)


@pytest.mark.parametrize("version", [0, 2, 999])
def test_another_version(path: Path, version: int) -> None:
    content = bytearray(path.read_bytes())
    content[8:12] = version.to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(LanguageModelError, match=rf"version {version}, .* reads version 1; make it again"):
        lm.load(path)


@pytest.mark.parametrize("content", [b"", b"\\data\\\n", b"RIFF" * 100, binary.MAGIC[:-1]])
def test_what_is_not_ours(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "lm.bin"
    path.write_bytes(content)
    assert not binary.is_binary(path)
    with pytest.raises(LanguageModelError, match="is no binary language model; make one with 'asr lm build'"):
        binary.open(path)


def test_a_missing_file_and_a_folder(model: LanguageModel, tmp_path: Path) -> None:
    for path in (tmp_path / "none.bin", tmp_path):
        with pytest.raises(MissingFile):
            binary.open(path)
    with pytest.raises(OutputError):
        binary.save(model, tmp_path)
