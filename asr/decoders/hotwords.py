"""Hot words: phrases that a search is to favour, as an automaton whose cost does not grow with their number."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from asr.decoders.fusion import STATE, Table, sign
from asr.errors import ConfigError
from asr.files import existing_file
from asr.han import units
from asr.ngrams import WordTrie, build_trie
from asr.tokenizers import SPACE
from asr.types import Word

Scores = npt.NDArray[np.float64]

ARROW = "=>"


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that follow one another, how much they are favoured, and how they are written in the end."""

    words: tuple[str, ...]
    weight: float = 1.0
    display: str = ""

    @property
    def letters(self) -> int:
        return sum(map(len, self.words))


def parse(hotwords: Mapping[str, float] | Iterable[str]) -> tuple[Phrase, ...]:
    """Return the phrases of `"new york"` or `"i b m => IBM"`, with a weight each or 1; of equal ones the last counts.

    Raises ConfigError for a phrase or a display form that is empty, and for a weight that is not above 0.
    """
    if isinstance(hotwords, str):
        raise ConfigError(f"hot words: {hotwords!r} is one text; pass a list of phrases")
    weighted = hotwords.items() if isinstance(hotwords, Mapping) else ((phrase, 1.0) for phrase in hotwords)
    phrases = (_phrase(text, weight) for text, weight in weighted)
    return tuple({phrase.words: phrase for phrase in phrases}.values())


def apart(phrases: Iterable[Phrase]) -> tuple[Phrase, ...]:
    """Return the phrases with every Han character as a word; of those that become equal the last counts."""
    parted = (replace(phrase, words=tuple(units(" ".join(phrase.words)))) for phrase in phrases)
    return tuple({phrase.words: phrase for phrase in parted}.values())


def read_hotwords(path: str | Path) -> dict[str, float]:
    """Return the phrases of a file and their weights, as the beam search takes them.

    UTF-8, one phrase a line: its words, then `=> display form` if it is to be written otherwise, then a tab and the
    weight if it is not 1. Empty lines and those that begin with `#` are skipped.
    Raises MissingFile, and ConfigError that names the file and the line.
    """
    path = existing_file(path, "list of hot words")
    found: dict[str, float] = {}
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 ({error.reason} at byte {error.start}); save it as UTF-8") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        text, tab, weight = line.rstrip().partition("\t")
        try:
            _phrase(text, float(weight) if tab else 1.0)
        except ConfigError as error:
            raise ConfigError(f"{path}:{number}: {error}") from None
        except ValueError:
            raise ConfigError(f"{path}:{number}: weight {weight!r} is no number; write: phrase, tab, weight") from None
        found[text] = float(weight) if tab else 1.0
    return found


def displayed(words: Sequence[Word], phrases: Iterable[Phrase]) -> tuple[Word, ...]:
    """Return the words with every phrase that has a display form as one word; the first and longest ones first."""
    forms = {phrase.words: phrase.display for phrase in phrases if phrase.display}
    longest = max(map(len, forms), default=0)
    shown: list[Word] = []
    at = 0
    while at < len(words):
        sizes = range(min(longest, len(words) - at), 0, -1)
        spans = (words[at : at + size] for size in sizes)
        span = next((span for span in spans if tuple(word.text for word in span) in forms), None)
        if span is None:
            shown.append(words[at])
            at += 1
        else:
            text = forms[tuple(word.text for word in span)]
            confidence = sum(word.confidence for word in span) / len(span)
            shown.append(Word(text, span[0].start_s, span[-1].end_s, confidence))
            at += len(span)
    return tuple(shown)


def _phrase(text: str, weight: float) -> Phrase:
    spoken, arrow, display = text.partition(ARROW)
    words = tuple(spoken.split())
    if not words:
        raise ConfigError(f"hot word {text!r}: has no words to listen for; write a phrase or take it out")
    if arrow and not display.strip():
        raise ConfigError(f"hot word {text!r}: nothing stands after {ARROW!r}; write how it is to be shown")
    if not (weight > 0 and math.isfinite(weight)):
        raise ConfigError(f"hot word {text!r}: weight {weight:g} is not above 0; leave the phrase out instead")
    return Phrase(words, float(weight), " ".join(display.split()))


# ---- the automaton


