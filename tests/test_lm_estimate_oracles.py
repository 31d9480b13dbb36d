"""Trained models against brute force from the equations, and against KenLM's lmplz, stored and run."""

from __future__ import annotations

import math
import os
import random
import shutil
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asr import lm
from asr.lm.estimate import train
from asr.lm.perplexity import perplexity

Gram = tuple[str, ...]
Model = dict[Gram, tuple[float, float]]  # n-gram -> log10 of its probability, of its back-off weight

LMPLZ = os.environ.get("ASR_LMPLZ") or shutil.which("lmplz")
needs_lmplz = pytest.mark.skipif(LMPLZ is None, reason="no lmplz of KenLM; name it in ASR_LMPLZ or put it on the PATH")

TEXT = """\
the harbour was quiet when the first boat came in
the first boat came in with the tide
a gull sat on the wall of the harbour
a grey morning brought grey rain
rain fell at night and again by morning
when the tide went out the boat sat on the sand
at night nobody fell on the wall of the harbour
the gull went out with the tide
the wind was cold and the sand was cold
the wall of the harbour was cold

later a boat went by
"""
# What `lmplz -o 3 --prune 0 1 1 < text` of KenLM 0.3.0 wrote for it, with spaces for tabs.
STORED = r"""
\data\
ngram 1=37
ngram 2=23
ngram 3=13

\1-grams:
-1.743755 <unk> 0
0 <s> -0.086763665
-0.97356623 </s> 0
-1.1142777 the -0.029917324
-1.5697268 harbour -0.15970083
-1.743755 was 0
-1.5697268 quiet 0
-1.6562881 when -0.03930972
-1.5697268 first -0.15970083
-1.743755 boat -0.046996564
-1.5697268 came -0.15970083
-1.5697268 in 0
-1.6562881 with -0.03930972
-1.5697268 tide -0.07255066
-1.6562881 a 0
-1.6562881 gull 0
-1.6562881 sat -0.03930972
-1.6562881 on -0.03930972
-1.5697268 wall -0.15970083
-1.5697268 of -0.15970083
-1.6562881 grey 0
-1.6562881 morning 0
-1.5697268 brought 0
-1.6562881 rain 0
-1.6562881 fell 0
-1.6562881 at -0.03930972
-1.5697268 night 0
-1.6562881 and 0
-1.5697268 again 0
-1.6562881 by 0
-1.743755 went -0.025807256
-1.5697268 out 0
-1.5697268 sand 0
-1.5697268 nobody 0
-1.5697268 wind 0
-1.5697268 cold -0.07255066
-1.5697268 later 0

\2-grams:
-0.6431683 harbour </s> 0
-0.6130167 tide </s> 0
-0.6130167 cold </s> 0
-0.63900673 <s> the 0
-0.8047907 when the 0
-0.8047907 with the -0.17972554
-0.8047907 on the -0.11121748
-0.4426062 of the 0
-1.4150691 the harbour -0.17972554
-0.7790147 harbour was 0
-1.4150691 the first -0.17972554
-0.49460343 first boat -0.17972554
-0.8971065 boat came -0.17972554
-0.4863327 came in 0
-1.4150691 the tide -0.11121748
-1.4882149 <s> a 0
-0.9718587 sat on -0.17972554
-1.4150691 the wall 0
-0.4863327 wall of 0
-0.95412946 at night 0
-1.0805516 went out 0
-1.4150691 the sand 0
-1.5697268 was cold -0.11121748

\3-grams:
-0.49512783 the harbour </s>
-0.38234633 the tide </s>
-0.38234633 was cold </s>
-0.3540686 sat on the
-0.4426062 wall of the
-1.4150691 of the harbour
-0.55375683 the harbour was
-0.25919172 the first boat
-0.37399426 first boat came
-0.25599322 boat came in
-0.43852818 with the tide
-0.59228384 on the wall
-0.4863327 the wall of

\end\
"""


