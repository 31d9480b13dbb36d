"""A language model that begins in a state that is given, and may know only some of its words."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields
from pathlib import Path

from asr import lm
from asr.errors import ConfigError
from asr.lm import LanguageModel
from asr.ngrams import ROOT, advance, build_trie


@dataclass(frozen=True, slots=True)
class Known(LanguageModel):
    """A language model of which only the words of the trie are known; `begin` is the state that it starts in."""

    begin: int = ROOT
    unigrams: frozenset[str] | None = None  # the known words; all if None

    @property
    def start(self) -> int:
        return self.begin

    def word_id(self, word: str) -> int:
        known = self.unigrams is None or word in self.unigrams
        return LanguageModel.word_id(self, word) if known else self.unk

    def after(self, state: int, words: Iterable[str]) -> int:
        """Return the state after more words."""
        for word in words:
            _, state = advance(self.ngrams, state, self.word_id(word))
        return state

    def end(self, state: int) -> float:
        """Return log p(</s> | state)."""
        return advance(self.ngrams, state, self.eos)[0]


def load(path: str | Path, unigrams: Collection[str] | None, boundary: bool) -> Known:
    """Return the model of a file; boundary: it starts after <s>, and otherwise in no context.

    Raises MissingFile, LanguageModelError, and ConfigError for unigrams of which it knows none.
    """
    model = lm.load(path)
    parts = {field.name: getattr(model, field.name) for field in fields(model)}
    begin = model.start if boundary else ROOT
    if unigrams is None:
        return Known(**parts, begin=begin)
    if isinstance(unigrams, str):
        raise ConfigError(f"unigrams: {unigrams!r} is one text; pass a list of words")
    words = list(model.words)
    for special in (model.bos, model.eos, model.unk):
        words[special] = ""
    kept = frozenset(unigrams).intersection(words) - {""}
    if not kept:
        raise ConfigError(f"unigrams: {model.name} knows none of them; write both alike, or leave them out")
    spelled = [word if word in kept else "" for word in words]  # an empty one stays out of the trie
    parts["trie"] = build_trie(spelled, model.ngrams.prob[1 : 1 + len(words)])
    return Known(**parts, begin=begin, unigrams=kept)
