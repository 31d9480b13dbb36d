"""What the compiled core reads: the limits of a search, and all that it adds to the score of a label sequence.

Tables are arrays of records, and numbers stand in tuples of their own: the fewer arrays, the faster the core compiles.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from asr.ngrams import Int32Array, Ngrams, WordTrie

Table = npt.NDArray[Any]  # of records

SPACE_SIGN = 0x2581  # the code point of path.SPACE

# Behind the V tokens stands one more, which only ends a word: it is put after the last frame.
TOKEN = np.dtype(
    [
        ("begins", "?"),  # with SPACE, so that the word before it is over
        ("first", "i4"),  # it says symbol[first:end]
        ("end", "i4"),
        ("lm", "i4"),  # its number in a language model of tokens, -1 if it may not be said
        ("sign", "i8"),  # of its first code point, SPACE included: one bit of 64
        ("heard", "i4"),  # the one code point that the hot words' automaton hears by it, -1 if there may be others
        ("rise", "f8"),  # the most that hot words earn and lend by what it says behind that
    ],
    align=True,
)
# The words of the vocabulary, once for every way that they sound; those that sound alike are neighbours, and the last
# of them is the one in the trie.
WORD = np.dtype(
    [
        ("alike", "i4"),  # how many sound alike, this one included; counts at the last one
        ("lm", "i4"),  # its number in a language model of words
        ("text", "i4"),  # its number as a text: a word may sound in several ways
        ("first", "i4"),  # it is written letter[first:end], where words are pronounced and hot words are listened for
        ("end", "i4"),
    ],
    align=True,
)
# The automaton of the hot words; state 0 is that of no phrase.
STATE = np.dtype(
    [
        ("char", "i4"),  # as in a trie of words
        ("first_child", "i4"),
        ("failure", "i4"),  # the longest proper suffix that begins a phrase
        ("reward", "f8"),  # what is earned on reaching the state
        ("pending", "f8"),  # what is lent while a phrase is under way
        ("rise", "f8"),  # the most that is earned and lent by one more code point
        ("signs", "i8"),  # of the code points that lead to another state than 0
    ],
    align=True,
)


class Rules(NamedTuple):
    """What may be said, and how the parts of a score are added up."""

    closed: bool = False  # only words of the vocabulary
    unmarked: bool = False  # no token tells where a word begins: the next one follows at once
    pronounced: bool = False  # the tokens say how words sound, not how they are written
    alike: int = 1  # the most words that sound alike
    by_word: bool = False  # the language model is one of words
    by_token: bool = False  # or one of tokens
    unknown: int = 0  # its number of what it does not know
    start: int = 0  # its state at the start
    end: int = 0  # its number of the end of a sentence
    lm_weight: float = 0.0
    word_bonus: float = 0.0
    token_bonus: float = 0.0
    unknown_price: float = 0.0
    unknown_ahead: float = 0.0  # what is lent to a word as soon as it is an unknown one
    begin_ahead: float = 0.0  # the most that is lent to a word by its first symbol
    listens: bool = False  # there are hot words
    hot_begin: int = 0  # the automaton's state where a word begins
    token_rise: float = 0.0  # the greatest rise of a token


class Fusion(NamedTuple):
    """All that is a function of the label sequence alone."""

    token: Table  # [V + 1] of TOKEN
    symbol: Int32Array  # code points without SPACE; where words are pronounced, a sign for each token
    trie: WordTrie  # of the words' symbols
    word: Table  # [W] of WORD
    letter: Int32Array  # code points
    ngrams: Ngrams
    state: Table  # [N] of STATE
    rules: Rules


class Limits(NamedTuple):
    """What is searched; margins are differences of log-probability."""

    blank: int
    beam: int
    max_tokens: int
    token_margin: float
    beam_margin: float


def sign(char: int) -> int:
    """Return the bit of a code point; others may have the same one."""
    return 1 << char % 63  # not the 64th, which is that of negative numbers


def no_trie() -> WordTrie:
    """Return the trie of no words."""
    none = np.full(1, -1, np.int32)
    return WordTrie(none, np.ones(2, np.int32), none, np.zeros(1, np.float32))


def no_ngrams() -> Ngrams:
    """Return a model of no words."""
    zero, none = np.zeros(1, np.int64), np.zeros(1, np.float32)
    return Ngrams(np.full(1, -1, np.int32), none, none, np.ones(2, np.int64), zero, zero)


def plain(fusion: Fusion) -> Fusion:
    """Return the same with arrays of the one kind that the core is compiled for: contiguous, aligned, writable.

    Arrays that are so already, such as those of a file that is mapped copy-on-write, are not copied.
    """
    return fusion._replace(
        trie=WordTrie(*map(_plain, fusion.trie, ("i4", "i4", "i4", "f4"))),
        ngrams=Ngrams(*map(_plain, fusion.ngrams, ("i4", "f4", "f4", "i8", "i8", "i8"))),
    )


def _plain(array: Any, dtype: str) -> npt.NDArray[Any]:
    return np.require(np.asarray(array), dtype, ["C", "A", "W"])