# ---- another reader, and a scorer by recursion


def parse(arpa: str) -> Model:
    """Return the n-grams of an ARPA file whose header counts them right."""
    model: Model = {}
    announced: list[int] = []
    order = 0
    for line in arpa.splitlines():
        if line.startswith("ngram "):
            announced.append(int(line.partition("=")[2]))
        elif line.startswith("\\"):
            order = int(line[1]) if line.endswith("-grams:") else 0
        elif order and line:
            prob, *rest = line.split()
            model[tuple(rest[:order])] = (float(prob), float(rest[order]) if len(rest) > order else 0.0)
    assert [sum(len(gram) == order for gram in model) for order in range(1, len(announced) + 1)] == announced
    return model


def log10(model: Model, history: Gram, word: str) -> float:
    if (*history, word) in model:
        return model[*history, word][0]
    return model.get(history, (0.0, 0.0))[1] + log10(model, history[1:], word)


def trained(folder: Path, text: str, order: int, prune: Sequence[int] = (), *, fallback: bool = True) -> Model:
    (folder / "text").write_text(text, encoding="utf-8")
    train([folder / "text"], order=order, prune=prune, out=folder / "lm.arpa", fallback_discounts=fallback)
    return parse((folder / "lm.arpa").read_text(encoding="utf-8"))


def assert_equal(ours: Model, theirs: Model) -> None:
    """The same n-grams, and logarithms within 5e-6; of <s> programs write what they like, since it follows nothing."""
    assert ours.keys() == theirs.keys()
    far = [
        gram
        for gram, (prob, backoff) in theirs.items()
        if abs(ours[gram][1] - backoff) > 5e-6 or (abs(ours[gram][0] - prob) > 5e-6 and gram != ("<s>",))
    ]
    assert far == []


# ---- brute force: the equations of Chen and Goodman (1998), page 20 on, word by word


class KneserNey:
    """Interpolated modified Kneser-Ney with sets and dictionaries, for texts of a few words."""

    def __init__(self, text: str, order: int, prune: Sequence[int]) -> None:
        self.order = order
        self.prune = [*prune, *[prune[-1] if prune else 0] * (order - len(prune))]
        self.raw: Counter[Gram] = Counter()
        for line in text.splitlines():
            self.raw.update(self.grams(["<s>", *line.split(), "</s>"]))
        self.adjusted = {gram: self.adjust(gram) for gram in self.raw}
        self.discounts = {n: self.discount(n) for n in range(1, order + 1)}
        self.following: dict[Gram, list[Gram]] = defaultdict(list)
        for gram in self.raw:
            self.following[gram[:-1]].append(gram)
        self.vocabulary = {"<unk>", "</s>", *(gram[0] for gram in self.raw if len(gram) == 1 and self.kept(gram))}

    def grams(self, words: list[str]) -> Iterator[Gram]:
        for end in range(2, len(words) + 1):
            for n in range(1, min(self.order, end) + 1):
                yield tuple(words[end - n : end])

    def adjust(self, gram: Gram) -> int:
        if len(gram) == self.order or gram[0] == "<s>":
            return self.raw[gram]
        return sum(longer[1:] == gram for longer in self.raw)

    def discount(self, n: int) -> tuple[float, ...]:
        seen = Counter(count for gram, count in self.adjusted.items() if len(gram) == n)
        if not all(seen[count] for count in (1, 2, 3)):
            return (0, 0.5, 1, 1.5)
        y = seen[1] / (seen[1] + 2 * seen[2])
        amounts = [c - (c + 1) * y * seen[c + 1] / seen[c] for c in (1, 2, 3)]
        return (0, *amounts) if all(0 <= d <= c for c, d in enumerate(amounts, start=1)) else (0, 0.5, 1, 1.5)

    def kept(self, gram: Gram) -> bool:
        return gram == ("</s>",) or self.raw[gram] > self.prune[len(gram) - 1]

    def taken(self, gram: Gram) -> float:
        return self.discounts[len(gram)][min(self.adjusted[gram], 3)] if self.kept(gram) else self.adjusted[gram]

    def prob(self, history: Gram, word: str) -> float:
        following = self.following[history]
        if not following:
            return self.prob(history[1:], word)
        total = sum(self.adjusted[gram] for gram in following)
        weight = sum(self.taken(gram) for gram in following) / total
        lower = self.prob(history[1:], word) if history else 1 / len(self.vocabulary)
        gram = (*history, word)
        return weight * lower + ((self.adjusted[gram] - self.taken(gram)) / total if gram in self.raw else 0.0)

    def histories(self) -> list[Gram]:
        seen = {gram for gram in self.raw if len(gram) < self.order and gram[-1] != "</s>"}
        return [(), *([("<s>",), ("<unk>",)] if self.order > 1 else []), *sorted(seen)]


