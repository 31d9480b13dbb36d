"""Han characters: where a text without spaces parts, and what is joined again."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asr.han import HAN_BLOCKS, holds_han, is_han, parted, sentence, single_spaces, units

SAME_EACH_RUN = settings(deadline=None, derandomize=True)
TEXTS = st.text(st.sampled_from("aß'1 \t你好々𠀀か한"))


def test_han_characters_are_those_that_unicode_calls_ideographs() -> None:
    """By the names of the Unicode Character Database; beside them the iteration mark and the zero."""
    kinds = ("CJK UNIFIED IDEOGRAPH", "CJK COMPATIBILITY IDEOGRAPH")
    named = {code for code in range(0x110000) if unicodedata.name(chr(code), "").startswith(kinds)}
    assert [f"{code:X}" for code in sorted(named) if not is_han(chr(code))] == []
    listed = [code for first, last in HAN_BLOCKS for code in range(first, last + 1)]
    others = [f"{code:X}" for code in listed if unicodedata.category(chr(code)) != "Cn" and code not in named]
    assert others == ["3005", "3007"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("it's a test", ["it's", "a", "test"]),
        ("买apple手机 T恤", ["买", "apple", "手", "机", "T", "恤"]),
        (" 二\u3007\u3000人々 ", ["二", "\u3007", "人", "々"]),
        ("カタカナ 한국", ["カタカナ", "한국"]),
    ],
)
def test_words_of_a_text(text: str, expected: list[str]) -> None:
    assert units(text) == expected
    assert parted(text) == " ".join(expected)
    assert holds_han(text) == any(map(is_han, expected))


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["买", "apple", "手", "机"], "买 apple 手机"),
        (["好、", "世", "界"], "好、世界"),
        (["a", "b"], "a b"),
        ([], ""),
    ],
)
def test_the_text_of_words(words: list[str], text: str) -> None:
    assert sentence(words) == text


def test_no_white_space_is_printable_but_the_space() -> None:
    spaces = [chr(code) for code in range(0x110000) if chr(code).isspace()]
    assert [space for space in spaces if single_spaces(f"{space}a{space}b{space}") != "a b"] == []


@SAME_EACH_RUN
@given(st.text(st.sampled_from("ab \t\u00a0\u3000\u2028\x1f你")))
def test_spaces_are_single(text: str) -> None:
    assert single_spaces(text) == " ".join(text.split())


@SAME_EACH_RUN
@given(TEXTS)
def test_parting_loses_nothing_but_white_space(text: str) -> None:
    assert "".join(units(text)) == "".join(text.split())
    assert units(parted(text)) == units(text) == units(sentence(units(text)))
    assert parted(parted(text)) == parted(text)