def automaton(phrases: Sequence[Phrase], weight: float) -> tuple[Table, int]:
    """Return the states, and the one where a word begins.

    The automaton is that of Aho and Corasick (1975) over code points. A phrase is read with SPACE before each of its
    words and after the last, so that it matches whole words alone. What it earns is what its letters are worth, each
    `weight` x that of the phrase; a phrase inside of it is paid for once. While it is under way, its letters so far
    are lent.
    """
    worth = np.array([phrase.weight * weight for phrase in phrases])
    patterns = ["".join(SPACE + word for word in phrase.words) + SPACE for phrase in phrases]
    trie = build_trie([*patterns, SPACE], np.append(worth, 0.0).astype(np.float32))  # SPACE: where a word begins
    parent = [0, *np.repeat(np.arange(len(trie.char)), np.diff(trie.first_child)).tolist()]
    child = {(parent[state], char): state for state, char in enumerate(trie.char.tolist()) if state}
    failure = _failures(trie, parent, child)
    reward = _rewards(phrases, patterns, worth, failure, child)
    pending = _pending(trie, parent, failure, reward)
    rise, signs = _rises(trie, parent, failure, reward, pending)
    states = np.zeros(len(parent) + 1, STATE)  # one more, for where the children of the last one end
    states["first_child"] = trie.first_child[[*range(len(parent)), -1]]
    columns = {
        "char": trie.char,
        "failure": failure,
        "reward": reward,
        "pending": pending,
        "rise": rise,
        "signs": signs,
    }
    for name, column in columns.items():
        states[name][:-1] = column
    return states, child[0, ord(SPACE)]


Children = Mapping[tuple[int, int], int]


def _failures(trie: WordTrie, parent: Sequence[int], child: Children) -> list[int]:
    """Return the failure of every state; a parent stands before its children, and a short prefix before a long one."""
    failure = [0] * len(parent)
    for state, char in enumerate(trie.char.tolist()):
        if parent[state]:  # the first level fails to the root
            failure[state] = _hear(failure[parent[state]], char, failure, child)
    return failure


def _hear(state: int, char: int, failure: Sequence[int], child: Children) -> int:
    while (state, char) not in child and state:
        state = failure[state]
    return child.get((state, char), 0)


def _rewards(
    phrases: Sequence[Phrase], patterns: Sequence[str], worth: Scores, failure: Sequence[int], child: Children
) -> Scores:
    """Return what each state earns: of the phrases that end there, what those inside of them have not earned yet."""
    own = [0.0] * len(failure)
    for at in sorted(range(len(patterns)), key=lambda at: len(patterns[at])):
        state, earned = 0, 0.0
        for char in patterns[at]:
            state = child[state, ord(char)]
            suffix = state
            while suffix:
                earned += own[suffix]
                suffix = failure[suffix]
        own[state] = max(0.0, float(worth[at]) * phrases[at].letters - earned)
    for state in range(1, len(own)):  # a failure is shorter, so it stands before
        own[state] += own[failure[state]]
    return np.array(own)


def _pending(trie: WordTrie, parent: Sequence[int], failure: Sequence[int], reward: Scores) -> Scores:
    """Return what each state is lent: what its letters are worth, less what they have earned."""
    pending, paid, letters = np.zeros(len(parent)), np.zeros(len(parent)), np.zeros(len(parent), np.int64)
    for state in range(1, len(parent)):
        before = parent[state]
        paid[state] = paid[before] + reward[state]
        letters[state] = letters[before] + (trie.char[state] != ord(SPACE))
        owed = float(trie.lookahead[state]) * letters[state] - paid[state]
        pending[state] = max(0.0, owed, pending[failure[state]])
    return pending


def _rises(
    trie: WordTrie, parent: Sequence[int], failure: Sequence[int], reward: Scores, pending: Scores
) -> tuple[Scores, list[int]]:
    """Return the greatest rise of earned and lent together from each state by one code point, and signs of those.

    Signed are all code points that lead to another state than that of no phrase.
    """
    rise, signs = np.zeros(len(parent)), [0] * len(parent)
    for state in range(1, len(parent)):
        before = parent[state]
        rise[before] = max(rise[before], pending[state] + reward[state] - pending[before])
        signs[before] |= sign(int(trie.char[state]))
    for state in range(1, len(parent)):  # what it has no child for, its failure may have
        rise[state] = max(rise[state], rise[failure[state]] + pending[failure[state]] - pending[state])
        signs[state] |= signs[failure[state]]
    return rise, signs