def assert_by_the_book(model: Model, text: str, order: int, prune: Sequence[int]) -> None:
    book = KneserNey(text, order, prune)
    kept = {gram for gram in book.raw if book.kept(gram)}
    assert model.keys() == kept | {("<s>",), ("<unk>",), ("</s>",)}
    for history in book.histories():
        probs = {word: 10 ** log10(model, history, word) for word in book.vocabulary}
        assert math.fsum(probs.values()) == pytest.approx(1, abs=1e-6), history
        for word, prob in probs.items():
            assert prob == pytest.approx(book.prob(history, word), rel=1e-5, abs=1e-12), (history, word)


CASES = [
    (TEXT, 3, ()),
    (TEXT, 3, (0, 1, 1)),
    (TEXT, 2, (1,)),
    (TEXT, 4, (0, 0, 1, 2)),
    (TEXT, 1, ()),
    (TEXT, 1, (2,)),
    ("a", 1, ()),
    ("a", 6, ()),
    ("a a a a", 3, ()),
    ("a b\n\n\nb a", 6, ()),
    ("a\nb\nc", 3, (9,)),
    ("ä 中 ä ß\n🎉 ä", 4, ()),
]


@pytest.mark.parametrize(("text", "order", "prune"), CASES)
def test_probabilities_are_those_of_the_equations(
    tmp_path: Path, text: str, order: int, prune: tuple[int, ...]
) -> None:
    assert_by_the_book(trained(tmp_path, text, order, prune), text, order, prune)


texts = st.integers(1, 6).flatmap(
    lambda words: st.lists(st.lists(st.sampled_from("abcdef"[:words]), max_size=7).map(" ".join), min_size=1).filter(
        any
    )
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True, deadline=None)
@given(lines=texts, order=st.integers(1, 6), prune=st.lists(st.integers(0, 3), max_size=6).map(sorted))
def test_random_texts_by_the_book(tmp_path: Path, lines: list[str], order: int, prune: list[int]) -> None:
    text = "\n".join(lines)
    assert_by_the_book(trained(tmp_path, text, order, prune[:order]), text, order, prune[:order])


def test_one_word_by_hand(tmp_path: Path) -> None:
    """`a a`, order 2: counts <s>a 1, aa 1, a</s> 1; adjusted a 2 (after <s>, a), </s> 1; discounts 0.5 and 1."""
    model = trained(tmp_path, "a a", 2)
    a = (2 - 1) / 3 + 1.5 / 3 / 3  # one third of the weight 1.5 / 3 for each of a, </s> and <unk>
    assert 10 ** model[("a",)][0] == pytest.approx(a, rel=1e-6)
    assert 10 ** model[("<unk>",)][0] == pytest.approx(1 / 6, rel=1e-6)
    assert 10 ** model[("a", "a")][0] == pytest.approx(0.5 / 2 + 0.5 * a, rel=1e-6)
    assert 10 ** model[("a",)][1] == pytest.approx(0.5, rel=1e-6)


# ---- lmplz


