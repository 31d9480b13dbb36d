"""Text rules: what every rule promises, and what each one does."""

# ruff: noqa: RUF001 - look-alikes are the matter here

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from asr.errors import AsrError, TextError
from asr.text import TEXT_RULES, get_rule, label

SAME_EACH_RUN = settings(deadline=None, derandomize=True)
ODD = [
    "",
    " ",
    "a",
    "'",
    "''",
    "İ",
    "Σ",
    "e\u200d\u0301",
    "❤\ufe0fa",
    "\ufeffhi",
    "ʼn",
    "½",
    "´",
    "ﬁ",
    "a\u00a0b\tc\nd",
    "ΑΣ'",
]


@pytest.mark.parametrize("name", TEXT_RULES)
@settings(SAME_EACH_RUN)
@given(text=st.text())
def test_every_rule_is_stable_and_leaves_single_spaces(name: str, text: str) -> None:
    _check_promises(name, text)


@pytest.mark.parametrize("text", ODD)
@pytest.mark.parametrize("name", TEXT_RULES)
def test_every_rule_keeps_its_promises_on_odd_texts(name: str, text: str) -> None:
    _check_promises(name, text)


def _check_promises(name: str, text: str) -> None:
    rule = TEXT_RULES[name]
    once = rule(text)
    assert rule(once) == once
    assert once == " ".join(once.split())
    assert unicodedata.is_normalized("NFC", once)


@pytest.mark.parametrize("name", TEXT_RULES)
def test_every_rule_is_found_by_its_name_and_by_its_label(name: str) -> None:
    rule = get_rule(name)
    assert rule.name == name
    assert label(rule) == f"{name}/{rule.version}"
    assert get_rule(label(rule)) is rule


def test_unknown_rule_names_the_near_one() -> None:
    with pytest.raises(TextError, match=r"basik.*did you mean 'basic'"):
        get_rule("basik")
    with pytest.raises(AsrError, match="known: basic, en, none"):
        get_rule("zzz")


def test_a_version_that_is_not_here_is_refused() -> None:
    with pytest.raises(TextError, match=r"'en/99'.*has 'en/1'"):
        get_rule("en/99")


@settings(SAME_EACH_RUN)
@given(st.text())
@example("_")
@example("۳٫۵")
def test_basic_leaves_only_letters_digits_marks_and_inner_apostrophes(text: str) -> None:
    for word in TEXT_RULES["basic"](text).split(" "):
        assert not word.startswith("'")
        assert not word.endswith("'")
        assert all(character == "'" or unicodedata.category(character)[0] in "LNM" for character in word)
        assert not word or unicodedata.category(word[0])[0] != "M", "a mark without its letter"


@pytest.mark.parametrize("name", ["basic", "en"])
@settings(SAME_EACH_RUN)
@given(st.text(st.characters(max_codepoint=127)) | st.text("a'`& B.", max_size=12))
def test_ascii_is_treated_as_all_else_is(name: str, text: str) -> None:
    """A word of other letters sends the whole text the longer way."""
    assert TEXT_RULES[name](f"{text} \u0436") == f"{TEXT_RULES[name](text)} \u0436".lstrip()


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("none", "  It’s  A\ttest! ", "It’s A test!"),
        ("none", "e\u0301", "é"),
        ("basic", "Hello, World!", "hello world"),
        ("basic", "It's the dogs' 'bone' -- rock 'n' roll", "it's the dogs bone rock n roll"),
        ("basic", "don’t", "don't"),
        ("basic", "“Quoted” well-known café №5", "quoted well known café no5"),
        ("basic", "Straße, ÜBER 3.5 %", "straße über 3 5"),
        ("basic", "soft\u00adhyphen zero\u200bwidth", "softhyphen zerowidth"),
        ("basic", "ＦＵＬＬ　ｗｉｄｔｈ", "full width"),
        ("basic", "हिन्दी, भाषा।", "हिन्दी भाषा"),
        ("basic", "你好，世界。", "你好 世界"),
        ("basic", "...", ""),
        ("en", "Don’t ‘quote’ o´clock ʼtis", "don't quote o'clock tis"),
        ("en", "Naïve Œuvre & Encyclopædia, Ångström", "naive oeuvre and encyclopaedia angstrom"),
        ("en", "Ǣ Ǿ ẞ", "ae o ss"),
        ("en", "AT&T’s R&D", "at and t's r and d"),
        ("en", "A B C", "a b c"),
    ],
)
def test_what_a_rule_makes_of_a_text(name: str, text: str, expected: str) -> None:
    assert TEXT_RULES[name](text) == expected


def test_english_only_lowers_what_librispeech_has_already_normalised(test_data: Path) -> None:
    lines = (test_data / "librispeech-sample" / "train-clean-100.trans.txt").read_text("utf-8").splitlines()
    texts = [line.split(maxsplit=1)[1].lower() for line in lines[::10]]
    changed = [text for text in texts if TEXT_RULES["en"](text) != " ".join(text.split())]
    # LibriSpeech keeps a few closing quotes as apostrophes at the end of a word (14 lines of 28,539).
    assert len(texts) > 2000
    assert len(changed) < 10
    assert all("' " in f"{text} " or " '" in f" {text}" for text in changed)
