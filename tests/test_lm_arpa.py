"""ARPA files: the variants that toolkits write, scores against dictionaries and KenLM, and what is refused by line."""

from __future__ import annotations

import gzip
import math
import random
from pathlib import Path
from typing import Any

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from asr import lm
from asr.errors import AsrError, LanguageModelError, MissingFile
from asr.lm import arpa
from asr.lm.estimate import train
from asr.lm.model import LanguageModel

LN10 = math.log(10)
PLAIN = r"""
\data\
ngram 1=5
ngram 2=4
ngram 3=2

\1-grams:
-1.5	<unk>	0
0	<s>	-0.5
-1	</s>	0
-0.75	one	-0.25
-0.5	two	-0.125

\2-grams:
-0.25	<s> one	-0.0625
-0.5	one two	0.03125
-0.375	two </s>	0
-2	two one	0

\3-grams:
-0.125	<s> one two
-0.1875	one two </s>

\end\
"""
TEXTS = ["", "one", "one two", "two one", "three", "one three two", "two two one one two", "<unk> one"]

Model = dict[tuple[str, ...], tuple[float, float]]  # n-gram -> log10 of its probability, of its back-off weight


# ---- another reader and scorer: dictionaries and recursion, for well-formed files


def parse(text: str) -> Model:
    model: Model = {}
    order = 0
    for line in text.splitlines():
        if line.startswith("\\"):
            order = int(line[1]) if line.endswith("-grams:") else 0
        elif order and line.strip():
            prob, *rest = line.split()
            model[tuple(rest[:order])] = (float(prob), float(rest[order]) if len(rest) > order else 0.0)
    return model


def log10(model: Model, history: tuple[str, ...], word: str) -> float:
    if (*history, word) in model:
        return model[*history, word][0]
    if not history:
        return -100.0
    return model.get(history, (0.0, 0.0))[1] + log10(model, history[1:], word)


def by_the_book(model: Model, text: str) -> list[float]:
    words = [word if (word,) in model else "<unk>" for word in text.split()]
    sentence = ("<s>", *words, "</s>")
    return [LN10 * log10(model, sentence[max(0, at - 5) : at], sentence[at]) for at in range(1, len(sentence))]


def written(folder: Path, text: str | bytes, name: str = "lm.arpa") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def scores(model: LanguageModel) -> list[list[float]]:
    return [model.score(text.split()) for text in TEXTS]


# ---- reading


def test_a_model_scores_as_by_the_book(tmp_path: Path) -> None:
    model = lm.load(written(tmp_path, PLAIN))
    assert (model.order, model.name, model.closed) == (3, "lm.arpa", False)
    for text, got in zip(TEXTS, scores(model), strict=True):
        assert got == pytest.approx(by_the_book(parse(PLAIN), text), abs=1e-5)
    known = [-0.25, -0.125, -0.1875]  # <s> one, <s> one two, one two </s>
    assert model.score(["one", "two"]) == pytest.approx([LN10 * value for value in known], abs=1e-6)


def test_sentence_marks_can_be_left_out(tmp_path: Path) -> None:
    model = lm.load(written(tmp_path, PLAIN))
    assert model.score(["one"], bos=False, eos=False) == pytest.approx([-0.75 * LN10])
    assert model.score([], eos=False) == []
    assert len(model.score([], bos=False)) == 1


def test_the_vocabulary(tmp_path: Path) -> None:
    model = lm.load(written(tmp_path, PLAIN))
    assert list(model.words) == sorted(["<unk>", "<s>", "</s>", "one", "two"])
    assert [model.words[model.word_id(word)] for word in ("one", "<s>", "three", "")] == [
        "one",
        "<s>",
        "<unk>",
        "<unk>",
    ]
    assert (model.words[model.bos], model.words[model.eos], model.words[model.unk]) == ("<s>", "</s>", "<unk>")
    assert model.words[-1] == "two"
    assert model.words[1:3] == ["<s>", "<unk>"]
    assert "one" in model.words
    assert "on" not in model.words
    assert sorted(model.words[word] for word in model.trie.word if word >= 0) == ["one", "two"]
    with pytest.raises(IndexError):
        model.words[5]


