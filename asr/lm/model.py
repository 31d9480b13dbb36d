"""A back-off n-gram model that can be asked: scores of words, states, the vocabulary and its trie."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from asr.lm.words import Words
from asr.ngrams import ROOT, Ngrams, Table, WordTrie, advance, build_ngrams, build_trie

BOS, EOS = "<s>", "</s>"
UNKNOWN = ("<unk>", "<UNK>")  # as KenLM and IRSTLM, and as others write it
# Of words that a model without <unk> does not know: as good as never, and yet finite (KenLM's choice).
UNKNOWN_LOG_PROB = -100 * math.log(10)


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """An n-gram model over words; a state is a node of `ngrams`, and all scores are natural logarithms."""

    name: str
    order: int
    words: Words  # the place of a word is its id
    ngrams: Ngrams
    trie: WordTrie  # of all words but <s>, </s> and <unk>
    bos: int
    eos: int
    unk: int
    closed: bool = False  # the file had no <unk>: what it does not know is as good as impossible

    @property
    def start(self) -> int:
        """The state after <s>."""
        return int(self.ngrams.context[1 + self.bos])

    def word_id(self, word: str) -> int:
        """Return the id of a word, that of <unk> for a word that the model does not know."""
        id = self.words.find(word)
        return self.unk if id < 0 else id

    def score(self, words: Sequence[str], *, bos: bool = True, eos: bool = True) -> list[float]:
        """Return log p of every word given those before it, and last that of </s>.

        Without `bos` the first word stands in no context; without `eos` the score of </s> is left out.
        """
        ids = [self.word_id(word) for word in words] + [self.eos] * eos
        state = self.start if bos else ROOT
        scores = []
        for id in ids:
            score, state = advance(self.ngrams, state, id)
            scores.append(score)
        return scores


def assemble(name: str, words: Sequence[str], tables: Sequence[Table]) -> LanguageModel:
    """Return the model of n-grams whose ids are places in `words`, among them <s> and </s>; raises DuplicateNgram."""
    closed = not any(unknown in words for unknown in UNKNOWN)
    if closed:
        words, tables = [*words, UNKNOWN[0]], [_with_unknown(tables[0]), *tables[1:]]
    old_ids = np.array(sorted(range(len(words)), key=words.__getitem__), np.int32)  # [V] in the order of the new ids
    new_ids = np.empty_like(old_ids)
    new_ids[old_ids] = np.arange(len(words), dtype=np.int32)
    first, *longer = tables
    ngrams = build_ngrams(
        [
            Table(np.arange(len(words), dtype=np.int32)[:, None], first.prob[old_ids], first.backoff[old_ids]),
            *(table._replace(ids=new_ids[table.ids]) for table in longer),
        ]
    )
    ordered = [words[id] for id in old_ids]
    kept = Words.of(ordered)
    bos, eos = kept.find(BOS), kept.find(EOS)
    unk = next(id for id in map(kept.find, UNKNOWN) if id >= 0)
    for special in (bos, eos, unk):
        ordered[special] = ""  # keeps its id and stays out of the trie
    trie = build_trie(ordered, ngrams.prob[1 : 1 + len(words)])
    return LanguageModel(name, len(tables), kept, ngrams, trie, bos, eos, unk, closed)


def _with_unknown(unigrams: Table) -> Table:
    ids = np.arange(len(unigrams.ids) + 1, dtype=np.int32)[:, None]
    prob = np.append(unigrams.prob, np.float32(UNKNOWN_LOG_PROB))
    return Table(ids, prob, np.append(unigrams.backoff, np.float32(0)))
