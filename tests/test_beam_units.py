"""Beam search over tokens that are Han characters, bytes, or phones: each must equal a search that is proven by sums.

The oracle is always the same search over other tokens: Han characters against pieces that begin with a space, bytes
against characters of the same numbers, phones that carry a space against phones that do not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from asr import lm as language_models
from asr.decoders import Beam, Lexicon, get_decoder, read_lexicon
from asr.han import sentence, units
from asr.lm import estimate
from asr.tokenizers import build
from asr.types import FloatArray, Hypothesis

pytest.importorskip("numba")

WIDE: dict[str, Any] = {"beam": 200, "nbest": 50}
SHIFT_S = 0.04
SPACE = "▁"
ALL_BYTES = build("byte", ["a"]).tokens


def noise(frames: int, vocabulary: int, seed: int) -> FloatArray:
    scores = np.random.default_rng(seed).normal(size=(frames, vocabulary)) * 2
    return np.asarray(scores - np.log(np.exp(scores).sum(axis=-1, keepdims=True)), dtype=np.float32)


def peaky(path: Sequence[int], vocabulary: int, posterior: float = 0.97) -> FloatArray:
    probabilities = np.full((len(path), vocabulary), (1 - posterior) / (vocabulary - 1), np.float32)
    probabilities[np.arange(len(path)), path] = posterior
    return np.log(probabilities)


def model(folder: Path, name: str, sentences: Sequence[str]) -> language_models.LanguageModel:
    text = folder / f"{name}.txt"
    text.write_text("".join(f"{line}\n" for line in sentences), encoding="utf-8")
    estimate.train([text], order=2, out=folder / f"{name}.arpa", fallback_discounts=True)
    return language_models.load(folder / f"{name}.arpa")


def found(tokens: Sequence[str], log_probs: FloatArray, **settings: Any) -> list[Hypothesis]:
    return Beam(tokens, **WIDE, **settings).decode_nbest(log_probs, frame_shift_s=SHIFT_S)


def agree(ours: list[Hypothesis], theirs: list[Hypothesis], read: Callable[[str], str]) -> None:
    """Check that both have the same readings with the same scores; `read` turns a text of theirs into one of ours."""
    assert [sentence(units(one.text)) for one in ours] == [sentence(units(read(one.text))) for one in theirs]
    for one, other in zip(ours, theirs, strict=True):
        scores = [(hypothesis.acoustic, hypothesis.lm, hypothesis.total) for hypothesis in (one, other)]
        assert scores[0] == pytest.approx(scores[1], abs=1e-4)


# ---- Han characters

HAN, PIECES = ("<blk>", SPACE, "你", "好", "a"), ("<blk>", SPACE, "▁x", "▁y", "a")
SPOKEN = ["x y a", "x x y", "a y x a", "y", "x y", "a"]


def in_han(text: str) -> str:
    return text.replace("x", "你").replace("y", "好")


@pytest.mark.parametrize("settings", [{}, {"open_vocabulary": False}, {"word_bonus": 1.5, "unknown_price": 1.0}])
@pytest.mark.parametrize("hotwords", [[], ["x y", "y a", "a"]])
def test_han_characters_are_words_for_language_models_and_hot_words(
    tmp_path: Path, settings: dict[str, Any], hotwords: list[str]
) -> None:
    theirs = model(tmp_path, "pieces", SPOKEN)
    ours = model(tmp_path, "han", [in_han(line) for line in SPOKEN])
    for seed in range(4):
        log_probs = noise(7, len(HAN), seed)
        agree(
            found(HAN, log_probs, lm=ours, hotwords=[in_han(phrase) for phrase in hotwords], **settings),
            found(PIECES, log_probs, lm=theirs, hotwords=hotwords, **settings),
            in_han,
        )


@pytest.mark.parametrize("name", ["greedy", "beam"])
def test_a_sentence_without_spaces_is_many_words(name: str) -> None:
    tokens = ("<blk>", SPACE, "你", "好", "a", "b", "▁好a")
    log_probs = peaky([2, 0, 2, 3, 1, 4, 4, 5, 0, 6, 3], len(tokens))
    result = get_decoder(name)(tokens).decode(log_probs, frame_shift_s=1.0)
    assert result.text == "你你好 ab 好a好"
    assert [word.text for word in result.words] == ["你", "你", "好", "ab", "好a", "好"]
    assert [word.start_s for word in result.words] == [0, 2, 3, 5, 9, 10]


def test_a_hot_word_is_found_within_a_sentence() -> None:
    tokens = ("<blk>", "我", "北", "背", "京", "来")
    log_probs = peaky([1, 3, 4, 5], len(tokens))
    log_probs[1, 2:4] = np.log([0.4, 0.5])
    assert found(tokens, log_probs)[0].text == "我背京来"
    (best, *_) = found(tokens, log_probs, hotwords=["北京"])
    assert (best.text, len(best.words)) == ("我北京来", 4)
    (best, *_) = found(tokens, log_probs, hotwords=["北京 => Beijing"])
    assert (best.text, [word.text for word in best.words]) == ("我 Beijing 来", ["我", "Beijing", "来"])


def test_words_of_several_han_characters_are_taken_where_the_vocabulary_has_them(tmp_path: Path) -> None:
    tokens = ("<blk>", SPACE, "北", "京", "来")
    log_probs = peaky([2, 3, 1, 4, 4], len(tokens))
    for settings in ({"lm": model(tmp_path, "words", ["北京 来", "来"])}, {"lexicon": Lexicon(("北京", "来"))}):
        (best, *_) = found(tokens, log_probs, **settings)
        assert (best.text, [word.text for word in best.words]) == ("北京 来", ["北京", "来"])
    (best, *_) = found(tokens, log_probs, lm=model(tmp_path, "letters", ["北 京 来", "来"]))
    assert [word.text for word in best.words] == ["北", "京", "来"]
    (best, *_) = found(tokens, log_probs, han_words=False)
    assert [word.text for word in best.words] == ["北京", "来"]


def test_a_lexicon_of_han_characters_needs_no_space() -> None:
    tokens = ("<blk>", "你", "好")
    (best, *_) = found(tokens, peaky([1, 2, 0, 2], len(tokens)), lexicon=Lexicon(("你", "好")))
    assert best.text == "你好好"


# ---- bytes


def test_bytes_are_read_as_the_characters_of_their_numbers(tmp_path: Path) -> None:
    """`äb ä` in bytes against the four Latin letters that the bytes would be on their own."""
    octets, letters = (0xC3, 0xA4, ord("b")), "Ã¤b"
    tokens = ("<blk>", SPACE, *letters)
    lines = ["äb ä", "ä ä b", "b äb", "bä"]
    ours = model(tmp_path, "bytes", lines)
    theirs = model(tmp_path, "letters", [line.encode().decode("latin-1") for line in lines])
    places = [0, ALL_BYTES.index(SPACE), *(octet + 1 for octet in octets)]
    for seed in range(3):
        few = noise(7, len(tokens), seed)
        log_probs = np.full((len(few), len(ALL_BYTES)), -1e9, np.float32)
        log_probs[:, places] = few
        for of_ours, of_theirs in (
            ({"lm": ours, "hotwords": ["äb"]}, {"lm": theirs, "hotwords": ["Ã¤b"]}),
            ({"lexicon": Lexicon(("äb", "ä", "b"))}, {"lexicon": Lexicon(("Ã¤b", "Ã¤", "b"))}),
        ):
            readings = found(ALL_BYTES, log_probs, han_words=False, **of_ours)
            wanted = found(tokens, few, han_words=False, **of_theirs)
            # What is no UTF-8 reads alike in several ways, so that the texts are compared as the bytes that they are.
            assert [one.total for one in readings] == pytest.approx([one.total for one in wanted], abs=1e-4)
            for one, other in zip(readings, wanted, strict=True):
                assert one.text == other.text.encode("latin-1").decode(errors="replace")


def test_bytes_of_han_characters_are_words() -> None:
    labels = [byte + 1 for byte in "你好 b".encode()]
    log_probs = peaky([labels[0], *labels], len(ALL_BYTES))
    for name in ("greedy", "beam"):
        result = get_decoder(name)(ALL_BYTES).decode(log_probs, frame_shift_s=1.0)
        assert result.text == "你好 b"
        assert [(word.text, word.start_s, word.end_s) for word in result.words] == [
            ("你", 0, 4),
            ("好", 4, 7),
            ("b", 8, 9),
        ]
    assert found(ALL_BYTES, log_probs, hotwords=["你好"])[0].text == "你好 b"


# ---- phones


def test_phones_that_carry_a_space_are_joined_to_the_words_of_a_dictionary(tmp_path: Path) -> None:
    (tmp_path / "dict").write_text("ba B AH0 # a sheep\nabba AH1 B AH\nb B\nba(2) B\n", encoding="utf-8")
    plain, marked = ("<blk>", "AH", "B"), ("<blk>", "▁AH", "▁B")
    lexicons = [read_lexicon(tmp_path / "dict", tokens) for tokens in (plain, marked)]
    assert lexicons[0] == lexicons[1]
    spoken = model(tmp_path, "words", ["ba abba", "b ba", "abba"])
    for seed in range(3):
        log_probs = noise(7, 3, seed)
        agree(
            found(marked, log_probs, lexicon=lexicons[1], lm=spoken),
            found(plain, log_probs, lexicon=lexicons[0], lm=spoken),
            str,
        )
    assert found(marked, peaky([2, 1, 0, 1, 2, 1], 3))[0].text == "B AH AH B AH", "without a dictionary: phones"
