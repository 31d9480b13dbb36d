"""Text rules: what is done to a text before it is trained on or scored, by name and version.

A model carries the name and the version of its rules (`"en/1"`), so that its training text can be made again.
Changing what a rule returns means a new version in `TEXT_RULES`; the one before moves to `OLDER`, and stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from asr.errors import TextError, did_you_mean
from asr.text.basic import BASIC
from asr.text.chain import Change
from asr.text.english import ENGLISH, ENGLISH_1
from asr.text.german import GERMAN
from asr.text.mandarin import MANDARIN, MANDARIN_SIMPLIFIED
from asr.text.none import NONE

__all__ = ["OLDER", "TEXT_RULES", "Change", "TextRule", "get_rule", "label"]


class TextRule(Protocol):
    """A function from text to text that changes nothing the second time: `rule(rule(text)) == rule(text)`.

    `each` returns what it makes of each of many texts, and `explain` what its steps change. Raises MissingPackage where
    a text holds what another package is needed for, such as numbers.
    """

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> int: ...

    def __call__(self, text: str) -> str: ...

    def each(self, texts: Sequence[str]) -> list[str]: ...

    def explain(self, text: str) -> Sequence[Change]: ...


TEXT_RULES: dict[str, TextRule] = {
    "none": NONE,
    "basic": BASIC,
    "en": ENGLISH,
    "de": GERMAN,
    "zh": MANDARIN,
    "zh-hans": MANDARIN_SIMPLIFIED,
}
# Those that models carry and that have changed since.
OLDER: dict[str, TextRule] = {"en/1": ENGLISH_1}


def get_rule(name: str) -> TextRule:
    """Return the rule called `name`: the newest, or that of the version that the name carries, `"en"` or `"en/1"`.

    Raises TextError for an unknown name, and for a version that this package does not have.
    """
    bare, _, version = name.partition("/")
    if bare not in TEXT_RULES:
        raise TextError(f"text rules {bare!r}: unknown{did_you_mean(bare, TEXT_RULES)}")
    newest = TEXT_RULES[bare]
    known = {label(rule): rule for rule in (*OLDER.values(), newest) if rule.name == bare}
    if version and name not in known:
        raise TextError(
            f"text rules {name!r}: this version of asr has {', '.join(map(repr, known))}; "
            f"install the version of bilstm-asr that the model was made with, or name {bare!r} to take the newest here"
        )
    return known[name] if version else newest


def label(rule: TextRule) -> str:
    """Return the name with the version, `"en/1"`, as a model file carries it."""
    return f"{rule.name}/{rule.version}"
