"""The utterances of a set with their labels, made when they are asked for."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import overload

import numpy as np
import numpy.typing as npt

from asr.errors import TextError
from asr.manifest import Index
from asr.tokenizers import Tokenizer
from asr.tokenizers.phone import PhoneTokenizer
from asr.train.lazy import Lazy
from asr.types import Utterance

_KEPT = 8192  # examples that are made once and not again; a small set whole


@dataclass(frozen=True, slots=True)
class Example:
    """An utterance and its labels."""

    utterance: Utterance
    labels: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Labeller:
    """Applies the text rule to an utterance and encodes its text.

    Where a text has characters that have no token, `lenient` gives no labels; else TextError names the manifest and the
    utterance.
    """

    rule: Callable[[str], str]
    tokenizer: Tokenizer
    manifest: Path
    lenient: bool = False

    def __call__(self, utterance: Utterance) -> Example:
        utterance = replace(utterance, text=self.rule(utterance.text))
        try:
            return Example(utterance, tuple(self.tokenizer.encode(utterance.text)))
        except TextError as error:
            if self.lenient:
                return Example(utterance, ())
            hint = "" if isinstance(self.tokenizer, PhoneTokenizer) else "; or name them in text.characters"
            raise TextError(f"{self.manifest}: {utterance.id}: {error}{hint}") from error


class Examples(Sequence[Example]):
    """Some rows of a manifest as examples; only the rows are in memory."""

    def __init__(
        self, lines: Index, labeller: Callable[[Utterance], Example], rows: range | npt.NDArray[np.int32] | None = None
    ) -> None:
        self._lines, self._labeller = lines, labeller
        self._rows = range(len(lines)) if rows is None else rows
        self._example = lru_cache(maxsize=_KEPT)(self._made)

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Example: ...
    @overload
    def __getitem__(self, index: slice) -> Examples: ...
    def __getitem__(self, index: int | slice) -> Example | Examples:
        if isinstance(index, slice):
            return Examples(self._lines, self._labeller, self._rows[index])
        return self._example(int(self._rows[index]))

    @property
    def durations_s(self) -> npt.NDArray[np.float64]:
        """The lengths of the utterances in seconds: [N]."""
        every = self._rows == range(len(self._lines)) if isinstance(self._rows, range) else False
        return self._lines.durations_s if every else self._lines.durations_s[np.asarray(self._rows)]

    @property
    def utterances(self) -> Sequence[Utterance]:
        """The utterances alone, their texts after the rule."""
        return Lazy(lambda index: self[index].utterance, range(len(self)))

    def spread(self, limit_s: float) -> Examples:
        """Return every n-th example, with the least n that keeps to `limit_s` seconds of audio."""
        return self[:: max(math.ceil(math.fsum(self.durations_s) / limit_s), 1)]

    def without(self, dropped: Sequence[int]) -> Examples:
        """Return the examples that are not at one of these places."""
        if not dropped:
            return self
        return Examples(self._lines, self._labeller, np.delete(np.asarray(self._rows, np.int32), dropped))

    def _made(self, row: int) -> Example:
        return self._labeller(self._lines[row])
