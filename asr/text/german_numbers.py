"""German numbers in words: dates, times, amounts, ordinals with their endings, years, fractions."""

from __future__ import annotations

import re
from functools import cache

from asr.text.numbers import FRACTION, FRACTION_SLASH, Match, Patterns, each_digit, is_listed, rewritten, spelled

_MONTHS = (
    *("Januar", "Februar", "März", "April", "Mai", "Juni"),
    *("Juli", "August", "September", "Oktober", "November", "Dezember"),
)
_SHORT = {month[:3]: month for month in _MONTHS} | {"Sept": "September", "Jänner": "Januar", "Feber": "Februar"}
_NAMED = "|".join(form for name in sorted({*_MONTHS, *_SHORT}, key=len, reverse=True) for form in (name, name.upper()))
_MONTH = rf"(?P<month>{_NAMED})\b\.?"
# What stands before an ordinal decides its ending: `der dritte`, `am dritten`; on its own it is `dritter`.
_WEAK = "der|die|das"
_OBLIQUE = (
    "am|im|vom|zum|zur|beim|dem|den|des|bis|seit|ab|nach|vor|einem|einen|einer|eines|"
    "diesem|diesen|dieser|jedem|jeden|jeder|ihrem|ihren|seinem|seinen"
)
_BEFORE = rf"(?:\b(?P<before>(?i:{_WEAK}|{_OBLIQUE}))\s)"
_DAY = r"(?<![\d.,:/-])(?P<day>[12]\d|3[01]|0?[1-9])\."
_YEAR = r"(?P<year>\d{4})(?![\d,.:]?\d)"
_AMOUNT = r"(?<!\d)(?:\d{1,3}(?:\.\d{3})+(?!\d)|\d+)(?:,\d+)?"
_SCALES = {"Mio": "Millionen", "Mrd": "Milliarden", "Tsd": "Tausend"}
_SCALE = r"(?P<scale>\s?(?:Hundert|Tausend|Million(?:en)?|Milliarden?|Billion(?:en)?)\b)?"
_UNITS = {"$": "Dollar", "€": "Euro", "£": "Pfund", "¥": "Yen"}
_ONE_OF = "Uhr|Euro|Dollar|Pfund|Cent|Prozent|Grad|Meter|Kilometer|Zentimeter|Kilogramm|Kilo|Gramm|Liter"

_ONE_OF_HER = "Million|Milliarde|Billion|Sekunde|Minute|Stunde|Woche|Tonne|Person"


def spell_numbers(text: str) -> str:
    """Return the text with words for all digits 0 to 9, and for the symbols that are read with them."""
    return rewritten(text, _patterns)


def cardinal(number: int) -> str:
    return spelled(number, "de")


def ordinal(number: int, before: str | None) -> str:
    """Return an ordinal with the ending that the word before it asks for."""
    if before is None:
        return f"{spelled(number, 'de', 'ordinal')}r"
    return spelled(number, "de", "ordinal") + ("" if re.fullmatch(_WEAK, before, re.IGNORECASE) else "n")


def year(number: int) -> str:
    """Return a year as it is said: neunzehnhundertachtundneunzig, zweitausendzwanzig."""
    return spelled(number, "de", "year" if 1100 <= number <= 1999 else "cardinal")


def quantity(written: str) -> str:
    """Return a number that is no year: eintausendzweihundertvierunddreißig Komma fünf null."""
    whole, comma, decimals = written.replace(".", "").partition(",")
    spoken = each_digit(whole, "de") if is_listed(whole, grouped="." in written) else cardinal(int(whole))
    return f"{spoken} Komma {each_digit(decimals, 'de')}" if comma else spoken


def number(written: str) -> str:
    """Return a number; one of four digits alone is said as a year is."""
    return year(int(written)) if re.fullmatch(r"[1-9]\d{3}", written) else quantity(written)


def _before(match: Match) -> str:
    return f"{match['before']} " if match["before"] else " "


def _date(match: Match) -> str:
    name = match["month"].capitalize()
    of_year = f" {year(int(match['year']))}" if match["year"] else ""
    return f"{_before(match)}{ordinal(int(match['day']), match['before'])} {_SHORT.get(name, name)}{of_year} "


def _numeric_date(match: Match) -> str:
    if not (match["before"] or match["year"]):  # the number of a chapter looks like this
        return match[0]
    day, month = (ordinal(int(match[part]), match["before"]) for part in ("day", "number"))
    of_year = f" {year(int(match['year']))}" if match["year"] else ""
    return f"{_before(match)}{day} {month}{of_year} "


def _iso_date(match: Match) -> str:
    return f" {ordinal(int(match[3]), None)} {_MONTHS[int(match[2]) - 1]} {year(int(match[1]))} "


def _clock(match: Match) -> str:
    hour, minute, second = match["hour"], match["minute"], match["second"]
    spoken = ["ein" if int(hour) == 1 else cardinal(int(hour)), "Uhr"]
    if minute and int(minute):
        spoken.append(cardinal(int(minute)))
    if second and int(second):
        spoken += ["und", "eine Sekunde" if int(second) == 1 else f"{cardinal(int(second))} Sekunden"]
    return f" {' '.join(spoken)} "