def test_the_model_is_the_stored_one_of_lmplz(tmp_path: Path) -> None:
    assert_equal(trained(tmp_path, TEXT, 3, (0, 1, 1), fallback=False), parse(STORED))


def lmplz(text: str, order: int, prune: Sequence[int] = ()) -> str:
    options = ["--prune", *map(str, prune)] if prune else []
    command = [str(LMPLZ), "-o", str(order), "-S", "200M", "--discount_fallback", *options]
    text = f"{text.rstrip()}\n"  # without a line end it would leave out the </s> of the last sentence
    return subprocess.run(command, input=text.encode(), capture_output=True, check=True).stdout.decode()


# lmplz prunes </s> where a text has so few sentences, and yet gives it a probability: the sum is then not 1.
ASIDE = (9,)


@needs_lmplz
@pytest.mark.parametrize(("text", "order", "prune"), [case for case in CASES if case[2] != ASIDE])
def test_models_are_those_of_lmplz(tmp_path: Path, text: str, order: int, prune: tuple[int, ...]) -> None:
    text += "\nlast"  # lmplz puts the newest word into the counts of counts by its occurrences: here they are the same
    assert_equal(trained(tmp_path, text, order, prune), parse(lmplz(text, order, prune)))


@needs_lmplz
def test_random_texts_as_lmplz(tmp_path: Path) -> None:
    rng = random.Random(20)
    for _ in range(40):
        words = "abcdefghijklmnopqrst"[: rng.choice([1, 2, 5, 20])]
        text = "\n".join(" ".join(rng.choices(words, k=rng.randint(0, 8))) for _ in range(rng.randint(4, 30)))
        order = rng.randint(1, 6)
        prune = sorted(rng.choices([0, 0, 1, 2, 3], k=rng.randint(0, order)))
        assert_equal(trained(tmp_path, f"{text}\nlast", order, prune), parse(lmplz(f"{text}\nlast", order, prune)))


def reading(test_data: Path) -> list[str]:
    path = test_data / "librispeech-sample" / "train-clean-100.trans.txt"
    return [line.partition(" ")[2].lower() for line in path.read_text(encoding="utf-8").splitlines()]


@needs_lmplz
@pytest.mark.parametrize(("order", "prune"), [(3, ()), (3, (0, 0, 1)), (5, (0, 1))])
def test_speech_as_lmplz(tmp_path: Path, test_data: Path, order: int, prune: tuple[int, ...]) -> None:
    lines = reading(test_data)
    text, held_out = "\n".join(lines[:3000]), lines[-500:]
    ours = trained(tmp_path, text, order, prune, fallback=False)
    (tmp_path / "kenlm.arpa").write_text(lmplz(text, order, prune), encoding="utf-8")
    assert_equal(ours, parse((tmp_path / "kenlm.arpa").read_text(encoding="utf-8")))
    one, other = (perplexity(lm.load(tmp_path / name), held_out) for name in ("lm.arpa", "kenlm.arpa"))
    assert one.including == pytest.approx(other.including, rel=1e-5)
    assert one.excluding == pytest.approx(other.excluding, rel=1e-5)
    assert (one.words, one.unknown, one.sentences) == (other.words, other.unknown, 500)


@needs_lmplz
@pytest.mark.slow
def test_all_of_train_clean_100_as_lmplz(tmp_path: Path, test_data: Path) -> None:
    text = "\n".join(reading(test_data))
    assert_equal(trained(tmp_path, text, 3, fallback=False), parse(lmplz(text, 3)))


def test_the_lines_stand_in_the_order_of_lmplz(tmp_path: Path) -> None:
    """By the words from the last to the first, each in the order in which it first came."""
    stored = [gram for gram in parse(STORED) if len(gram) > 1]
    ours = [gram for gram in trained(tmp_path, TEXT, 3, (0, 1, 1)) if len(gram) > 1]
    assert ours == stored
    assert all(len(one) <= len(other) for one, other in pairwise(ours))
