"""Training language models: what may be given, what is refused by name and line, what is said and written, memory."""

from __future__ import annotations

import gzip
import itertools
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from asr import lm
from asr.errors import AsrError, ConfigError, DataError, MissingFile, OutputError, TextError
from asr.lm import estimate
from asr.lm.estimate import counts, train
from asr.lm.estimate.discounts import Discounts

TEXT = "one two three\ntwo three\n\none two\n"


def put(folder: Path, content: str | bytes, name: str = "text") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def arpa(folder: Path, *texts: Path, order: int = 3, **options: Any) -> str:
    train(texts, order=order, out=folder / "lm.arpa", fallback_discounts=True, **options)
    return (folder / "lm.arpa").read_text(encoding="utf-8")


# ---- what may be given


def test_the_file_by_hand(tmp_path: Path) -> None:
    """Of one word alone: adjusted counts 1 and 1, discounts 0.5; 0.25 + 0.5 / 3 for each, 0.5 / 3 for <unk>."""
    assert arpa(tmp_path, put(tmp_path, "ä"), order=2).splitlines() == [
        *("\\data\\", "ngram 1=4", "ngram 2=2", ""),
        *("\\1-grams:", "-0.7781513\t<unk>\t0", "-99\t<s>\t-0.30103", "-0.3802112\t</s>\t0", "-0.3802112\tä\t-0.30103"),
        *("", "\\2-grams:", "-0.1497623\tä </s>", "-0.1497623\t<s> ä", "", "\\end\\"),
    ]


@pytest.mark.parametrize(
    "content",
    [
        TEXT.replace("\n", "\r\n"),
        b"\xef\xbb\xbf" + TEXT.encode(),
        TEXT.rstrip("\n"),
        TEXT.replace(" ", " \t  "),
        gzip.compress(TEXT.encode()),
    ],
    ids=["CRLF", "byte order mark", "no last line end", "spaces", "gzip"],
)
def test_the_same_text_in_other_files(tmp_path: Path, content: str | bytes) -> None:
    expected = arpa(tmp_path, put(tmp_path, TEXT))
    assert arpa(tmp_path, put(tmp_path, content)) == expected


@pytest.mark.parametrize("packed", [False, True])
def test_the_texts_of_a_manifest(tmp_path: Path, packed: bool) -> None:
    expected = arpa(tmp_path, put(tmp_path, TEXT))
    lines = [json.dumps({"id": str(at), "text": text}) for at, text in enumerate(TEXT.splitlines())]
    content = "\n".join([*lines[:2], "", *lines[2:]]).encode()  # a blank line of a manifest is no sentence
    manifest = put(tmp_path, gzip.compress(content), "m.jsonl.gz") if packed else put(tmp_path, content, "m.jsonl")
    assert arpa(tmp_path, manifest) == expected


def test_several_texts_are_one(tmp_path: Path) -> None:
    lines = TEXT.splitlines(keepends=True)
    parts = [put(tmp_path, "".join(lines[:2]), "a"), put(tmp_path, "".join(lines[2:]), "b")]
    assert arpa(tmp_path, *parts) == arpa(tmp_path, put(tmp_path, TEXT))


def test_text_rules_are_applied(tmp_path: Path) -> None:
    written = put(tmp_path, "One, TWO three!\n\u201ctwo\u201d - three\n...\none two\n", "written")
    assert arpa(tmp_path, written, rules="en") == arpa(tmp_path, put(tmp_path, TEXT))
    assert "One," in arpa(tmp_path, written)


def test_after_text_rules_a_han_character_is_a_word(tmp_path: Path) -> None:
    written = put(tmp_path, "你好、好 Apple\n好你\n", "written")
    assert arpa(tmp_path, written, rules="zh") == arpa(tmp_path, put(tmp_path, "你 好 好 apple\n好 你\n"))
    assert "你好、好" in arpa(tmp_path, written), "without rules, words are as they are written"


@pytest.mark.parametrize("order", range(1, 7))
def test_every_order_can_be_loaded(tmp_path: Path, order: int) -> None:
    arpa(tmp_path, put(tmp_path, TEXT), order=order)
    model = lm.load(tmp_path / "lm.arpa")
    assert model.order == order
    assert {"one", "two", "three"} < set(model.words)
    assert sum(np.exp(model.score([word], eos=False)[0]) for word in ("one", "two", "three", "other")) < 1


def test_the_last_pruning_holds_for_the_orders_above(tmp_path: Path) -> None:
    text = put(tmp_path, TEXT)
    assert arpa(tmp_path, text, prune=(0, 1)) == arpa(tmp_path, text, prune=[0, 1, 1])
    assert arpa(tmp_path, text, prune=(0,)) == arpa(tmp_path, text)


