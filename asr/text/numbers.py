"""What spelling numbers out has in common: digits as ASCII, patterns in their order, and the library behind them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache

from asr.errors import require

Match = re.Match[str]
Patterns = Sequence[tuple[re.Pattern[str], Callable[[Match], str] | str]]

_PLAIN_DIGITS = 9  # an unbroken number of more is no amount, as a telephone number is none
_GROUPED_DIGITS = 15  # where separators show that it is one
FRACTION_SLASH = "\N{FRACTION SLASH}"
FRACTION = rf"(?<!\d)(?:(?P<whole>\d{{1,3}}) )?(?P<above>\d{{1,3}}){FRACTION_SLASH}(?P<below>\d{{1,3}})(?!\d)"

_READ = re.compile(r"[\d%‰°§$€£¥\u3007]")
_READ_ASCII = b"0123456789%$"
_BEFORE_FRACTION = re.compile(r"(?<=\d)(?=[\u00bc-\u00be\u2150-\u215e])")  # two and a half is not twenty-one halves


def plain_digits(text: str) -> str:
    """Return the text in NFKC with the decimal digits of every script as 0 to 9."""
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", _BEFORE_FRACTION.sub(" ", text))
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)


def is_listed(digits: str, *, grouped: bool = False) -> bool:
    """Return whether a number is read digit by digit: it is too long for an amount, or begins with a zero."""
    return len(digits) > (_GROUPED_DIGITS if grouped else _PLAIN_DIGITS) or (digits[:1] == "0" and len(digits) > 1)


def _is_read(text: str) -> bool:
    if text.isascii():  # most texts are, and of a million this takes a quarter of the time
        return len(text.encode().translate(None, delete=_READ_ASCII)) < len(text)
    return _READ.search(text) is not None


def rewritten(text: str, patterns: Callable[[], Patterns]) -> str:
    """Return the text after every pattern, one after another; each has a digit or a symbol that is read with one.

    They are asked for, and so compiled, by the first text that has one.
    """
    if not _is_read(text):
        return text
    for pattern, spelling in patterns():
        text = pattern.sub(spelling, text)
    return text


@lru_cache(maxsize=1 << 14)
def spelled(number: int, language: str, kind: str = "cardinal") -> str:
    """Return a number in words by num2words; kind: cardinal, ordinal or year. Raises MissingPackage."""
    library = require("num2words", extra="text", purpose="spelling numbers out")
    return str(library.num2words(number, lang=language, to=kind))


def each_digit(digits: str, language: str) -> str:
    return " ".join(spelled(int(digit), language) for digit in digits)
