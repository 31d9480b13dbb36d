"""From labels as users of pyctcdecode write them to the tokens of a decoder."""

from __future__ import annotations

from collections.abc import Sequence

from asr.errors import ConfigError
from asr.tokenizers import SPACE

BLANKS = ("", "<blk>")
CONTINUES = "##"  # how BERT's vocabularies write a piece within a word


def tokens_of(labels: Sequence[str], blank: str | None, space: str) -> tuple[tuple[str, ...], int]:
    """Return the tokens, with SPACE for the label `space`, and the number of the blank; raises ConfigError.

    blank: the label that is the blank, where none is written as one of BLANKS.
    """
    blank_at = _blank(labels, blank)
    if space != " " and space not in labels:
        raise ConfigError(f"space {space!r}: is no label; name the one that stands between words")
    if labels[blank_at] == space:
        raise ConfigError(f"space {space!r}: cannot be both the blank and the space; name another label")
    for number, label in enumerate(labels):
        if label in labels[:number]:
            raise ConfigError(f"label {number} {label!r}: stands there twice; give every column a label of its own")
        if number != blank_at and label != space:
            _check(number, label, parted=space in labels)
    return tuple(SPACE if label == space else label for label in labels), blank_at


def _blank(labels: Sequence[str], blank: str | None) -> int:
    if blank is not None and blank not in labels:
        raise ConfigError(f"blank {blank!r}: is no label; name the one that stands for the blank")
    found = [number for number, label in enumerate(labels) if label == blank or (blank is None and label in BLANKS)]
    if not found:
        raise ConfigError(
            "labels: which is the blank is not guessed; write it as '' or name it, as in blank='<pad>', "
            "and add it where the model has one that is not among the labels"
        )
    if len({labels[number] for number in found}) > 1:
        raise ConfigError("labels: both '' and '<blk>' stand there; name the one that is the blank, as in blank=''")
    return found[0]


def _check(number: int, label: str, parted: bool) -> None:
    """Refuse a label that would be read as something else than it was meant for."""
    if label.split() != [label]:
        raise ConfigError(f"label {number} {label!r}: is not a word or a part of one; name the space with space=")
    if label.startswith(SPACE) and parted:
        raise ConfigError(
            f"label {number} {label!r}: begins a word, and another label is the space; keep one of the two ways"
        )
    if label.startswith(CONTINUES) and label != CONTINUES:
        raise ConfigError(
            f"label {number} {label!r}: pieces that go on are not written with {CONTINUES!r}; write {SPACE!r} before "
            "those that begin a word instead"
        )
