"""Mandarin numbers in words: dates, times, amounts, percentages, fractions; simplified characters."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from asr.errors import require
from asr.text.numbers import FRACTION_SLASH, Match, Patterns, is_listed, rewritten

_DIGITS = "零一二三四五六七八九"
_AMOUNT = r"(?<!\d)(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?"
_SCALE = r"(?P<scale>[十百千]?[万萬亿億])?"
_UNITS = {"$": "美元", "€": "欧元", "£": "英镑", "¥": "元"}
# What is counted: before these two is 两, and in 二月, 二号, 第二 it stays.
_COUNTED = "[个個位名次天只隻条條家种種张張块塊人件本句点點千万萬亿億]|年(?!级|級)|小时|小時|分钟|分鐘|公里"


def spell_numbers(text: str) -> str:
    """Return the text with characters for all digits 0 to 9, and for the symbols that are read with them."""
    return rewritten(text, _patterns)


@lru_cache(maxsize=1 << 14)
def cardinal(number: int) -> str:
    """Return a number in characters by cn2an: 一千二百零三, and 两千. Raises MissingPackage."""
    library = require("cn2an", extra="text", purpose="spelling Mandarin numbers out")
    return re.sub("^二(?=[千万亿])", "两", str(library.an2cn(str(number), "low")))


def each_digit(digits: str) -> str:
    return "".join(_DIGITS[int(digit)] for digit in digits)


def number(written: str) -> str:
    """Return a number with its decimals: 三点一四."""
    whole, point, decimals = written.replace(",", "").partition(".")
    spoken = each_digit(whole) if is_listed(whole, grouped="," in written) else cardinal(int(whole))
    return f"{spoken}点{each_digit(decimals)}" if point else spoken


def counted(written: str) -> str:
    """Return how many there are of something: two is 两."""
    return "两" if written == "2" else number(written)


def _date(match: Match) -> str:
    return f"{each_digit(match['year'])}年{cardinal(int(match['month']))}月{cardinal(int(match['day']))}日"


def _clock(match: Match) -> str:
    hour, minute, second = match["hour"], match["minute"], match["second"]
    spoken = f"{counted(str(int(hour)))}点"
    if int(minute) or second:
        spoken += f"{_two_digits(minute)}分"
    return f"{spoken}{_two_digits(second)}秒" if second else spoken


def _two_digits(written: str) -> str:
    return f"零{number(written[1])}" if written[0] == "0" and written != "00" else number(str(int(written)))


def _money(match: Match) -> str:
    return f"{counted(match['amount'])}{match['scale'] or ''}{_UNITS[match['unit']]}"


def _fraction(match: Match) -> str:
    above, below = int(match["above"]), int(match["below"])
    return f"{cardinal(below)}分之{cardinal(above)}" if 0 < above < below else match[0]


@cache
def _patterns() -> Patterns:
    return (
        (re.compile("\u3007"), "零"),
        (
            re.compile(
                r"(?<![\d.,])(?P<year>\d{4})(?P<mark>[-/.])(?P<month>0?[1-9]|1[0-2])(?P=mark)"
                r"(?P<day>[12]\d|3[01]|0?[1-9])(?![\d.,/-]?\d)"
            ),
            _date,
        ),
        (re.compile(r"(?<!\d)(\d{4}|\d\d(?=年\d{1,2}月))(?=年)"), lambda match: each_digit(match[1])),
        (
            re.compile(r"(?<![\d.:])(?P<hour>0?\d|1\d|2[0-4]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?(?![\d:])"),
            _clock,
        ),
        (re.compile(r"(?<=[年月日号时点])\s?[-\u2013\u2014~\u301c]\s?(?=\d)"), "到"),
        (re.compile(r"(?<![\dA-Za-z])[-\u2212](?=[$€£¥]?\d)"), "负"),
        (re.compile(rf"(?P<unit>[$€£¥])\s?(?P<amount>{_AMOUNT}){_SCALE}元?"), _money),
        (re.compile(rf"(?P<amount>{_AMOUNT}){_SCALE}\s?(?P<unit>[$€£¥])(?!\s?\d)"), _money),
        (re.compile(rf"({_AMOUNT})\s?%"), lambda match: f"百分之{number(match[1])}"),
        (re.compile(rf"({_AMOUNT})\s?‰"), lambda match: f"千分之{number(match[1])}"),
        (re.compile(rf"(?<![\d/.])(?P<above>\d{{1,3}})[/{FRACTION_SLASH}](?P<below>\d{{1,3}})(?![\d/])"), _fraction),
        (re.compile(r"(?<=\d)\s?[\u2013\u2014~\u301c]\s?(?=[$€£¥]?\d)"), "到"),
        (re.compile(rf"(?<![\d.第])2(?=\s?(?:{_COUNTED}))"), "两"),
        (re.compile(r"\s?°\s?C\b"), "摄氏度"),
        (re.compile(r"\s?°\s?F\b"), "华氏度"),
        (re.compile("°"), "度"),
        (re.compile(r"(?<!\d)\d+(?:\.\d+){2,}"), lambda match: "点".join(map(number, match[0].split(".")))),
        (re.compile(_AMOUNT), lambda match: number(match[0])),
        *((re.compile(re.escape(symbol)), name) for symbol, name in _UNITS.items()),
    )
