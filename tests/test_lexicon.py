"""Lexicons: lists of words and pronouncing dictionaries, read, refused, and decoded with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from asr.decoders import Beam, Lexicon, read_lexicon
from asr.decoders.lexicon import spells
from asr.errors import AsrError, ConfigError, MissingFile
from asr.types import FloatArray

CHARACTERS = ("<blk>", "▁", *"abcdefghijklmnopqrstuvwxyz'")
PHONES = ("<blk>", "AH", "B", "D", "EH", "IY", "R", "T", "UW", "W", "AH0", "K", "S")

DICTIONARY = """;;; in the form of CMUdict
READ  R EH1 D
READ(1)  R IY1 D
RED  R EH1 D

TO  T UW1
TWO  T UW1
A  AH0
A(2) AH1
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "words.txt"
    path.write_text(text, encoding="utf-8")
    return path


def peaky(tokens: tuple[str, ...], said: str, posterior: float = 0.9) -> FloatArray:
    """Return log-probabilities [F, V] that leave little doubt about tokens, with blanks between them."""
    path = [0, *(label for token in said.split() for label in (tokens.index(token), 0))]
    probabilities = np.full((len(path), len(tokens)), (1 - posterior) / (len(tokens) - 1))
    probabilities[np.arange(len(path)), path] = posterior
    return np.asarray(np.log(probabilities), dtype=np.float32)


def test_a_list_of_words(tmp_path: Path) -> None:
    path = write(tmp_path, "\ufeffyes\r\n\nno\n ;;;\n;;; a comment\nyes\ndon't\n".replace(" ;;;\n", ""))
    assert read_lexicon(path, CHARACTERS) == Lexicon(("yes", "no", "don't"))


def test_a_dictionary(tmp_path: Path) -> None:
    lexicon = read_lexicon(write(tmp_path, DICTIONARY), PHONES)
    said = {
        word: [" ".join(PHONES[label] for label in way) for way in ways]
        for word, ways in zip(lexicon.words, lexicon.pronunciations, strict=True)
    }
    assert said == {
        "READ": ["R EH D", "R IY D"],
        "RED": ["R EH D"],
        "TO": ["T UW"],
        "TWO": ["T UW"],
        "A": ["AH0", "AH"],  # a phone that is a token as it stands stays
    }


def test_phones_may_be_mapped_to_tokens(tmp_path: Path) -> None:
    path = write(tmp_path, "COLOUR  c o l o u r\nCOLOUR(2)  c o l o r\nX(  x\n(1)  o n e\n")
    lexicon = read_lexicon(path, CHARACTERS, phones={"c": "k"})
    assert lexicon.words == ("COLOUR", "X(", "(1)")
    assert lexicon.pronunciations[0][1] == tuple(CHARACTERS.index(char) for char in "kolor")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "words.txt: no words in it"),
        (";;; nothing\n", "words.txt: no words in it"),
        ("yes\nno way\n", "words.txt:2: 'no way' is more than one word"),
        ("yes\n\nnaïve\n", "words.txt:3: 'naïve' has 'ï' outside the token set"),
        ("yes\nYes\n", "words.txt:2: 'Yes' has 'Y' outside the token set"),
        ("yes  y e s\nno\n", "words.txt:2: 'no' has no pronunciation; write its phones behind it"),
        ("yes  y e S\n", "words.txt:1: phone 'S' is no token of the model"),
        ("yes  y ▁ s\n", "words.txt:1: phone '▁' is no token"),
    ],
)
def test_lines_that_are_refused(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        read_lexicon(write(tmp_path, text), CHARACTERS)


def test_files_that_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match="no such lexicon"):
        read_lexicon(tmp_path / "none.txt", CHARACTERS)
    path = tmp_path / "latin.txt"
    path.write_bytes("caf\xe9\n".encode("latin-1"))
    with pytest.raises(ConfigError, match="is not UTF-8"):
        read_lexicon(path, CHARACTERS)


