"""Text rules: what every rule promises, and what each one does."""

# ruff: noqa: RUF001 - look-alikes are the matter here

from __future__ import annotations

import dataclasses
import hashlib
import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import assume, example, given, reject, settings
from hypothesis import strategies as st

from asr.errors import AsrError, MissingPackage, TextError
from asr.text import OLDER, TEXT_RULES, Change, get_rule, label
from asr.text.chain import Chain
from asr.text.numbers import spelled

SAME_EACH_RUN = settings(deadline=None, derandomize=True)
PAGE = Path(__file__).resolve().parent.parent / "docs" / "TEXT.md"
LABELS = [*OLDER, *map(label, TEXT_RULES.values())]
SPELLING = [name for name in LABELS if name.partition("/")[0] in ("en", "de", "zh", "zh-hans") and name != "en/1"]
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


# What numbers are written with, so that random texts are full of dates, times and amounts.
PARTS = [
    *"0123456789 .,:;-–~/'%$€£¥#+°&§²½⅓⁄①٣〇点年月日号个第两万亿，　aApPmM",
    *["Uhr", "May ", "Mai ", "st", "nd", "er", "am ", "der ", "Mio.", "No.", "°C", "\u00ad", "\u0308", "ß", "ä", "İ"],
    *["ŉ", "‘", "\u2212", "乾", "隆", "白", "薴", "漢", "12", "1998", "2020", "10000000000", "1,000", "1.000", "05"],
]
numeric = st.lists(st.sampled_from(PARTS), max_size=12).map("".join)


@pytest.mark.parametrize("name", LABELS)
@settings(SAME_EACH_RUN)
@given(text=st.text())
def test_every_rule_is_stable_and_leaves_single_spaces(name: str, text: str) -> None:
    try:
        _check_promises(name, text)
    except MissingPackage:
        reject()


@pytest.mark.parametrize("name", LABELS)
@settings(SAME_EACH_RUN, max_examples=150)
@given(text=numeric)
def test_every_rule_is_stable_on_numbers(name: str, text: str) -> None:
    for package in ("num2words", "cn2an", "opencc"):
        pytest.importorskip(package, reason=f"{package} spells numbers (extra 'text')")
    _check_promises(name, text)
    if name in SPELLING:
        assert not any(character.isdecimal() for character in get_rule(name)(text))


@pytest.mark.parametrize("text", ODD)
@pytest.mark.parametrize("name", LABELS)
def test_every_rule_keeps_its_promises_on_odd_texts(name: str, text: str) -> None:
    try:
        _check_promises(name, text)
    except MissingPackage as error:
        pytest.skip(str(error))


def _check_promises(name: str, text: str) -> None:
    rule = get_rule(name)
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


def test_a_rule_that_has_changed_stays_under_its_version() -> None:
    assert {get_rule(name) for name in OLDER} == set(OLDER.values())
    for name, rule in OLDER.items():
        assert label(rule) == name
        assert rule.version < TEXT_RULES[rule.name].version


def test_unknown_rule_names_the_near_one() -> None:
    with pytest.raises(TextError, match=r"basik.*did you mean 'basic'"):
        get_rule("basik")
    with pytest.raises(AsrError, match="known: basic, de, en, none, zh, zh-hans"):
        get_rule("zzz")


def test_a_version_that_is_not_here_is_refused() -> None:
    with pytest.raises(TextError, match=r"'en/99'.*has 'en/1', 'en/2'"):
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


@pytest.mark.parametrize("name", ["basic", "en/1"])
@settings(SAME_EACH_RUN)
@given(st.text(st.characters(max_codepoint=127)) | st.text("a'`& B.", max_size=12))
def test_ascii_is_treated_as_all_else_is(name: str, text: str) -> None:
    """A word of other letters sends the whole text the longer way."""
    rule = get_rule(name)
    assert rule(f"{text} \u0436") == f"{rule(text)} \u0436".lstrip()


@pytest.mark.parametrize("name", sorted({*TEXT_RULES, *OLDER}))
@settings(SAME_EACH_RUN)
@given(st.lists(st.text("abZ' ", max_size=9) | st.text("aB'`&. \t", max_size=9), max_size=3))
@example(["'tis", "it's  so", "the dogs'", " a", "B '' c", "O'NEIL'S", ""])
def test_a_plain_text_is_treated_as_step_by_step(name: str, texts: list[str]) -> None:
    rule = get_rule(name)
    assert isinstance(rule, Chain)
    step_by_step = dataclasses.replace(rule, lowers=False)
    assert [rule(text) for text in texts] == [step_by_step(text) for text in texts]
    assert rule.each(texts) == [step_by_step(text) for text in texts]


def cases() -> list[tuple[str, str, str]]:
    """Return (rule, text, what it becomes) of every row of the tables."""
    found: list[tuple[str, str, str]] = []
    for section in PAGE.read_text(encoding="utf-8").split("\n## ")[1:]:
        if heading := re.match(r"`(.+)`\n", section):
            rows = re.findall(r"^\| `(.+)` \| `(.+)` \|$", section, flags=re.MULTILINE)
            found += [(heading[1], text, expected) for text, expected in rows]
    return found


@pytest.mark.parametrize(("name", "text", "expected"), cases())
def test_the_tables_of_the_page_hold(name: str, text: str, expected: str) -> None:
    try:
        assert get_rule(name)(text) == expected
    except MissingPackage as error:
        pytest.skip(str(error))


