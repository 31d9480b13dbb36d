"""Texts: empty ones, characters that no token stands for, and what the text rules take away."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

from asr.doctor.case import Finding, Survey
from asr.doctor.check import Check
from asr.tokenizers import SPACE
from asr.tokenizers.tokens import named, shown

_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")

# A token that fewer utterances hold cannot be learnt; in a small set most are rare.
_FEW = 3
_MANY_UTTERANCES = 100

# A text as long as this does not come again by chance.
_LONG_WORDS = 4
_LONG_LETTERS = 12
_OFTEN = 5
_OFTENER = 10  # than the text in the middle


def _empty(survey: Survey) -> Iterator[Finding]:
    for case in survey.cases:
        if not case.text.strip():
            before = case.utterance.text
            yield case.finding(f"nothing is left of {shown(before)}" if before.strip() else "has no text")


def _outside(survey: Survey) -> Iterator[Finding]:
    for case in survey.cases:
        if case.outside:
            units = tuple(map(_quoted, case.outside))
            yield case.finding(f"{', '.join(dict.fromkeys(units))} in {shown(case.text)}", *units)


def _changed(survey: Survey) -> Iterator[Finding]:
    for case in survey.cases:
        before = unicodedata.normalize("NFKC", case.utterance.text).lower()
        lost = Counter(before) - Counter(case.text.lower())
        units = tuple(_quoted(character) for character in lost.elements() if not character.isspace())
        if units:
            yield case.finding(f"{', '.join(dict.fromkeys(units))} in {shown(case.utterance.text)}", *units)


def _digits(survey: Survey) -> Iterator[Finding]:
    for case in survey.cases:
        numbers = _NUMBER.findall(case.text)
        if numbers:
            yield case.finding(f"{', '.join(map(repr, numbers[:5]))} in {shown(case.text)}", *numbers)


def _rare(survey: Survey) -> Iterator[Finding]:
    training = list(survey.of(next(iter(survey.manifests))))
    utterances = Counter(label for case in training for label in set(case.labels))
    rare = {label for label, count in utterances.items() if count < _FEW and len(training) >= _MANY_UTTERANCES}
    tokenizer = survey.target.tokenizer
    for case in training:
        labels = [label for label in case.labels if label in rare]
        if labels:
            names = [_quoted(tokenizer.tokens[label] if tokenizer else chr(label)) for label in labels]
            yield case.finding(f"{', '.join(dict.fromkeys(names))} in {shown(case.text)}", *names)


def _repeated(survey: Survey) -> Iterator[Finding]:
    counts = Counter(case.text for case in survey.cases)
    middle = sorted(counts.values())[len(counts) // 2]
    often = max(_OFTEN, _OFTENER * middle)
    for case in survey.cases:
        is_long = len(case.text.split()) >= _LONG_WORDS or case.letters >= _LONG_LETTERS
        if is_long and counts[case.text] >= often:
            yield case.finding(f"{counts[case.text]} utterances have the text {shown(case.text)}", shown(case.text))


def _quoted(unit: str) -> str:
    return "the space" if unit == SPACE else named([unit])


EMPTY_TEXT = Check(
    severity="warning",
    title="no text",
    advice="CTC learns to stay silent on them: right for noise, wrong for speech whose text was lost.",
    find=_empty,
)
OUTSIDE_TOKENS = Check(
    severity="error",
    title="characters or words outside the token set",
    advice="Apply text rules that spell them otherwise, name them in text.characters, or leave the lines out.",
    find=_outside,
    needs="tokens",
)
TEXT_CHANGED = Check(
    severity="note",
    title="characters that the text rules take out or replace",
    advice="Look whether any of them are said (a per cent sign, a euro sign): these words the model would learn to "
    "leave out. Punctuation may go. A change of case is not counted.",
    find=_changed,
    needs="tokens",
)
DIGITS = Check(
    severity="note",
    title="digits in the text",
    advice="The same digits are said in many ways (1984, 19.84, 1984 men). Write numbers as they are said.",
    find=_digits,
)
RARE_TOKENS = Check(
    severity="note",
    title=f"tokens that fewer than {_FEW} utterances of the first manifest hold",
    advice="Such tokens are not learnt. Often they are misspellings, foreign letters or stray marks: mend them, "
    "choose text rules that do, lower text.pieces, or accept that rare characters are lost.",
    find=_rare,
    needs="training",
)
REPEATED_TEXT = Check(
    severity="note",
    title="a long text that comes again and again",
    advice="Prompts that many people read are natural; a text that was pasted into the wrong lines is not. What comes"
    " often is learnt by heart, like a language model.",
    find=_repeated,
)