VARIANTS = {
    "crlf": PLAIN.replace("\n", "\r\n"),
    "byte order mark": "\ufeff" + PLAIN.strip(),
    "spaces": PLAIN.replace("\t", " "),
    "tabs between words": PLAIN.replace(" ", "\t").replace("ngram\t", "ngram "),
    "space around": PLAIN.replace("\n", " \n\t").replace("\t", " \t "),
    "text before": "made by hand\nngram 1=7\n\\1-grams:\n-1 x\n" + PLAIN,
    "counts with spaces": PLAIN.replace("ngram 1=5", "ngram  1 =  5").replace("ngram 2=", "ngram 2= "),
    "no blank lines": PLAIN.replace("\n\n", "\n"),
    "blank lines everywhere": PLAIN.replace("\n", "\n\n\r\n"),
    "no back-off of zero": PLAIN.replace("\t0\n", "\n"),
    "back-off at the top": PLAIN.replace("<s> one two", "<s> one two\t0").replace("one two </s>", "one two </s>\t-0.5"),
    "impossible <s>": PLAIN.replace("0\t<s>", "-99\t<s>"),
    "<s> below the floor": PLAIN.replace("0\t<s>", "-inf\t<s>"),
    "<UNK>": PLAIN.replace("<unk>", "<UNK>"),
    "exponents": PLAIN.replace("-0.0625", "-6.25e-2").replace("-0.125", "-1.25E-01"),
    "no line end": PLAIN.rstrip(),
    "text after": PLAIN + "\nmade by hand: \\data\\\n",
    "other order": PLAIN.replace("-1\t</s>\t0\n", "").replace(
        "-0.5\ttwo\t-0.125\n", "-0.5\ttwo\t-0.125\n-1\t</s>\t0\n"
    ),
}


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_variants_are_the_same_model(tmp_path: Path, name: str, packed: bool) -> None:
    content = VARIANTS[name].encode()
    model = lm.load(written(tmp_path, gzip.compress(content) if packed else content))
    assert scores(model) == scores(lm.load(written(tmp_path, PLAIN, "plain.arpa")))


def test_what_is_cut_into_chunks_stays_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = lm.load(written(tmp_path, PLAIN))
    monkeypatch.setattr(arpa, "CHUNK_LINES", 2)
    pieces = lm.load(written(tmp_path, PLAIN.replace("\n", "\n\n")))
    assert all((one == other).all() for one, other in zip(whole.ngrams, pieces.ngrams, strict=True))
    wrong = PLAIN.replace("two one", "two on")
    number = wrong.count("\n", 0, wrong.index("two on")) + 1
    with pytest.raises(LanguageModelError, match=rf"lm\.arpa:{number}: "):
        lm.load(written(tmp_path, wrong))


def test_a_model_without_unk_is_closed(tmp_path: Path) -> None:
    model = lm.load(written(tmp_path, PLAIN.replace("-1.5\t<unk>\t0\n", "").replace("1=5", "1=4")))
    assert model.closed
    assert model.words[model.unk] == "<unk>"
    assert model.score(["three"], bos=False, eos=False) == pytest.approx([-100 * LN10])
    assert model.score(["one", "two"]) == lm.load(written(tmp_path, PLAIN)).score(["one", "two"])


@pytest.mark.parametrize("longest", [1, 2, 6])
def test_orders(tmp_path: Path, longest: int) -> None:
    words = ["a", "b", "</s>"]
    unigrams = "-1\t<unk>\n-99\t<s>\t-0.5\n" + "".join(f"-0.5\t{word}\t-0.25\n" for word in words)
    counts = "".join(f"ngram {order}={5 if order == 1 else 2}\n" for order in range(1, longest + 1))
    longer = "".join(
        f"\\{order}-grams:\n-0.{order}\t{'a ' * order}\t-0.5\n-0.3 {'b ' * (order - 1)}a\t-0.125\n\n"
        for order in range(2, longest + 1)
    )
    text = f"\\data\\\n{counts}\n\\1-grams:\n{unigrams}\n{longer}\\end\\\n"
    model = lm.load(written(tmp_path, text))
    assert model.order == longest
    expected = parse(text)
    for ngram in [gram for gram in expected if len(gram) == longest]:
        expected[ngram] = (expected[ngram][0], 0.0)
    for sentence in ("a a a a a a a b", "b b b b b a a", "a b a b"):
        assert model.score(sentence.split()) == pytest.approx(by_the_book(expected, sentence), abs=1e-5)


