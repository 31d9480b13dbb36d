"""English numbers in words: dates, times, amounts, ordinals, years, fractions."""

from __future__ import annotations

import re
from functools import cache, partial

from asr.text.numbers import FRACTION, FRACTION_SLASH, Match, Patterns, each_digit, is_listed, rewritten, spelled

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_SHORT = {month[:3]: month for month in _MONTHS} | {"Sept": "September"}
# A month with a capital: `may` and `march` are other words as well.
_NAMED = "|".join(form for name in sorted({*_MONTHS, *_SHORT}, key=len, reverse=True) for form in (name, name.upper()))
_MONTH = rf"(?P<month>{_NAMED})\b\.?"
_DAY = r"(?<![\d.,:/-])(?P<day>[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th|ST|ND|RD|TH)?"
_YEAR = r"(?P<year>1\d{3}|20\d\d)(?![\d,.:]?\d)"
_AMOUNT = r"(?<!\d)(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|(?<![^\W\d_])\.\d+"
_SCALE = r"(?P<scale>\s?(?:hundred|thousand|million|billion|trillion)\b)?"
_UNITS = {  # of a currency: one, several, a hundredth, several hundredths
    "$": ("dollar", "dollars", "cent", "cents"),
    "€": ("euro", "euros", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "¥": ("yen", "yen", "sen", "sen"),
}


def spell_numbers(text: str) -> str:
    """Return the text with words for all digits 0 to 9, and for the symbols that are read with them."""
    return rewritten(text, _patterns)


def cardinal(number: int) -> str:
    """Return the American reading, without `and`: one hundred twenty three."""
    return spelled(number, "en").replace(",", "").replace("-", " ").replace(" and ", " ")


def ordinal(number: int) -> str:
    return spelled(number, "en", "ordinal").replace(",", "").replace("-", " ").replace(" and ", " ")


def year(number: int) -> str:
    """Return a year as it is said: nineteen ninety eight, two thousand nine, twenty twenty."""
    if 1010 <= number <= 1999 or 2010 <= number <= 2099:
        return spelled(number, "en", "year").replace("-", " ")
    return cardinal(number)


def quantity(written: str) -> str:
    """Return a number that is no year: one thousand two hundred thirty four point five zero."""
    whole, point, decimals = written.replace(",", "").partition(".")
    spoken = []
    if whole:
        spoken.append(each_digit(whole, "en") if is_listed(whole, grouped="," in written) else cardinal(int(whole)))
    return " ".join([*spoken, "point", each_digit(decimals, "en")] if point else spoken)


def number(written: str) -> str:
    """Return a number; one of four digits alone is said as a year is."""
    return year(int(written)) if re.fullmatch(r"[1-9]\d{3}", written) else quantity(written)


def _date(match: Match, *, day_first: bool) -> str:
    name = match["month"].capitalize()
    month, day = _SHORT.get(name, name), ordinal(int(match["day"]))
    of_year = f" {year(int(match['year']))}" if match["year"] else ""
    return f" the {day} of {month}{of_year} " if day_first else f" {month} {day}{of_year} "


def _iso_date(match: Match) -> str:
    return f" {_MONTHS[int(match[2]) - 1]} {ordinal(int(match[3]))} {year(int(match[1]))} "


def _clock(match: Match, *, half: str = "") -> str:
    hour, minute, second = int(match["hour"]), match["minute"], match.groupdict().get("second")
    parts = [cardinal(hour), _minutes(minute) if minute else "", _minutes(second) if second else ""]
    if not half and not second and minute == "00":
        parts[1] = "o'clock"
    return " " + " ".join(filter(None, [*parts, half])) + " "


def _minutes(written: str) -> str:
    if written == "00":
        return ""
    return f"oh {cardinal(int(written))}" if written[0] == "0" else cardinal(int(written))


def _half_day(match: Match) -> str:
    return _clock(match, half=f"{match['half'].lower()} m")


def _money(match: Match) -> str:
    one, several, hundredth, hundredths = _UNITS[match["unit"]]
    whole, _, decimals = match["amount"].partition(".")
    if match["scale"] or len(decimals) != 2:
        single = match["amount"] == "1" and not match["scale"]
        return f" {quantity(match['amount'])} {(match['scale'] or '').strip()} {one if single else several} "
    parts = [f"{quantity(whole)} {one if whole == '1' else several}"] if whole.strip("0") else []
    if int(decimals):
        parts.append(f"{cardinal(int(decimals))} {hundredth if decimals == '01' else hundredths}")
    return f" {' and '.join(parts) or f'{quantity(whole)} {several}'} "


def _ordinal(match: Match) -> str:
    digits = match[1].replace(",", "")
    return f" {each_digit(digits, 'en')} {match[2]} " if is_listed(digits) else f" {ordinal(int(digits))} "


def _decade(match: Match) -> str:
    *before, last = number(match[1]).split()
    return " ".join(["", *before, f"{last[:-1]}ies" if last.endswith("y") else f"{last}s", ""])


def _fraction(match: Match) -> str:
    above, below = int(match["above"]), int(match["below"])
    if not 0 < above < below <= 100:
        return f" {number(match['above'])} over {number(match['below'])} " if FRACTION_SLASH in match[0] else match[0]
    part = {2: "half", 4: "quarter"}.get(below) or ordinal(below)
    several = "halves" if below == 2 else f"{part}s"
    whole = f"{number(match['whole'])} and " if match["whole"] else ""
    return f" {whole}{cardinal(above)} {part if above == 1 else several} "


_TIME = r"(?<![\d.:])(?P<hour>0?\d|1\d|2[0-4])"


@cache
def _patterns() -> Patterns:
    return (
        (re.compile(r"(?<!\d)(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(?!\d)"), _iso_date),
        (re.compile(rf"\b{_MONTH}\s{_DAY}(?![\d:%]|[.,]\d)\b(?:,?\s{_YEAR})?"), partial(_date, day_first=False)),
        (re.compile(rf"(?:\b[Tt]he\s)?{_DAY}\s(?:of\s)?{_MONTH}(?:,?\s{_YEAR})?"), partial(_date, day_first=True)),
        (re.compile(rf"{_TIME}(?:[:.](?P<minute>[0-5]\d))?\s?(?P<half>[AaPp])(?:\.\s?)?[Mm]\b\.?"), _half_day),
        (re.compile(rf"{_TIME}:(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?(?![\d:])"), _clock),
        (re.compile(r"(?<![\w.])[-\u2212](?=[$€£¥]?\s?\.?\d)"), " minus "),
        (re.compile(rf"(?P<unit>[$€£¥])\s?(?P<amount>{_AMOUNT}){_SCALE}"), _money),
        (re.compile(rf"(?P<amount>{_AMOUNT}){_SCALE}\s?(?P<unit>[$€£¥])(?!\s?\d)"), _money),
        (re.compile(FRACTION), _fraction),
        (re.compile(r"(?<![\d/.])(?P<whole>)(?P<above>[1-9])/(?P<below>[2-9]|10)(?![\d/])"), _fraction),
        (re.compile(r"(?<!\d)(\d{1,3}(?:,\d{3})+|\d+)(st|nd|rd|th)\b", re.IGNORECASE), _ordinal),
        (re.compile(r"(?<![\d.,])(\d{1,3}0)'?s\b"), _decade),
        (re.compile(r"(?<=\d)\s?[\u2013\u2014]\s?(?=[$€£¥]?\d)"), " to "),
        (re.compile(r"\bNos?(?:\.\s?)?(?=\d)|#(?=\d)"), " number "),
        (re.compile(r"\+(?=\d)"), " plus "),
        (re.compile(_AMOUNT), lambda match: f" {number(match[0])} "),
        (re.compile(r"\s?°\s?C\b"), " degrees Celsius "),
        (re.compile(r"\s?°\s?F\b"), " degrees Fahrenheit "),
        (re.compile("°"), " degrees "),
        (re.compile("%"), " percent "),
        *((re.compile(re.escape(symbol)), f" {several} ") for symbol, (_, several, _, _) in _UNITS.items()),
    )
