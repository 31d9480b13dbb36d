"""Hot words: the file, phrases and display forms, words that are found by them, and their price."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from asr.decoders import Beam, read_hotwords
from asr.decoders.hotwords import Phrase, automaton, displayed, parse
from asr.errors import AsrError, ConfigError, MissingFile
from asr.types import FloatArray, Word

pytest.importorskip("numba")

TOKENS = ("<blk>", "▁", *"abcdefghijklmnopqrstuvwxyz", "'", "é")


def heard(text: str, instead: dict[str, str] | None = None, doubt: float = 0.4) -> FloatArray:
    """Return log-probabilities [F, V] of a text; where `instead` differs from it in a letter, that has 1 - doubt."""
    rows = []
    for at, char in enumerate(text):
        row = np.full(len(TOKENS), 1e-4)
        row[TOKENS.index("▁" if char == " " else char)] = 0.97
        for other, wrong in (instead or {}).items():
            if text.startswith(other) and wrong[at] != char:
                row[TOKENS.index(char)] = 0.97 * doubt
                row[TOKENS.index("▁" if wrong[at] == " " else wrong[at])] = 0.97 * (1 - doubt)
        blank = np.full(len(TOKENS), 1e-4)
        blank[0] = 0.97
        rows += [row / row.sum(), blank / blank.sum()]
    return np.asarray(np.log(rows), dtype=np.float32)


def decoded(log_probs: FloatArray, **settings: Any) -> str:
    return Beam(TOKENS, **settings).decode(log_probs, frame_shift_s=0.04).text


def test_a_hot_word_turns_a_doubt() -> None:
    log_probs = heard("call kate now", {"call kate now": "call cate now"}, doubt=0.2)
    assert decoded(log_probs) == "call cate now"
    assert decoded(log_probs, hotwords=["kate"]) == "call kate now"
    assert decoded(log_probs, hotwords=["kate"], hotword_weight=0.1) == "call cate now"
    assert decoded(log_probs, hotwords={"kate": 0.05}) == "call cate now"


def test_a_phrase_is_whole_words_in_order() -> None:
    log_probs = heard("new york", {"new york": "new yark"}, doubt=0.2)
    for hot, text in (
        (["new york"], "new york"),
        (["york new"], "new yark"),
        (["new yorks", "ew york", "w york", "yor"], "new yark"),
    ):
        assert decoded(log_probs, hotwords=hot, hotword_weight=0.5) == text


def test_what_breaks_off_is_given_back() -> None:
    """A word that only begins as a hot word does scores as it would without."""
    log_probs = heard("carbon")
    without = Beam(TOKENS).decode(log_probs, frame_shift_s=0.04)
    beside = Beam(TOKENS, hotwords=["carbonara", "carbon dating"], nbest=1).decode(log_probs, frame_shift_s=0.04)
    assert beside.text == without.text
    assert beside.total == pytest.approx(without.total, abs=1e-2)  # what was pruned differs


def test_what_a_phrase_earns_is_counted_once() -> None:
    log_probs = heard("new york city")
    scores = [
        Beam(TOKENS, hotwords=hot, hotword_weight=2.0).decode(log_probs, frame_shift_s=0.04).total or 0.0
        for hot in ([], ["york"], ["york", "new york"], ["york", "new york", "new york city", "city hall"])
    ]
    assert np.diff(scores) == pytest.approx([2.0 * 4, 2.0 * 3, 2.0 * 4], abs=1e-3)


def test_display_forms() -> None:
    log_probs = heard("the i b m of new york is in new york city")
    hot = ["i b m => IBM", "new york => NY", "new york city => New York City"]
    result = Beam(TOKENS, hotwords=hot).decode(log_probs, frame_shift_s=0.04)
    assert result.text == "the IBM of NY is in New York City"
    assert [word.text for word in result.words] == ["the", "IBM", "of", "NY", "is", "in", "New York City"]
    plain = Beam(TOKENS).decode(log_probs, frame_shift_s=0.04).words
    assert (result.words[1].start_s, result.words[1].end_s) == (plain[1].start_s, plain[3].end_s)
    assert result.words[1].confidence == pytest.approx(sum(word.confidence for word in plain[1:4]) / 3)


def test_displayed_takes_the_first_and_longest() -> None:
    words = [Word(text, at, at + 1, 0.5) for at, text in enumerate(["a", "b", "a", "b", "c"])]
    phrases = parse(["a b => X", "b a => Y", "a b c => Z", "c"])
    assert [word.text for word in displayed(words, phrases)] == ["X", "Z"]
    assert displayed([], phrases) == ()
    assert displayed(words, ()) == tuple(words)


def test_phrases_are_parsed() -> None:
    assert parse([" new  york ", "ibm=>IBM Corp."]) == (
        Phrase(("new", "york")),
        Phrase(("ibm",), 1.0, "IBM Corp."),
    )
    assert parse({"a": 2, "a => A": 3}) == (Phrase(("a",), 3.0, "A"),)
    assert parse(()) == ()


@pytest.mark.parametrize(
    ("hotwords", "reason"),
    [
        ([""], "hot word '': has no words to listen for"),
        (["=> IBM"], "has no words to listen for"),
        (["ibm => "], "nothing stands after '=>'"),
        ({"ibm": 0}, "hot word 'ibm': weight 0 is not above 0; leave the phrase out instead"),
        ({"ibm": -1.5}, "weight -1.5 is not above 0"),
        ({"ibm": math.nan}, "weight nan is not above 0"),
    ],
)
def test_phrases_that_are_refused(hotwords: Any, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        parse(hotwords)


def test_words_outside_the_token_set_are_named() -> None:
    with pytest.raises(AsrError, match="hot word 'naïve3': has '3', 'ï' outside the token set"):
        Beam(TOKENS, hotwords=["a naïve3 question"])
    with pytest.raises(AsrError, match="hot word 'twos': cannot be joined from tokens"):
        Beam(("<blk>", "▁one", "▁two", "▁is"), hotwords=["one", "twos"])
    Beam(TOKENS, hotwords=["don't", "é", "a"])


def test_the_file(tmp_path: Path) -> None:
    path = tmp_path / "hot.txt"
    path.write_bytes("\ufeff# places\r\nnew york\t2.5\r\n\r\ni b m => IBM\t0.5\nsan  josé => San José  \n".encode())
    assert read_hotwords(path) == {"new york": 2.5, "i b m => IBM": 0.5, "san  josé => San José": 1.0}
    assert parse(read_hotwords(path))[2] == Phrase(("san", "josé"), 1.0, "San José")
    path.write_text("")
    assert read_hotwords(path) == {}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("ibm\tmuch", r"hot.txt:2: weight 'much' is no number; write: phrase, tab, weight"),
        ("ibm\t0", r"hot.txt:2: hot word 'ibm': weight 0 is not above 0"),
        ("ibm\t1\t2", r"hot.txt:2: weight '1\\t2' is no number"),
        ("ibm =>", r"hot.txt:2: hot word 'ibm =>': nothing stands after '=>'"),
        ("\t1", r"hot.txt:2: hot word '': has no words"),
    ],
)
def test_lines_that_are_refused(tmp_path: Path, line: str, reason: str) -> None:
    path = tmp_path / "hot.txt"
    path.write_text(f"new york\n{line}\n")
    with pytest.raises(ConfigError, match=reason):
        read_hotwords(path)


def test_files_that_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match="no such list of hot words"):
        read_hotwords(tmp_path / "none.txt")
    path = tmp_path / "latin.txt"
    path.write_bytes("josé\n".encode("latin-1"))
    with pytest.raises(ConfigError, match="is not UTF-8"):
        read_hotwords(path)


def test_the_automaton_grows_with_the_letters_and_its_steps_do_not() -> None:
    """Every state has one failure that is nearer to the root, so a step takes no more than the words of a phrase."""
    phrases = parse([f"{a}{b} {b}{c} {a}{c}" for a in "abc" for b in "abc" for c in "abc"])
    states, begin = automaton(phrases, 1.0)
    assert len(states) <= 2 + sum(phrase.letters + 4 for phrase in phrases)
    for state in range(1, len(states) - 1):
        steps, at = 0, state
        while at:
            at, steps = int(states["failure"][at]), steps + 1
        assert steps <= 1 + 3
    assert states["char"][begin] == ord("▁")
