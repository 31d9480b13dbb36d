"""The vocabulary of a model: text in one block, decoded word by word, so that a large one opens at once."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import overload

import numpy as np
import numpy.typing as npt

from asr.ngrams import Int64Array

ByteArray = npt.NDArray[np.uint8]


class Words(Sequence[str]):
    """Different words in the order of their ids, which is that of their code points, and so of their UTF-8 bytes.

    `text` [B] holds the words as UTF-8, one after another; word i is text[ends[i]:ends[i + 1]], with `ends` [V + 1].
    """

    def __init__(self, text: ByteArray, ends: Int64Array) -> None:
        self.text = text
        self.ends = ends
        self._found: dict[str, int] = {}  # texts repeat few words often

    @classmethod
    def of(cls, words: Iterable[str]) -> Words:
        """Keep words that are already in order."""
        encoded = [word.encode() for word in words]
        ends = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
        return cls(np.frombuffer(b"".join(encoded), np.uint8), ends)

    def find(self, word: str) -> int:
        """Return the id of a word, or -1."""
        id = self._found.get(word, -1)
        if id < 0:
            wanted = word.encode("utf-8", "surrogatepass")
            id = bisect_left(range(len(self)), wanted, key=self._encoded)
            if id == len(self) or self._encoded(id) != wanted:
                return -1
            self._found[word] = id
        return id

    def __len__(self) -> int:
        return len(self.ends) - 1

    @overload
    def __getitem__(self, id: int) -> str: ...
    @overload
    def __getitem__(self, id: slice) -> list[str]: ...
    def __getitem__(self, id: int | slice) -> str | list[str]:
        if isinstance(id, slice):
            return [self[at] for at in range(*id.indices(len(self)))]
        return self._encoded(range(len(self))[id]).decode()

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and self.find(word) >= 0

    def _encoded(self, id: int) -> bytes:
        return self.text[self.ends[id] : self.ends[id + 1]].tobytes()
