"""One utterance on its way through the beam search: the arrays around the compiled core, and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from asr.decoders import frames, tree
from asr.decoders.frames import FINAL, MEMBER
from asr.decoders.fusion import Fusion, Limits, Table
from asr.decoders.pool import CANDIDATE, REGISTERS
from asr.decoders.tree import INSIDE, NODE
from asr.ngrams import Int32Array
from asr.types import FloatArray

_BLOCK_NODES = 8192  # frames are taken so many at a time that they make no more nodes than this
_POOL = 64  # candidates that a pool has room for beyond two beams
IMPOSSIBLE = np.float32(-1e6)  # for -inf: so that what is impossible can still be compared


class Found(NamedTuple):
    """A label sequence of the beam, with the words that end in it and its scores."""

    labels: Int32Array  # [L]
    ended: Int32Array  # [L + 1] number of the word that ends before each label and at the end, below 0 where none does
    acoustic: float
    lm: float
    total: float


class Search:
    """A search that is fed with frames: in pieces or at once, the result is the same."""

    def __init__(self, fusion: Fusion, limits: Limits, vocabulary: int) -> None:
        self._fusion, self._limits = fusion, limits
        self._block_frames = max(1, _BLOCK_NODES // limits.beam)
        pooled = 2 * limits.beam + _POOL
        self._room = self._block_frames * limits.beam + pooled + 1  # the most nodes that a block makes
        self._nodes: Table = np.empty(2 * self._room, NODE)
        self._registers: Table = np.zeros(1, REGISTERS)
        self._members: Table = np.empty(limits.beam, MEMBER)
        self._pool: Table = np.empty(pooled, CANDIDATE)
        self._scratch = np.empty(pooled)
        self._order = np.empty(vocabulary, np.int32)
        frames.begin(self._nodes, self._registers, self._members, fusion)

    def feed(self, log_probs: FloatArray) -> None:
        """Take the next frames [F, V]: natural logarithms, contiguous, IMPOSSIBLE for those of 0."""
        for first in range(0, len(log_probs), self._block_frames):
            self._make_room()
            frames.run(
                log_probs[first : first + self._block_frames], self._nodes, self._registers, self._members, self._pool,
                self._scratch, self._order, self._fusion, self._limits,
            )  # fmt: skip

    def complete(self, count: int) -> list[Found]:
        """Return the best complete label sequences with different texts; their scores count all that read the same.

        Their last words and the end of the sentence are scored. None is complete where the frames end within a word of
        a closed vocabulary.
        """
        self._make_room()
        finals: Table = np.empty(len(self._members) * self._fusion.rules.alike, FINAL)
        size = frames.finish(self._nodes, self._registers, self._members, finals, self._fusion)
        found = _merged(finals[:size])
        return [self._found(int(final["node"]), int(final["word"]), final) for final in found[:count]]

    def leading(self) -> Found:
        """Return the best label sequence of the beam so far, whether or not a word is under way."""
        members = self._members[: self._registers["members"][0]]
        nodes = self._nodes[members["node"]]
        totals = members["both"] + nodes["fixed"] + nodes["ahead"]
        best = int(totals.argmax())
        final = {"acoustic": members["both"][best], "lm": nodes["lm"][best], "total": totals[best]}
        return self._found(int(members["node"][best]), INSIDE, final)

    def forget(self) -> int:
        """Drop from the tree what leads to no member, and return the number of nodes left; it changes no result."""
        used, members = int(self._registers["used"][0]), int(self._registers["members"][0])
        used = tree.compact(self._nodes, used, self._members, members, np.empty(used, np.int32))
        self._registers["used"] = used
        return used

    def _make_room(self) -> None:
        """Let the tree have room for a block: forget what leads to no member, and grow if that does not free half."""
        if self._registers["used"][0] + self._room <= len(self._nodes):
            return
        used = self.forget()
        if (wanted := 2 * (used + self._room)) > len(self._nodes):
            grown: Table = np.empty(wanted, NODE)
            grown[:used] = self._nodes[:used]
            self._nodes = grown

    def _found(self, node: int, last_word: int, scores: Mapping[str, float]) -> Found:
        depth = int(self._nodes["depth"][node])
        labels, ended = np.empty(depth, np.int32), np.empty(depth + 1, np.int32)
        tree.trace(self._nodes, node, labels, ended[:-1])
        ended[-1] = last_word
        return Found(labels, ended, *(float(scores[name]) for name in ("acoustic", "lm", "total")))


def _merged(finals: Table) -> Table:
    """Return the best of each text with the mass of all that read the same, from the best to the worst."""
    finals = finals[np.argsort(-finals["total"], kind="stable")]
    finals = finals[finals["total"] > finals["total"].max(initial=-np.inf) + IMPOSSIBLE / 2]
    _, first, group = np.unique(finals["text"], return_index=True, return_inverse=True)
    merged = finals[first]
    for name in ("acoustic", "total"):
        merged[name] = -np.inf
        np.logaddexp.at(merged[name], group, finals[name])
    return merged[np.lexsort((first, -merged["total"]))]