def test_pruning_everything_leaves_the_marks(tmp_path: Path) -> None:
    written = arpa(tmp_path, put(tmp_path, TEXT), prune=(9,))
    assert written.splitlines()[1:4] == ["ngram 1=3", "ngram 2=0", "ngram 3=0"]
    assert lm.load(tmp_path / "lm.arpa").score(["one"]) == pytest.approx(np.log([0.5, 0.5]), abs=0.5)


# ---- what is said


def test_the_summary_says_what_a_user_wants_to_know(tmp_path: Path) -> None:
    """1-grams stand after 1, 1, 2 and 3 others: Y = 2 / 4; 2-grams occur once or twice, so D3 has nothing to go by."""
    summary = train([put(tmp_path, TEXT)], order=2, prune=(0, 1), out=tmp_path / "lm.arpa", fallback_discounts=True)
    assert (summary.sentences, summary.empty_sentences, summary.tokens, summary.words) == (4, 1, 7, 3)
    assert (summary.ngrams, summary.seen) == ((6, 4), (6, 7))
    assert summary.discounts[1] == Discounts((0.5, 1.0, 1.5), fallback=True)
    assert str(summary).splitlines() == [
        "sentences: 4 (1 without words); words: 7, 3 different",
        "1-grams: 6; discounts: 0.5 0.5 3",
        "2-grams: 4 of 7 (3 pruned); discounts: 0.5 1 1.5 (fixed: the text is too small to estimate them)",
        f"any other word is <unk>, with a probability of {summary.unknown:.3g} where no context is known",
    ]


def test_discounts_by_hand(tmp_path: Path) -> None:
    """Counts of counts 3, 2, 2, 1 with the 9 of </s>: Y = 3 / 7, so 1 - 2Y 2/3, 2 - 3Y 2/2, 3 - 4Y 1/2."""
    text = put(tmp_path, "a b\nc d\nd e\ne f\nf f\ng g\ng h\nh h\nh\n")
    (discounts,) = train([text], order=1, out=tmp_path / "lm.arpa").discounts
    assert discounts.amounts == pytest.approx((3 / 7, 2 - 9 / 7, 3 - 6 / 7))
    assert not discounts.fallback


# ---- what is refused

FAULTS: dict[str, tuple[bytes, str]] = {
    "start": (b"a b\n\nc <s> d\n", r":3: '<s>' is a mark"),
    "end": (b"a b\n</s>\n", r":2: '</s>' is a mark"),
    "unknown": (b"a <unk>\n", r":1: '<unk>' is a mark"),
    "unknown in capitals": (b"a <UNK>\n", r":1: '<UNK>' is a mark"),
    "Latin-1": ("a\nä\n".encode("latin-1"), r":2: not UTF-8"),
    "UTF-16": ("a b\n".encode("utf-16"), r":1: not UTF-8"),
    "UTF-16 without a mark": ("a b\n".encode("utf-16-le"), r":1: holds a NUL"),
    "empty": (b"", r": is empty"),
    "a mark alone": (b"\xef\xbb\xbf", r": no words"),
    "blank": (b" \n\n\t\n", r": no words"),
    "gzip cut off": (gzip.compress(b"a b\n" * 999)[:-9], r": the gzip data are cut off"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_faulty_text_is_refused_by_name_and_line(tmp_path: Path, name: str) -> None:
    content, said = FAULTS[name]
    path = put(tmp_path, content)
    with pytest.raises(DataError, match=said) as caught:
        arpa(tmp_path, path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == [path], "nothing is written"


def test_a_faulty_manifest_is_refused(tmp_path: Path) -> None:
    for content, said in [
        ('{"text": "\\ud800"}', ":1: .* surrogate"),
        ('{"text": 1}', ":1: .*text"),
        ("{", ":1: .*JSON"),
    ]:
        with pytest.raises(DataError, match=said):
            arpa(tmp_path, put(tmp_path, content, "m.jsonl"))


def test_no_texts_and_missing_ones(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no words"):
        arpa(tmp_path)
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(MissingFile):
            arpa(tmp_path, path)


def test_a_text_that_cannot_be_read_is_not_taken_for_the_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> Iterator[str]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(counts, "numbered", refuse)
    with pytest.raises(DataError, match=r"text: cannot be read \(Permission denied\)"):
        arpa(tmp_path, put(tmp_path, TEXT))


def test_a_mark_in_a_manifest_is_on_its_line(tmp_path: Path) -> None:
    path = tmp_path / "texts.jsonl"
    path.write_text('{"text": "a b"}\n\n{"text": "c <s> d"}\n', encoding="utf-8")
    with pytest.raises(DataError, match=r"texts\.jsonl:3: '<s>' is a mark"):
        arpa(tmp_path, path)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"order": 0}, "order: 0 where 1 to 6"),
        ({"order": 7}, "order: 7 where 1 to 6"),
        ({"prune": (1, 0)}, "prune: 1 0 where"),
        ({"prune": (-1,)}, "prune: -1 where"),
        ({"prune": (0, 0, 0, 1)}, "prune: 4 numbers for a model of order 3"),
    ],
)
def test_impossible_settings(tmp_path: Path, options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        arpa(tmp_path, put(tmp_path, TEXT), **options)


def test_unknown_rules(tmp_path: Path) -> None:
    with pytest.raises(TextError, match="did you mean 'en'"):
        arpa(tmp_path, put(tmp_path, TEXT), rules="enn")


@pytest.mark.parametrize(("content", "said"), [("a", "1-grams .none has"), ("b\n" * 5, "1-grams")])
def test_a_text_too_small_names_the_way_out(tmp_path: Path, content: str, said: str) -> None:
    path = put(tmp_path, content)
    with pytest.raises(DataError, match=rf"^{path}: too small .*{said}.*--fallback-discounts") as caught:
        train([path], order=2, out=tmp_path / "lm.arpa")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "lm.arpa").exists()
    with pytest.raises(DataError, match=rf"^{path} and 1 more: too small"):
        train([path, path], order=2, out=tmp_path / "lm.arpa")


