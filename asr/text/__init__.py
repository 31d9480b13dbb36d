"""Text rules: what is done to a text before it is trained on or scored, by name and version.

A model carries the name and the version of its rules (`"en/1"`), so that its training text can be made again.
Changing what a rule returns means raising its version.
"""

from __future__ import annotations

from typing import Protocol

from asr.errors import TextError, did_you_mean
from asr.text.basic import Basic
from asr.text.english import English
from asr.text.none import Plain

__all__ = ["TEXT_RULES", "TextRule", "get_rule", "label"]


class TextRule(Protocol):
    """A function from text to text that changes nothing the second time: `rule(rule(text)) == rule(text)`."""

    name: str
    version: int

    def __call__(self, text: str) -> str: ...


TEXT_RULES: dict[str, TextRule] = {"none": Plain(), "basic": Basic(), "en": English()}


def get_rule(name: str) -> TextRule:
    """Return the rule called `name`, which may carry the version it must have: `"en"` or `"en/1"`.

    Raises TextError for an unknown name, and for a version that this package does not have.
    """
    bare, _, version = name.partition("/")
    if bare not in TEXT_RULES:
        raise TextError(f"text rules {bare!r}: unknown{did_you_mean(bare, TEXT_RULES)}")
    rule = TEXT_RULES[bare]
    if version and version != str(rule.version):
        raise TextError(
            f"text rules {name!r}: this version of asr has {label(rule)!r}; "
            f"install the version of bilstm-asr that the model was made with, or name {bare!r} to take what is here"
        )
    return rule


def label(rule: TextRule) -> str:
    """Return the name with the version, `"en/1"`, as a model file carries it."""
    return f"{rule.name}/{rule.version}"