def test_a_word_must_be_able_to_follow_another(tmp_path: Path) -> None:
    pieces = ("<blk>", "▁he", "llo", "▁w", "orld")
    assert read_lexicon(write(tmp_path, "hello ▁he llo\n"), pieces).pronunciations == (((1, 2),),)
    with pytest.raises(ConfigError, match=r"words\.txt:1: no word can begin with the token 'llo'"):
        read_lexicon(write(tmp_path, "low llo\n"), pieces)


@pytest.mark.parametrize(
    ("word", "tokens", "answer"),
    [
        ("ab", {"a", "b"}, True),
        ("ab", {"▁a", "b"}, True),
        ("ab", {"▁ab"}, True),
        ("aab", {"▁a", "ab"}, True),
        ("aab", {"▁aa", "ab"}, False),
        ("ba", {"▁a", "b"}, False),
        ("", {"a"}, True),
    ],
)
def test_spells(word: str, tokens: set[str], answer: bool) -> None:
    assert spells(word, tokens) == answer


# ---- decoding


def test_only_words_of_the_list_are_said() -> None:
    pytest.importorskip("numba")
    log_probs = peaky(CHARACTERS, "y e z ▁ n o o", posterior=0.6)
    assert Beam(CHARACTERS).decode(log_probs, frame_shift_s=0.04).text == "yez noo"
    beam = Beam(CHARACTERS, lexicon=Lexicon(("yes", "no", "never")))
    assert beam.decode(log_probs, frame_shift_s=0.04).text == "yes no"


def test_words_are_pronounced_without_signs_between_them(tmp_path: Path) -> None:
    pytest.importorskip("numba")
    lexicon = read_lexicon(write(tmp_path, DICTIONARY), PHONES)
    result = Beam(PHONES, lexicon=lexicon, nbest=8).decode(peaky(PHONES, "T UW R IY D AH"), frame_shift_s=0.1)
    assert result.text in {"TO READ A", "TWO READ A"}
    assert {result.text, result.alternatives[0].text} == {"TO READ A", "TWO READ A"}  # they sound alike
    assert result.total == pytest.approx(result.alternatives[0].total)
    times = [(round(word.start_s, 3), round(word.end_s, 3)) for word in result.words]
    assert times == [(0.1, 0.4), (0.5, 1.0), (1.1, 1.2)]


def test_hot_words_choose_between_words_that_sound_alike(tmp_path: Path) -> None:
    pytest.importorskip("numba")
    lexicon = read_lexicon(write(tmp_path, DICTIONARY), PHONES)
    log_probs = peaky(PHONES, "T UW R EH D")
    for hot in ("TO READ", "TO RED", "TWO READ", "TWO RED"):
        beam = Beam(PHONES, lexicon=lexicon, hotwords=[hot])
        assert beam.decode(log_probs, frame_shift_s=0.1).text == hot
    shown = Beam(PHONES, lexicon=lexicon, hotwords=["TWO RED => 2 RED"]).decode(log_probs, frame_shift_s=0.1)
    assert shown.text == "2 RED"
    with pytest.raises(AsrError, match="hot word 'TOO': is not in the lexicon"):
        Beam(PHONES, lexicon=lexicon, hotwords=["TOO"])


def test_several_spellings_are_one_word(tmp_path: Path) -> None:
    pytest.importorskip("numba")
    path = write(tmp_path, "colour  c o l o u r\ncolour(2)  c o l o r\ncol  c o l\n")
    beam = Beam(CHARACTERS, lexicon=read_lexicon(path, CHARACTERS), nbest=2)
    for said in ("c o l o r ▁ c o l", "c o l o u r ▁ c o l ▁"):
        result = beam.decode(peaky(CHARACTERS, said), frame_shift_s=0.04)
        assert result.text == "colour col"
        assert "colour col" not in {reading.text for reading in result.alternatives}


def test_a_large_dictionary_is_made_quickly_enough_to_be_used() -> None:
    pytest.importorskip("numba")
    rng = np.random.default_rng(0)
    letters = list("abcdefghijklmnopqrstuvwxyz")
    words = tuple({"".join(rng.choice(letters, size=rng.integers(1, 9))) for _ in range(20_000)} | {"yes"})
    result = Beam(CHARACTERS, lexicon=Lexicon(words)).decode(peaky(CHARACTERS, "y e s"), frame_shift_s=0.04)
    assert result.text == "yes"
