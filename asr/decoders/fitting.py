"""The parts of a search beside the tokens, and whether they fit them and one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from asr.decoders.hotwords import Phrase
from asr.decoders.letters import Letters, has_han_words
from asr.decoders.lexicon import Lexicon, spells, unspelled
from asr.errors import ConfigError
from asr.han import holds_han
from asr.ngrams import Ngrams, WordTrie
from asr.tokenizers import SPACE


class LanguageModel(Protocol):
    """A back-off model over words, as `asr.lm.load` returns it; scores are natural logarithms."""

    @property
    def name(self) -> str: ...
    @property
    def words(self) -> Sequence[str]: ...
    @property
    def ngrams(self) -> Ngrams: ...
    @property
    def trie(self) -> WordTrie: ...
    @property
    def unk(self) -> int: ...
    @property
    def eos(self) -> int: ...
    @property
    def start(self) -> int: ...
    def word_id(self, word: str) -> int: ...


@dataclass(frozen=True)
class Parts:
    """What a search is made from, beside the tokens; the settings of `asr.decoders.beam.Beam` say more."""

    lm: LanguageModel | None = None
    lm_by_token: bool = False
    lm_weight: float = 0.0
    word_bonus: float = 0.0
    unknown_price: float = 0.0
    open_vocabulary: bool = True
    lexicon: Lexicon | None = None
    phrases: tuple[Phrase, ...] = ()
    hotword_weight: float = 0.0
    han_words: bool = True

    @property
    def word_lm(self) -> LanguageModel | None:
        return None if self.lm_by_token else self.lm

    @property
    def token_lm(self) -> LanguageModel | None:
        return self.lm if self.lm_by_token else None

    @property
    def pronounced(self) -> bool:
        return self.lexicon is not None and bool(self.lexicon.pronunciations)

    @property
    def closed(self) -> bool:
        """No words but those of the vocabulary."""
        return self.lexicon is not None or (self.word_lm is not None and not self.open_vocabulary)

    @cached_property
    def han_apart(self) -> bool:
        """Each Han character is a word, unless the vocabulary has words of several."""
        if not self.han_words or self.pronounced:
            return False
        if self.lexicon is not None:
            return not any(len(word) > 1 and holds_han(word) for word in self.lexicon.words)
        return self.word_lm is None or not has_han_words(self.word_lm.trie)

    def knows(self, word: str) -> bool:
        """Return whether the language model lets a word be said."""
        lm = self.word_lm
        return lm is None or self.open_vocabulary or lm.word_id(word) != lm.unk


def check(tokens: Sequence[str], said: Letters, blank: int, parts: Parts) -> None:
    """Refuse what does not fit, with a ConfigError that names it; `said` is what the tokens say."""
    spoken = frozenset(letters for number, letters in enumerate(said.tokens) if number != blank)
    parted = any(token[:1] == SPACE for token in spoken) or (parts.han_apart and any(map(holds_han, spoken)))
    if (parts.word_lm or parts.lexicon) and not parts.pronounced and not parted:
        raise ConfigError(
            f"tokens: none begins with {SPACE!r}, so that words cannot be told apart; "
            "use a language model of tokens (lm_unit='token')"
        )
    if parts.lexicon is not None:
        _check_lexicon(parts.lexicon, parts, said, spoken, blank)
    if parts.word_lm is not None and not parts.pronounced and not said.by_byte:  # bytes spell everything
        _check_letters(parts.word_lm, spoken)
    if parts.token_lm is not None:
        _check_tokens(parts.token_lm, [token for number, token in enumerate(tokens) if number != blank])
    listed = frozenset(parts.lexicon.words if parts.lexicon else ())
    for word in {word for phrase in parts.phrases for word in phrase.words}:
        _check_hot_word(word, said, spoken, listed, parts)


def _check_lexicon(lexicon: Lexicon, parts: Parts, said: Letters, spoken: frozenset[str], blank: int) -> None:
    if not lexicon.words:
        raise ConfigError("lexicon: has no words; leave it out to decode any word")
    if parts.word_lm and not any(map(parts.knows, lexicon.words)):
        raise ConfigError(f"lexicon: {parts.word_lm.name} knows none of its words; write both alike, or take another")
    labels = {label for ways in lexicon.pronunciations for way in ways for label in way}
    if blank in labels or not labels <= set(range(len(said.tokens))):
        raise ConfigError("lexicon: its pronunciations are in other tokens; read it with those of this model")
    for word in () if lexicon.pronunciations else lexicon.words:
        if not spells(said.of(word), spoken):
            raise ConfigError(f"lexicon: {word!r} {unspelled(word, spoken)}; take it out")


def _check_letters(lm: LanguageModel, spoken: frozenset[str]) -> None:
    """Refuse a model whose words begin with no letter of the tokens, as one in another case."""
    first, end = lm.trie.first_child[:2]
    begin = {chr(char) for char in lm.trie.char[first:end]}
    begin = {char for char in begin if char.isalpha()} or begin  # both may well have digits and apostrophes
    letters = {char for token in spoken for char in token}
    if begin & letters:
        return
    if {char.casefold() for char in begin} & {letter.casefold() for letter in letters}:
        raise ConfigError(
            f"{lm.name}: its words are in another case than the model's tokens; "
            "train it on text after the model's text rules"
        )
    raise ConfigError(f"{lm.name}: none of its words can be spelled with the model's tokens; use another one")


def _check_tokens(lm: LanguageModel, spoken: Sequence[str]) -> None:
    if all(lm.word_id(token) == lm.unk for token in spoken):
        raise ConfigError(f"{lm.name}: knows none of the model's tokens; train it on texts that are cut into tokens")


def _check_hot_word(word: str, said: Letters, spoken: frozenset[str], listed: frozenset[str], parts: Parts) -> None:
    if parts.lexicon is not None and word not in listed:
        raise ConfigError(f"hot word {word!r}: is not in the lexicon, so it cannot be said; add it there")
    if not parts.pronounced and not spells(said.of(word), spoken):
        raise ConfigError(
            f"hot word {word!r}: {unspelled(word, spoken)}; write it as the model's training text is written"
        )
    if parts.word_lm and not parts.knows(word):
        raise ConfigError(f"hot word {word!r}: {parts.word_lm.name} does not know it; open the vocabulary to allow it")