def test_words_of_any_script(tmp_path: Path) -> None:
    words = ["日本", "été", "a", "𝄞", "don't", "ﬁ", "e\u0301", "no\u00a0break", "\u3000", "\\data\\", "1", "x" * 5000]
    lines = "".join(f"-1\t{word}\n" for word in ["<s>", "</s>", *words])
    text = f"\\data\\\nngram 1={len(words) + 2}\n\\1-grams:\n{lines}\\end\\\n"
    model = lm.load(written(tmp_path, text))
    assert set(words) < set(model.words)
    assert [model.words[model.word_id(word)] for word in words] == words
    assert list(model.words) == sorted(model.words), "ids are in the order of code points"


# ---- pruned models, and random ones


WORDS = ["<unk>", "<s>", "</s>", "a", "b", "é"]


def as_arpa(model: Model, order: int, rng: random.Random) -> str:
    lines = ["\\data\\", *(f"ngram {n}={sum(len(gram) == n for gram in model)}" for n in range(1, order + 1))]
    for length in range(1, order + 1):
        lines += ["", f"\\{length}-grams:"]
        grams = [gram for gram in model if len(gram) == length]
        rng.shuffle(grams)
        for gram in grams:
            prob, backoff = model[gram]
            lines.append(f"{prob}\t{' '.join(gram)}" + (f"\t{backoff}" if backoff or rng.random() < 0.5 else ""))
    return "\n".join([*lines, "", "\\end\\", ""])


@st.composite
def models(draw: st.DrawFn) -> tuple[Model, int]:
    """Draw a model whose longer n-grams may lack prefixes, suffixes and back-off weights."""
    order = draw(st.integers(1, 5))
    prob = st.floats(-9, 0, width=32)
    backoff = st.just(0.0) | st.floats(-3, 3, width=32)
    model: Model = {(word,): (draw(prob), draw(backoff) if order > 1 else 0.0) for word in WORDS}
    for length in range(2, order + 1):
        grams = st.tuples(*[st.sampled_from(WORDS)] * length)
        top = length == order
        model |= draw(st.dictionaries(grams, st.tuples(prob, st.just(0.0) if top else backoff), max_size=8))
    return model, order


texts = st.lists(st.sampled_from(["a", "b", "é", "c"]), max_size=8).map(" ".join)


@hypothesis.settings(max_examples=300, deadline=None, derandomize=True)
@hypothesis.given(models(), st.lists(texts, min_size=3, max_size=3), st.integers(0, 99))
def test_random_models_score_as_by_the_book(
    tmp_path_factory: pytest.TempPathFactory, drawn: tuple[Model, int], sentences: list[str], seed: int
) -> None:
    model, order = drawn
    path = written(tmp_path_factory.getbasetemp(), as_arpa(model, order, random.Random(seed)), "random.arpa")
    read = lm.load(path)
    for text in sentences:
        assert read.score(text.split()) == pytest.approx(by_the_book(model, text), abs=1e-4), (
            "floats of 32 bits, near 50"
        )


# ---- KenLM, where it could be built


def kenlm_model(path: Path) -> Any:
    kenlm = pytest.importorskip(
        "kenlm", reason="KenLM is not installed: pip install kenlm (needs cmake and a compiler)"
    )
    settings = kenlm.Config()
    settings.show_progress = False
    return kenlm.Model(str(path), settings)


@pytest.mark.parametrize("seed", range(30))
def test_pruned_models_score_as_with_kenlm(tmp_path: Path, seed: int) -> None:
    """Suffixes of n-grams may be absent, as SRILM's pruning leaves them out; KenLM takes few such, and all contexts."""
    rng = random.Random(seed)
    order = rng.randint(3, 5)
    longest = {(rng.choice(WORDS[1:]), *rng.choices(WORDS[3:], k=order - 2), rng.choice(WORDS[2:])) for _ in range(20)}
    parts = {gram[first:end] for gram in longest for first in range(order) for end in range(first + 1, order + 1)}
    contexts = {gram[:-1] for gram in parts}
    spare = sorted(gram for gram in parts - contexts if 1 < len(gram) < order)
    kept = sorted((parts | {(word,) for word in WORDS}) - set(rng.sample(spare, k=min(2, len(spare)))))
    # KenLM keeps the sign of a probability for itself, so that nothing may come out above 1.
    model: Model = {
        gram: (-rng.uniform(0, 4), rng.choice([0.0, -rng.uniform(0, 1)]) if len(gram) < order else 0.0) for gram in kept
    }
    path = written(tmp_path, as_arpa(model, order, rng))
    theirs, ours = kenlm_model(path), lm.load(path)
    for _ in range(50):
        words = rng.choices(["a", "b", "é", "c"], k=rng.randint(0, 9))
        expected = [LN10 * prob for prob, _, _ in theirs.full_scores(" ".join(words))]
        assert ours.score(words) == pytest.approx(expected, abs=1e-5)


