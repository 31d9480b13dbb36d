"""Composes tokens, vocabulary, language model and hot words to what the search adds to the acoustic score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from asr.decoders.fitting import LanguageModel, Parts, check
from asr.decoders.fusion import TOKEN, WORD, Fusion, Rules, Table, no_ngrams, no_trie, plain, sign
from asr.decoders.hotwords import automaton
from asr.decoders.letters import Letters, letters
from asr.decoders.lexicon import Lexicon
from asr.ngrams import Int32Array, WordTrie, build_trie
from asr.tokenizers import SPACE

# In a trie of pronunciations the symbol of token t: beyond the surrogates, and room for a million tokens.
_FIRST_SYMBOL = 0x10000


def compose(tokens: Sequence[str], blank: int, parts: Parts) -> tuple[Fusion, Sequence[str]]:
    """Return what the search adds to the acoustic score, and how the words of a lexicon are written.

    Raises ConfigError where the parts do not fit the tokens or one another.
    """
    said = letters(tokens)
    check(tokens, said, blank, parts)
    token, symbol = _tokens(tokens, said, blank, parts)
    written, word, trie = _vocabulary(said, parts)
    heard_of = [said.of(text) if parts.pronounced and parts.phrases else "" for text in written]
    if written:
        word["end"] = np.cumsum([len(text) for text in heard_of])
        word["first"][1:] = word["end"][:-1]
    letter = np.array([ord(char) for text in heard_of for char in text], np.int32)
    phrases = [replace(phrase, words=tuple(map(said.of, phrase.words))) for phrase in parts.phrases]
    state, hot_begin = automaton(phrases, parts.hotword_weight)
    heard = token["end"] - token["first"] + token["begins"]
    if parts.pronounced:  # words are heard when they end
        heard[:] = 1 + max(map(len, heard_of), default=0)
        token["sign"] = -1
    token["heard"] = _heard_alone(token, symbol, parts)
    token["rise"] = np.maximum(heard - 1, 0) * state["rise"].max()
    rules = _rules(parts, trie)._replace(
        unmarked=parts.pronounced and not token["begins"][:-1].any(),
        alike=int(word["alike"].max(initial=1)),
        listens=bool(phrases),
        hot_begin=hot_begin,
        token_rise=float(token["rise"].max()),
    )
    ngrams = no_ngrams() if parts.lm is None else parts.lm.ngrams
    return plain(Fusion(token, symbol, trie, word, letter, ngrams, state, rules)), written


def _rules(parts: Parts, trie: WordTrie) -> Rules:
    lm, bonus = parts.lm, float(parts.word_bonus)
    if lm is None:
        return Rules(closed=parts.closed, pronounced=parts.pronounced, word_bonus=bonus, begin_ahead=bonus)
    rules = Rules(
        closed=parts.closed,
        pronounced=parts.pronounced,
        by_word=not parts.lm_by_token,
        by_token=parts.lm_by_token,
        unknown=int(lm.unk),
        start=int(lm.start),
        end=int(lm.eos),
        lm_weight=float(parts.lm_weight),
        unknown_price=float(parts.unknown_price),
    )
    if parts.lm_by_token:
        return rules._replace(token_bonus=bonus)
    unknown = rules.lm_weight * float(lm.ngrams.prob[1 + lm.unk]) - rules.unknown_price
    known = rules.lm_weight * float(trie.lookahead[0])
    begin = known if parts.closed else max(known, unknown)
    return rules._replace(word_bonus=bonus, unknown_ahead=unknown, begin_ahead=begin + bonus)


def _tokens(tokens: Sequence[str], said: Letters, blank: int, parts: Parts) -> tuple[Table, Int32Array]:
    """Return what each token says, and the symbols that it says it in."""
    if parts.pronounced:
        spoken = [[] if token == SPACE else [_FIRST_SYMBOL + number] for number, token in enumerate(tokens)]
    else:
        spoken = [[ord(char) for char in token.removeprefix(SPACE)] for token in said.tokens]
    spoken[blank] = []
    table = np.zeros(len(tokens) + 1, TOKEN)
    table["begins"] = [*_begins(said, blank, parts), True]
    table["end"] = np.cumsum([*map(len, spoken), 0])
    table["first"][1:] = table["end"][:-1]
    table["sign"] = [sign(ord(token[0])) for token in [*(token or SPACE for token in said.tokens), SPACE]]
    if lm := parts.token_lm:
        ids = np.array([lm.word_id(token) for token in tokens])
        table["lm"][:-1] = ids if parts.open_vocabulary else np.where(ids == lm.unk, -1, ids)
    return table, np.array([symbol for symbols in spoken for symbol in symbols], np.int32)


def _heard_alone(token: Table, symbol: Int32Array, parts: Parts) -> Int32Array:
    """Return of each token the code point that is heard by it and no other, whatever stands before it, or -1."""
    alone = np.full(len(token), -1, np.int32)
    if not parts.pronounced:
        says = token["end"] - token["first"]
        alone[token["begins"] & (says == 0)] = ord(SPACE)
        inner = ~token["begins"] & (says == 1)
        alone[inner] = symbol[token["first"][inner]]
    return alone


def _begins(said: Letters, blank: int, parts: Parts) -> list[bool]:
    """Return of each token whether a word begins there."""
    begins = [
        number != blank and (token.startswith(SPACE) or (parts.han_apart and said.begins_han(number)))
        for number, token in enumerate(said.tokens)
    ]
    # Where every token is a phone with SPACE before it, none tells where a word of several begins.
    is_phones = parts.pronounced and SPACE not in said.tokens and sum(begins) == len(begins) - 1
    return [False] * len(begins) if is_phones else begins


def _vocabulary(said: Letters, parts: Parts) -> tuple[Sequence[str], Table, WordTrie]:
    """Return how the words of the lexicon are written, the table of words, and the trie of their symbols."""
    if parts.lexicon is not None:
        return _lexicon(said, parts, parts.lexicon)
    if parts.word_lm is None:
        return (), np.zeros(0, WORD), no_trie()
    word = np.zeros(len(parts.word_lm.words), WORD)
    word["alike"], word["lm"] = 1, np.arange(len(word))
    return (), word, _in_bytes(said, parts.word_lm) if said.by_byte else parts.word_lm.trie


def _in_bytes(said: Letters, lm: LanguageModel) -> WordTrie:
    """Return the trie of a language model's words in bytes."""
    listed = set(lm.trie.word.tolist())  # no <s>, for one
    spellings = [said.of(word) if number in listed else "" for number, word in enumerate(lm.words)]
    return build_trie(spellings, lm.ngrams.prob[1 : 1 + len(spellings)])


