"""The tree of label sequences that a search has met, compiled: a node is one of them, met once and priced once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from asr import ngrams
from asr.decoders.fusion import SPACE_SIGN, Fusion, Table
from asr.decoders.kernel import entry, inside
from asr.ngrams import Int32Array

# What ends at a token, in the place of a word of the vocabulary: nothing, or a word that is not in it.
INSIDE, UNKNOWN = -2, -1
_NOT_ASKED = -3
ROOT = 0

# Everything here is a function of the labels from the root to the node. Below 0 means: there is none.
NODE = np.dtype(
    [
        ("fixed", "f8"),  # what is added to the acoustic score for all words that are over
        ("ahead", "f8"),  # what is lent to the word and the hot phrase under way
        ("lm", "f8"),  # log-probability of the words that are over, unweighted
        ("end_lm", "f8"),  # that of `end_word` if it ends here, and the state after it: many children ask for it
        ("end_state", "i8"),
        ("state", "i8"),  # of the language model
        ("text", "i8"),  # tells texts apart, and label sequences with the same text not
        ("end_word", "i4"),
        ("token", "i4"),
        ("word", "i4"),  # the one that ends before `token`, INSIDE or UNKNOWN
        ("prefix", "i4"),  # node of the trie: 0 where no word is under way, -1 for an unknown one
        ("hot", "i4"),  # state of the hot words' automaton
        ("depth", "i4"),
        ("parent", "i4"),
        ("child", "i4"),  # the newest one
        ("sibling", "i4"),  # the next older one
        ("slot", "i4"),  # its place in the beam of this frame
    ],
    align=True,
)

advance = inside(ngrams.advance)
_step: Callable[..., int] = inside(ngrams.step)  # the states of hot words are a trie as well


@entry
def compact(nodes: Table, used: int, members: Table, size: int, places: Int32Array) -> int:
    """Keep only nodes that lead to a member, in their order, and return their number; a parent stands before its child.

    What is dropped here is met and priced again, with the same result, if the search comes back to it.
    """
    for at in range(used):
        places[at] = -1
    for slot in range(size):
        at = int(members[slot].node)
        while at >= 0 and places[at] < 0:
            places[at] = 0
            at = int(nodes[at].parent)
    kept = 0
    for old in range(used):
        if places[old] < 0:
            continue
        places[old] = kept
        nodes[kept] = nodes[old]
        nodes[kept].child = -1
        if nodes[kept].parent >= 0:
            nodes[kept].parent = places[nodes[kept].parent]
            adopt(nodes, kept)
        kept += 1
    for slot in range(size):
        members[slot].node = places[members[slot].node]
    return kept


@entry
def trace(nodes: Table, at: int, labels: Int32Array, words: Int32Array) -> None:
    """Write the labels from the root to a node, and the word that ends before each of them."""
    for place in range(len(labels) - 1, -1, -1):
        labels[place], words[place] = nodes[at].token, nodes[at].word
        at = int(nodes[at].parent)


@inside
def plant(nodes: Table, fusion: Fusion) -> None:
    """Write the root: no labels."""
    root = nodes[ROOT]
    root.fixed, root.ahead, root.lm, root.state = 0.0, 0.0, 0.0, fusion.rules.start
    root.token, root.word, root.end_word = -1, INSIDE, _NOT_ASKED
    root.prefix, root.hot, root.text, root.depth = 0, fusion.rules.hot_begin, 0, 0
    root.parent, root.child, root.sibling, root.slot = -1, -1, -1, 0


@inside
def grow(nodes: Table, parent: int, token: int, word: int, at: int, fusion: Fusion) -> bool:
    """Write the child of `parent` by `token`, before which `word` ends, to nodes[at]; False where it may not be."""
    source, child, rules = nodes[parent], nodes[at], fusion.rules
    child.lm, child.fixed, child.state = source.lm, source.fixed, source.state
    child.prefix, child.hot, child.text = source.prefix, source.hot, source.text
    if word != INSIDE:
        _end(child, source, word, fusion)
    if rules.by_token and not _say(child, token, fusion):
        return False
    for place in range(fusion.token[token].first, fusion.token[token].end):
        symbol = int(fusion.symbol[place])
        if child.prefix >= 0:
            child.prefix = _step(fusion.trie, int(child.prefix), symbol)
        if not rules.pronounced:
            _hear(child, symbol, fusion)
    if child.prefix < 0 and rules.closed:
        return False
    child.ahead = word_ahead(int(child.prefix), fusion) + fusion.state[child.hot].pending
    child.parent, child.token, child.word, child.end_word = parent, token, word, _NOT_ASKED
    child.depth, child.child, child.sibling, child.slot = source.depth + 1, -1, -1, -1
    return True


@inside
def _end(child: Any, source: Any, word: int, fusion: Fusion) -> None:
    """Let the word under way at `source` end, as the one called `word`."""
    rules = fusion.rules
    number = int(fusion.word[word].lm) if word >= 0 else rules.unknown
    if rules.by_word:
        if source.end_word != word:
            gain, state = advance(fusion.ngrams, int(source.state), number)
            source.end_word, source.end_lm, source.end_state = word, gain, state
        child.lm += source.end_lm
        child.fixed += rules.lm_weight * source.end_lm
        child.state = source.end_state
        if number == rules.unknown:
            child.fixed -= rules.unknown_price
    child.fixed += rules.word_bonus
    child.prefix = 0
    if rules.pronounced and word >= 0:
        for place in range(fusion.word[word].first, fusion.word[word].end):
            _hear(child, int(fusion.letter[place]), fusion)
        child.text = _mixed(int(child.text), int(fusion.word[word].text))
    _hear(child, SPACE_SIGN, fusion)


@inside
def _say(child: Any, token: int, fusion: Fusion) -> bool:
    """Score a token by a language model of tokens; False where it may not be said."""
    rules = fusion.rules
    if token == len(fusion.token) - 1:  # the one that only ends a word
        return True
    number = int(fusion.token[token].lm)
    if number < 0:
        return False
    gain, state = advance(fusion.ngrams, int(child.state), number)
    child.lm += gain
    child.state = state
    child.fixed += rules.lm_weight * gain + rules.token_bonus
    if number == rules.unknown:
        child.fixed -= rules.unknown_price
    return True


@inside
def _hear(child: Any, char: int, fusion: Fusion) -> None:
    """Let the hot words' automaton hear a code point, and the text grow by it."""
    child.hot = _heard(int(child.hot), char, fusion)
    child.fixed += fusion.state[child.hot].reward
    child.text = _mixed(int(child.text), char)