def test_a_real_model_scores_ten_thousand_sequences_as_kenlm(tmp_path: Path, test_data: Path) -> None:
    source = test_data / "librispeech-sample" / "train-clean-100.trans.txt"
    sentences = [line.split()[1:] for line in source.read_text(encoding="utf-8").lower().splitlines()]
    text = written(tmp_path, "\n".join(" ".join(words) for words in sentences[:20_000]), "text.txt")
    train([text], order=3, prune=(0, 0, 1), out=tmp_path / "real.arpa")
    theirs, ours = kenlm_model(tmp_path / "real.arpa"), lm.load(tmp_path / "real.arpa")
    rng = random.Random(0)
    vocabulary = [word for word in ours.words if word not in ("<s>", "</s>")]
    for number in range(10_000):
        words = list(rng.choice(sentences))  # the last 8,539 were not trained on
        if number % 2:
            words = rng.choices(vocabulary + words * 1000, k=rng.randint(0, 30))
        bos, eos = number % 3 > 0, number % 5 > 0
        expected = [prob for prob, _, _ in theirs.full_scores(" ".join(words), bos=bos, eos=eos)]
        got = np.array(ours.score(words, bos=bos, eos=eos)) / LN10
        assert got == pytest.approx(expected, abs=1e-5)
        assert sum(got) == pytest.approx(sum(expected), abs=1e-5)


# ---- what is refused