def _ordinal(match: Match) -> str:
    return f"{match['before']} {ordinal(int(match['number']), match['before'])} "


def _money(match: Match) -> str:
    unit, scale = _UNITS[match["unit"]], (match["scale"] or "").strip()
    whole, _, decimals = match["amount"].partition(",")
    if scale or len(decimals) not in (0, 2):
        one = "eine" if scale else "ein"
        return f" {one if match['amount'] == '1' else quantity(match['amount'])} {scale} {unit} "
    cents = cardinal(int(decimals)) if decimals.strip("0") else ""
    return f" {'ein' if whole == '1' else quantity(whole)} {unit} {cents} "


def _fraction(match: Match) -> str:
    above, below = int(match["above"]), int(match["below"])
    if not 0 < above < below <= 100:
        return f" {number(match['above'])} durch {number(match['below'])} " if FRACTION_SLASH in match[0] else match[0]
    part = "halb" if below == 2 else f"{spelled(below, 'de', 'ordinal')[:-1]}el"
    whole = f"{number(match['whole'])} und " if match["whole"] else ""
    return f" {whole}{'ein' if above == 1 else cardinal(above)} {part} "


_TIME = r"(?<![\d.:])(?P<hour>0?\d|1\d|2[0-4])"
_MINUTES = r"(?P<minute>[0-5]\d)(?:[:.](?P<second>[0-5]\d))?"


@cache
def _patterns() -> Patterns:
    return (
        (re.compile(r"(?<!\d)(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(?!\d)"), _iso_date),
        (re.compile(rf"{_BEFORE}?{_DAY}\s?{_MONTH}(?:\s{_YEAR})?"), _date),
        (
            re.compile(
                rf"{_BEFORE}?{_DAY}\s?(?P<number>1[0-2]|0?[1-9])\.(?:\s?(?P<year>\d{{4}}|\d\d)(?![\d,.:]?\d)|(?!\d))"
            ),
            _numeric_date,
        ),
        (re.compile(rf"{_TIME}(?:[:.]{_MINUTES})?\s?Uhr\b"), _clock),
        (re.compile(rf"{_TIME}:{_MINUTES}(?![\d:])"), _clock),
        (re.compile(rf"{_BEFORE}(?P<number>\d{{1,4}})\.(?=\s\w)"), _ordinal),
        (
            re.compile(r"(?<![\d.,])(\d{1,2})\.(?=\sJahr(?:hundert|tausend)\b)"),
            lambda m: f" {ordinal(int(m[1]), 'das')}s ",
        ),
        (re.compile(r"(?<![\w.])[-\u2212](?=[$€£¥]?\s?\d)"), " minus "),
        (re.compile(r"(?<=\d)\s?(Mio|Mrd|Tsd)\b\.?"), lambda match: f" {_SCALES[match[1]]} "),
        (re.compile(rf"(?P<amount>{_AMOUNT}){_SCALE}\s?(?P<unit>[$€£¥])(?!\s?\d)"), _money),
        (re.compile(rf"(?P<unit>[$€£¥])\s?(?P<amount>{_AMOUNT}){_SCALE}"), _money),
        (re.compile(FRACTION), _fraction),
        (re.compile(r"(?<![\d/.,])(?P<whole>)(?P<above>[1-9])/(?P<below>[2-9]|10)(?![\d/])"), _fraction),
        (re.compile(rf"(?<![\d.,])1(?=\s?(?:%|°|(?:{_ONE_OF})\b))"), " ein "),
        (re.compile(rf"(?<![\d.,])1(?=\s(?:{_ONE_OF_HER})\b)"), " eine "),
        (re.compile(r"(?<=\d)\s?[\u2013\u2014]\s?(?=[$€£¥]?\d)"), " bis "),
        (re.compile(r"(?<![\d.,])(\d{2,4})er\b"), lambda match: f" {number(match[1])}er "),
        (
            re.compile(r"(?<![\d.,])(\d{1,4})-?(?=(?:jährig|tägig|stündig|minütig|fach|mal|teilig|köpfig|stellig))"),
            lambda match: f" {number(match[1])}",
        ),
        (re.compile(r"\bNr\.?\s?(?=\d)|\bNo(?:\.\s?)?(?=\d)|#(?=\d)"), " Nummer "),
        (re.compile(r"§+"), " Paragraf "),
        (re.compile(r"\+(?=\d)"), " plus "),
        (re.compile(r"(?<=\d)\.(?=\d{1,2}(?!\d)|\d{4})"), " Punkt "),  # of three digits it is one of thousands
        (re.compile(_AMOUNT), lambda match: f" {number(match[0])} "),
        (re.compile(r"\s?°\s?C\b"), " Grad Celsius "),
        (re.compile(r"\s?°\s?F\b"), " Grad Fahrenheit "),
        (re.compile("°"), " Grad "),
        (re.compile("%"), " Prozent "),
        *((re.compile(re.escape(symbol)), f" {name} ") for symbol, name in _UNITS.items()),
    )