def test_discounts_out_of_range_are_refused(tmp_path: Path) -> None:
    """One 1-gram occurs twice and seven three times: D2 = 2 - 3Y 7/1 with Y = 1 / 3."""
    text = "a b b " + " ".join(f"{word} " * 3 for word in "cdefghi")
    with pytest.raises(DataError, match=r"adjusted count of 2 it comes out as -5\.00"):
        train([put(tmp_path, text + "\n\n\n\n")], order=1, out=tmp_path / "lm.arpa")


# ---- what is written


def test_a_folder_is_no_output_and_a_failure_keeps_the_old_file(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no regular file"):
        train([put(tmp_path, TEXT)], order=2, out=tmp_path, fallback_discounts=True)
    old = put(tmp_path, "old", "lm.arpa")
    with pytest.raises(AsrError):
        arpa(tmp_path, put(tmp_path, "a <s>"))
    assert old.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lm.arpa", "text"]


def test_a_name_in_gz_is_packed_and_the_same_each_time(tmp_path: Path) -> None:
    plain = arpa(tmp_path, put(tmp_path, TEXT))
    for name in ("a.arpa.gz", "b.arpa.gz"):
        train([tmp_path / "text"], order=3, out=tmp_path / name, fallback_discounts=True)
    assert gzip.decompress((tmp_path / "a.arpa.gz").read_bytes()).decode() == plain
    assert (tmp_path / "a.arpa.gz").read_bytes() == (tmp_path / "b.arpa.gz").read_bytes()
    assert lm.load(tmp_path / "a.arpa.gz").order == 3


# ---- counting piece by piece


def some_text(lines: int, seed: int = 3) -> str:
    rng = np.random.default_rng(seed)
    return "".join(" ".join(f"w{word}" for word in rng.zipf(1.5, 8) % 500) + "\n" for _ in range(lines))


@pytest.mark.parametrize("tokens", [1, 7, 1000])
def test_pieces_give_what_all_at_once_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tokens: int) -> None:
    text = put(tmp_path, some_text(300))
    expected = arpa(tmp_path, text, order=4, prune=(0, 0, 1))
    monkeypatch.setattr(counts, "CHUNK_TOKENS", tokens)
    assert arpa(tmp_path, text, order=4, prune=(0, 0, 1)) == expected


def test_memory_grows_with_the_ngrams_and_not_with_the_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "CHUNK_TOKENS", 10_000)
    text = some_text(1000)
    once, often = put(tmp_path, text, "once"), put(tmp_path, text * 8, "often")
    assert peak_memory(often) < 1.5 * peak_memory(once)
    assert peak_memory(often) < 0.5 * peak_memory(put(tmp_path, some_text(8_000), "long"))


def peak_memory(text: Path) -> int:
    tracemalloc.start()
    try:
        counts.count([text], 3, str)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_keys_that_do_not_fit_into_one_number_keep_the_order() -> None:
    """Six words of 22 bits need 132 bits; the order is NumPy's lexsort."""
    rng = np.random.default_rng(5)
    words = rng.integers(4_000_000, 4_000_003, (6, 2000), dtype=np.int32)  # [order, T]: 729 different windows
    found = counts._different(words, np.ones(2000, np.int64))
    rows, expected = np.unique(words.T, axis=0, return_counts=True)
    assert np.array_equal(found.words, rows.T)
    assert np.array_equal(found.counts, expected)


def test_words_of_many_shapes_come_back(tmp_path: Path) -> None:
    odd = ["\\data\\", "\\end\\", "ngram", "1=2", "-1.5", "#", "'", "👩‍🚀", "e\u0301", "é", "\u200b", "a" * 1000, "NaN"]
    lines = [" ".join(pair) for pair in itertools.permutations(odd, 2)]
    arpa(tmp_path, put(tmp_path, "\n".join(lines)), order=2)
    model = lm.load(tmp_path / "lm.arpa")
    assert set(model.words) == {*odd, *counts.SPECIAL}
    assert estimate.MAX_ORDER == 6