WRONG = {  # what is replaced, by what, where in the result is the line that is named, and what is said of it
    "count too small": ("ngram 2=4", "ngram 2=3", "-2\ttwo one", r"more 2-grams than the 3 .*'ngram 2=3'"),
    "count too great": ("ngram 2=4", "ngram 2=5", "\\3-grams", "fewer 2-grams .*'ngram 2='"),
    "first count too great": ("ngram 1=5", "ngram 1=9", "\\2-grams", "fewer 1-grams"),
    "last count too great": ("ngram 3=2", "ngram 3=3", "\\end", "fewer 3-grams"),
    "last count too small": ("ngram 3=2", "ngram 3=1", "-0.1875", "more 3-grams"),
    "an order less": ("ngram 3=2\n", "", "\\3-grams", r"'\\\\3-grams:' stands where \\end\\ is needed"),
    "an order more": ("ngram 3=2", "ngram 3=2\nngram 4=1", "\\end", r"'\\\\end\\\\' stands where \\4-grams: is needed"),
    "order 0": ("ngram 1=5", "ngram 0=1", "ngram 0", "order 0 where order 1 is needed"),
    "a gap": ("ngram 2=4\n", "", "ngram 3", "order 3 where order 2 is needed"),
    "order 7": ("ngram 3=2", "".join(f"ngram {n}=1\n" for n in range(3, 8)), "ngram 7", "up to order 6"),
    "no counts": ("ngram 1=5\nngram 2=4\nngram 3=2\n", "", "\\1-grams", "no 1-grams"),
    "no words": ("ngram 1=5", "ngram 1=0", "\\1-grams", "no 1-grams"),
    "a broken count": ("ngram 2=4", "ngram 2=many", "ngram 2", "'ngram 2=many'"),
    "an absurd count": ("ngram 2=4", "ngram 2=" + "9" * 5000, "ngram 2", "a line like 'ngram 1=20000'"),
    "no end": ("\\end\\", "", "", r"ends without \\end\\"),
    "another section": ("\\1-grams:", "\\2-grams:", "\\2-grams:\n-1.5", r"where \\1-grams: is needed"),
    "no probability": ("-0.5\tone two\t0.03125", "one two", "one two\n-0.375", "2 fields; a 2-gram has"),
    "too many words": ("two </s>\t0\n", "two one </s>\t0\n", "-0.375", "5 fields; a 2-gram has"),
    "too few words": ("-0.1875\tone two </s>", "-0.1875\tone", "-0.1875", "2 fields; a 3-gram has"),
    "a positive log-probability": ("-0.375", "0.375", "0.375", "log-probability '0.375'"),
    "a probability": ("-0.75", "0.18", "0.18\tone", "log-probability '0.18'"),
    "a comma": ("-0.75", "-0,75", "-0,75", "log-probability '-0,75'"),
    "NaN": ("-0.1875", "nan", "nan\tone", "log-probability 'nan'"),
    "NaN as a back-off": ("-0.0625", "NaN", "NaN", "back-off weight 'NaN'"),
    "an infinite back-off": ("-0.0625", "inf", "inf", "back-off weight 'inf'"),
    "a word as a back-off": ("-0.0625", "two", "<s> one\ttwo", "back-off weight 'two'"),
    "an unknown word": ("-2\ttwo one", "-2\ttwo On", "two On", "'On' is not among the 1-grams"),
    "a word twice": ("-0.5\ttwo", "-0.5\tone", "-0.5\tone\t", "1-gram 'one' is there twice"),
    "a 2-gram twice": ("-2\ttwo one", "-2\tone two", "-2\tone", "2-gram 'one two' is there twice"),
    "a 3-gram twice": ("one two </s>\n", "<s> one two\n", "-0.1875", "3-gram '<s> one two' is there twice"),
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_what_is_wrong_is_named_by_its_line(tmp_path: Path, name: str, packed: bool) -> None:
    old, new, named, says = WRONG[name]
    assert old in PLAIN
    text = PLAIN.replace(old, new, 1).rstrip()
    number = text.count("\n", 0, text.rindex(named)) + 1
    path = written(tmp_path, gzip.compress(text.encode()) if packed else text)
    with pytest.raises(LanguageModelError, match=says) as caught:
        lm.load(path)
    assert str(caught.value).startswith(f"{path}:{number}: ")
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, AsrError)
    assert isinstance(caught.value, ValueError)


def test_latin_1_is_named_by_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, PLAIN.replace("two", "été").encode("latin-1"))
    with pytest.raises(LanguageModelError, match=r"lm\.arpa:12: not UTF-8; .*iconv"):
        lm.load(path)


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_a_file_cut_off_anywhere_is_refused(tmp_path: Path, packed: bool) -> None:
    whole = gzip.compress(PLAIN.encode(), mtime=0) if packed else PLAIN.strip().encode()
    for size in range(len(whole)):
        path = written(tmp_path, whole[:size])
        with pytest.raises(LanguageModelError) as caught:
            lm.load(path)
        assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", r"no line \\data\\"),
        (b"just text\n", r"no line \\data\\"),
        (b"\x00\xff" * 5000, r"no line \\data\\"),
        (gzip.compress(b"just text\n"), r"no line \\data\\"),
        (b"\x1f\x8bnot gzip after all", "gzip data are cut off or damaged"),
        (b"mmap lm http://kheafield.com/code format version 5\n\0\0", "a binary of KenLM"),
        (b"SRILM_BINARY_NGRAM_002\n", "a binary of SRILM"),
        (b"blmt 3 10 20 30\n", "a binary of IRSTLM"),
        (b"qARPA 3\n", "IRSTLM's quantised text"),
        (b"iARPA\n\\data\\\nngram 1=5\n", "IRSTLM's intermediate format"),
    ],
)  # fmt: skip
def test_what_is_no_arpa_file(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(LanguageModelError, match=says):
        lm.load(written(tmp_path, content))


@pytest.mark.parametrize("mark", ["<s>", "</s>"])
def test_a_model_without_sentence_marks(tmp_path: Path, mark: str) -> None:
    path = written(tmp_path, PLAIN.replace(mark, "mark"))
    with pytest.raises(LanguageModelError, match=f"no {mark} among its 1-grams"):
        lm.load(path)


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.arpa", tmp_path):
        with pytest.raises(MissingFile, match="language model"):
            lm.load(path)