@inside
def hot_gain(state: int, char: int, fusion: Fusion) -> float:
    """Return what is earned and lent more, or less, where the hot words' automaton hears a code point."""
    following = _heard(state, char, fusion)
    return float(fusion.state[following].reward + fusion.state[following].pending - fusion.state[state].pending)


@inside
def _heard(state: int, char: int, fusion: Fusion) -> int:
    following = _step(fusion.state, state, char)
    while following < 0 and state != 0:
        state = int(fusion.state[state].failure)
        following = _step(fusion.state, state, char)
    return max(following, 0)


@inside
def _mixed(text: int, char: int) -> int:
    # Multiplied by an odd number and mixed downwards, as hashes are, in 64 bits: two texts of a beam will not collide.
    text = (text ^ (char + 1)) * 0x2545F4914F6CDD1D
    return text ^ (text >> 29)


@inside
def word_ahead(prefix: int, fusion: Fusion) -> float:
    """Return what is lent to the word under way: its bonus, and the best unigram that it can become."""
    if prefix == 0:
        return 0.0
    if prefix < 0:
        return fusion.rules.unknown_ahead + fusion.rules.word_bonus
    return float(fusion.rules.lm_weight * fusion.trie.lookahead[prefix] + fusion.rules.word_bonus)


@inside
def words_at(prefix: int, fusion: Fusion) -> tuple[int, int]:
    """Return the range of the words that can end here: it is empty, or holds UNKNOWN alone, for an unknown one."""
    last = int(fusion.trie.word[prefix]) if prefix > 0 else -1
    if last >= 0:
        return last + 1 - int(fusion.word[last].alike), last + 1
    return UNKNOWN, UNKNOWN if fusion.rules.closed else UNKNOWN + 1


@inside
def find_child(nodes: Table, parent: int, token: int, word: int) -> int:
    """Return the child of `parent` by `token`, before which `word` ends, or -1."""
    child = int(nodes[parent].child)
    while child >= 0 and (nodes[child].token != token or nodes[child].word != word):
        child = int(nodes[child].sibling)
    return child


@inside
def adopt(nodes: Table, at: int) -> None:
    """Make the node known to its parent."""
    parent = int(nodes[at].parent)
    nodes[at].sibling = nodes[parent].child
    nodes[parent].child = at