def test_the_page_has_every_rule() -> None:
    page = PAGE.read_text(encoding="utf-8")
    overview = page.partition("\n## ")[0]
    assert sorted(re.findall(r"^\| `([\w/-]+)` \|", overview, flags=re.MULTILINE)) == sorted(LABELS)
    assert {name for name, _, _ in cases()} == {*LABELS} - {"none/1"}
    assert len(cases()) > 60


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("none", "  It’s  A\ttest! ", "It’s A test!"),
        ("none", "e\u0301", "é"),
        ("basic", "soft\u00adhyphen zero\u200bwidth", "softhyphen zerowidth"),
        ("basic", "你好，世界。", "你好 世界"),
        ("basic", "...", ""),
        ("en/1", "3 pm, 20 %", "3 pm 20"),
        ("en", "Ǣ Ǿ ẞ", "ae o ss"),
        ("en", "A B C", "a b c"),
        ("de", "\u0055\u0308BER", "über"),
        ("de", "ǟ ë Ẅ ẞ", "ä e w ß"),
        ("zh", "漢\u0308字", "漢字"),
        ("zh", "龍\uf9c4 𠀀 々", "龍龍𠀀々"),
        ("zh", "你'好 it's", "你好 it's"),
    ],
)
def test_what_a_rule_makes_of_a_text(name: str, text: str, expected: str) -> None:
    assert get_rule(name)(text) == expected


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("none/1", "1cca2151bf4b466312a43ca86369cfb4712ed741dcb18f8a0ef0f9249f9eaf28"),
        ("basic/1", "7bb9a3112139c3ab67ba935887230162fb1b570d2e36d9bdaf225db8fe292fd4"),
        ("en/1", "78b6347572d488e8bb2f9bcd099893cf1b82a409f73a14b51398ef1c2dc4b92b"),
    ],
)
def test_rules_that_models_carry_return_what_they_did(name: str, digest: str) -> None:
    """The digests are those of the rules of version 0.1.0, on every Latin letter, punctuation and full-width form."""
    spans = (range(0x250), range(0x2000, 0x2070), range(0xFB00, 0xFB07), range(0xFF00, 0xFFF0))
    characters = [chr(code) for span in spans for code in span]
    texts = [frame.replace("?", character) for character in characters for frame in ("?", "a?b", "5?5 'x?' ")]
    rule = get_rule(name)
    assert hashlib.sha256("\n".join(map(rule, texts)).encode()).hexdigest() == digest


@settings(SAME_EACH_RUN)
@given(st.text())
def test_the_english_rules_differ_in_numbers_and_their_symbols_alone(text: str) -> None:
    plain = unicodedata.normalize("NFKC", text)
    assume(not any(character.isdecimal() or character in "%°$€£¥" for character in plain))
    assert get_rule("en/2")(text) == get_rule("en/1")(text)


def test_a_rule_says_which_words_each_step_changed() -> None:
    assert get_rule("de").explain("  Der  „Käse“, café!") == [
        Change("accents", "café!", "cafe!"),
        Change("case", "Der „Käse“,", "der „käse“,"),
        Change("punctuation", "„käse“, cafe!", "käse cafe"),
    ]
    assert get_rule("zh").explain("你 好") == [Change("spaces", "你 好", "你好")]
    assert get_rule("en").explain("as it is") == []


def test_an_explanation_ends_with_what_the_rule_returns() -> None:
    pytest.importorskip("num2words", reason="num2words spells numbers (extra 'text')")
    changes = get_rule("en").explain("3 pm")
    assert [change.step for change in changes] == ["numbers"]
    assert changes[-1].after == get_rule("en")("3 pm") == "three p m"


@pytest.mark.parametrize(
    ("name", "text", "package"),
    [("en", "4,711", "num2words"), ("de", "4.711", "num2words"), ("zh", "4711", "cn2an"), ("zh-hans", "語", "opencc")],
)
def test_what_needs_a_package_names_the_extra(
    name: str, text: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from asr.text import mandarin, mandarin_numbers

    for cached in (spelled, mandarin_numbers.cardinal, mandarin._converter):
        cached.cache_clear()
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingPackage, match=r"pip install 'bilstm-asr\[text\]'"):
        get_rule(name)(text)
    assert get_rule(name)("no number") == "no number"


def test_packages_are_loaded_for_what_needs_them_alone() -> None:
    script = (
        "import sys\nfrom asr.text import get_rule\nfor name in ('en', 'de', 'zh'): get_rule(name)('Grüße, 你好!')\n"
        "print(*{'num2words', 'cn2an', 'opencc'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.split() == []


def test_a_number_of_any_length_is_spelled() -> None:
    pytest.importorskip("num2words", reason="num2words spells numbers (extra 'text')")
    pytest.importorskip("cn2an", reason="cn2an spells numbers (extra 'text')")
    for name in SPELLING:
        text = get_rule(name)("9" * 5000 + " 1," + "0" * 5000 + " 1⁄" + "9" * 5000)
        assert not re.search("[0-9]", text)


def test_english_only_lowers_what_librispeech_has_already_normalised(test_data: Path) -> None:
    lines = (test_data / "librispeech-sample" / "train-clean-100.trans.txt").read_text("utf-8").splitlines()
    texts = [line.split(maxsplit=1)[1].lower() for line in lines[::10]]
    changed = [text for text in texts if TEXT_RULES["en"](text) != " ".join(text.split())]
    # LibriSpeech keeps a few closing quotes as apostrophes at the end of a word (14 lines of 28,539).
    assert len(texts) > 2000
    assert len(changed) < 10
    assert all("' " in f"{text} " or " '" in f" {text}" for text in changed)