def _lexicon(said: Letters, parts: Parts, lexicon: Lexicon) -> tuple[Sequence[str], Table, WordTrie]:
    alike: dict[str, dict[str, None]] = {}  # in symbols: the words that sound so
    for number, text in enumerate(lexicon.words):
        if not parts.knows(text):
            continue
        ways = lexicon.pronunciations[number] if lexicon.pronunciations else ()
        for spelling in ["".join(chr(_FIRST_SYMBOL + label) for label in labels) for labels in ways] or [said.of(text)]:
            alike.setdefault(spelling, {})[text] = None
    written = [text for texts in alike.values() for text in texts]
    last = np.cumsum([len(texts) for texts in alike.values()]) - 1
    word = np.zeros(len(written), WORD)
    texts = {text: number for number, text in enumerate(lexicon.words)}
    word["text"] = [texts[text] for text in written]
    word["alike"][last] = [len(texts) for texts in alike.values()]
    ahead = np.zeros(len(written), np.float32)
    if lm := parts.word_lm:
        word["lm"] = [lm.word_id(text) for text in written]
        ahead = lm.ngrams.prob[1 + word["lm"]]
        if parts.lm_weight:
            ahead[word["lm"] == lm.unk] -= np.float32(parts.unknown_price / parts.lm_weight)
    ahead[last] = np.maximum.reduceat(ahead, last + 1 - word["alike"][last])
    spellings = np.full(len(written), "", object)
    spellings[last] = list(alike)
    return written, word, build_trie(spellings.tolist(), ahead)
