"""Tokenizers: round trips, what is refused and how it is said."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asr.errors import AsrError, DataError, TextError
from asr.tokenizers import BLANK, SPACE, TOKENIZERS, build, join_tokens, restore
from asr.tokenizers.bpe import BpeTokenizer
from asr.tokenizers.char import CharTokenizer
from asr.tokenizers.mixed import MixedTokenizer
from asr.tokenizers.word import WordTokenizer

SAME_EACH_RUN = settings(deadline=None, derandomize=True)
TEXTS = ["yes", "a b c", "it's  five o'clock", "über straße", "你好 世界", "x", ""]
texts_with_words = st.lists(
    st.text(st.characters(exclude_characters=SPACE, exclude_categories=["Cs"])), min_size=1, max_size=5
).filter(lambda texts: any(text.split() for text in texts))


@pytest.mark.parametrize("name", TOKENIZERS)
@settings(SAME_EACH_RUN)
@given(texts=texts_with_words)
def test_encode_then_decode_gives_the_text_with_single_spaces(name: str, texts: list[str]) -> None:
    tokenizer = build(name, texts)
    again = restore(name, tokenizer.tokens)
    for text in texts:
        labels = tokenizer.encode(text)
        assert tokenizer.decode(labels) == " ".join(text.split())
        assert again.encode(text) == labels
        assert 0 not in labels, "a text never holds the blank"


@pytest.mark.parametrize("name", TOKENIZERS)
def test_every_kind_keeps_the_rules_of_the_tokens(name: str) -> None:
    tokenizer = build(name, TEXTS)
    assert tokenizer.tokens[0] == BLANK
    assert len(set(tokenizer.tokens)) == len(tokenizer.tokens)
    assert build(name, reversed(TEXTS)).tokens == tokenizer.tokens, "the order of the texts must not matter"
    assert tokenizer.encode("") == []
    assert tokenizer.decode([]) == ""
    for text in TEXTS:
        tokens = [tokenizer.tokens[label] for label in tokenizer.encode(text)]
        assert join_tokens(tokens) == " ".join(text.split())
        begun = sum(token.startswith(SPACE) or at == 0 for at, token in enumerate(tokens))
        assert begun == len(text.split()), "a word begins at SPACE or at the first token"


@pytest.mark.parametrize("name", TOKENIZERS)
def test_every_kind_names_what_it_does_not_know(name: str) -> None:
    tokenizer = build(name, ["a b"])
    with pytest.raises(TextError, match=r"text 'a ö': 'ö' \(U\+00F6\) outside the token set"):
        tokenizer.encode("a ö")
    with pytest.raises(ValueError, match=r"outside the token set|stands for the space"):
        tokenizer.encode(f"a{SPACE}b")
    with pytest.raises(TextError, match=r"U\+2581"):
        build(name, ["fine", f"a{SPACE}b"])
    with pytest.raises(TextError, match=r"U\+D800"):
        build(name, ["\ud800"])
    with pytest.raises(DataError, match="2 lines"):
        build(name, ["", " \t"])
    with pytest.raises(DataError, match="0 lines"):
        build(name, [])


@pytest.mark.parametrize("name", TOKENIZERS)
@pytest.mark.parametrize(
    ("tokens", "reason"),
    [
        ([], "first must be '<blk>'"),
        (["a", BLANK], "first must be '<blk>', not 'a'"),
        ([BLANK, "a", "a"], "'a' is there twice"),
        ([BLANK, ""], "number 1 is empty"),
    ],
)
def test_every_kind_refuses_wrong_tokens(name: str, tokens: list[str], reason: str) -> None:
    with pytest.raises(TextError, match=reason):
        restore(name, tokens)


def test_unknown_kind_names_the_near_one() -> None:
    with pytest.raises(AsrError, match="tokenizer 'chars': unknown; did you mean 'char'"):
        build("chars", ["a"])
    with pytest.raises(AsrError, match="unknown"):
        restore("", [BLANK])


def test_characters_by_hand() -> None:
    tokenizer = CharTokenizer.train(["ab", "a  ç"])
    assert tokenizer.tokens == ("<blk>", "▁", "a", "b", "ç")
    assert tokenizer.encode(" ab a ") == [2, 3, 1, 2]
    assert tokenizer.decode([0, 2, 0, 3, 1, 1, 2]) == "ab a"
    with pytest.raises(TextError, match=r"'▁x'.*not of one character"):
        CharTokenizer([BLANK, "a", "▁x"])


def test_words_by_hand() -> None:
    tokenizer = WordTokenizer.train(["two one", "one"])
    assert tokenizer.tokens == ("<blk>", "▁one", "▁two")
    assert tokenizer.encode("one two two") == [1, 2, 2]
    assert tokenizer.decode([2, 0, 1]) == "two one"
    with pytest.raises(TextError, match="'three' outside"):
        tokenizer.encode("one three")
    for wrong in ("one", SPACE, "▁o▁ne"):
        with pytest.raises(TextError, match="name the kind"):
            WordTokenizer([BLANK, wrong])


def test_mixed_units_by_hand() -> None:
    tokenizer = MixedTokenizer.train(["one one", "one two"])
    assert tokenizer.tokens == ("<blk>", "▁", "e", "n", "o", "t", "w", "▁one")
    assert tokenizer.encode("one two") == [7, 1, 5, 6, 4]
    assert tokenizer.decode([7, 0, 1, 5, 6, 6, 4]) == "one twwo"
    with pytest.raises(TextError, match=r"'x'.*outside"):
        tokenizer.encode("x")
    with pytest.raises(TextError, match="name the kind"):
        MixedTokenizer([BLANK, "one"])


def test_pieces_are_merged_as_in_the_paper() -> None:
    """Sennrich et al. 2016, figure 1: low 5 times, lower 2, newest 6, widest 3; `es`, `est` are made first."""
    texts = ["low"] * 5 + ["lower"] * 2 + ["newest"] * 6 + ["widest"] * 3
    letters = ("<blk>", "▁", *"deilnorstw")
    assert BpeTokenizer.train(texts, pieces=len(letters)).tokens == letters
    tokenizer = BpeTokenizer.train(texts, pieces=len(letters) + 2)
    assert tokenizer.tokens == (*letters, "st", "est")  # st, es: nine times each; the last in order comes first
    assert [tokenizer.tokens[number] for number in tokenizer.encode("newest west")] == [
        *("▁", "n", "e", "w", "est"),
        *("▁", "w", "est"),
    ]


def test_pieces_stop_where_pairs_are_rare() -> None:
    assert BpeTokenizer.train(["ab"] * 7).tokens == ("<blk>", "▁", "a", "b")
    assert BpeTokenizer.train(["ab"] * 8).tokens == ("<blk>", "▁", "a", "b", "▁a", "▁ab")
    with pytest.raises(TextError, match="3 are fewer than the 4 single tokens"):
        BpeTokenizer.train(["ab"], pieces=3)
    with pytest.raises(TextError, match="name the kind"):
        BpeTokenizer([BLANK, "▁a▁b"])


def test_pieces_are_restored_from_the_tokens_alone() -> None:
    texts = ["three thirteen thirty", "seven seventeen seventy"] * 8
    tokenizer = BpeTokenizer.train(texts, pieces=40)
    restored = BpeTokenizer(tokenizer.tokens)
    for text in (*texts, "seventhree", "nth"):
        assert restored.encode(text) == tokenizer.encode(text)
        assert restored.decode(restored.encode(text)) == text
    assert len(tokenizer.encode("thirteen")) < len("thirteen")


def test_many_unknown_units_are_cut_short() -> None:
    with pytest.raises(TextError, match=r"and 16 more outside") as caught:
        CharTokenizer.train(["ä"]).encode("abcdefghijklmnopqrstuvwxyz" * 9)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        ([], ""),
        (["▁"], ""),
        (["▁he", "llo", "▁", "▁world", "▁"], "hello world"),
        (["a", "▁b"], "a b"),
        (["\u00a0"], "\u00a0"),  # only SPACE parts words
    ],
)
def test_join_tokens(tokens: list[str], text: str) -> None:
    assert join_tokens(tokens) == text
