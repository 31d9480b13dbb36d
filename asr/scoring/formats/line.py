"""What a file says of one utterance, and the lines that it is read from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from asr.types import Word


@dataclass(frozen=True, slots=True)
class Line:
    """The text of an utterance and whatever else its file knows: `words` with times where it has them."""

    text: str
    speaker: str = ""
    words: tuple[Word, ...] = ()
    fields: Mapping[str, object] = field(default_factory=dict)


def numbered(content: str, comment: str | None = None) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not empty with their numbers, without those that begin with `comment`."""
    # Not splitlines(): a text may hold characters that it would break at.
    for number, line in enumerate(content.split("\n"), start=1):
        if (bare := line.strip()) and not (comment and bare.startswith(comment)):
            yield number, bare
