"""What decoders share: checks of what they are given, a path collapsed to runs, runs joined to words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from asr.errors import ModelError
from asr.han import is_han
from asr.tokenizers import SPACE, join_tokens
from asr.tokenizers.tokens import characters
from asr.types import FloatArray, Hypothesis, Word

Run = tuple[int, int, int]  # label, first frame, frame after the last
Spelled = tuple[str, list[int]]  # a word and the places of its labels


def collapse(ids: npt.ArrayLike, blank: int = 0) -> list[Run]:
    """Return the runs of equal labels in `ids` [F], without blanks: (label, first frame, frame after the last)."""
    path = np.asarray(ids)
    if not len(path):
        return []
    first = np.concatenate(([0], np.flatnonzero(path[1:] != path[:-1]) + 1))  # [runs]
    end = np.append(first[1:], len(path))
    spoken = path[first] != blank
    return list(zip(path[first][spoken].tolist(), first[spoken].tolist(), end[spoken].tolist(), strict=True))


def hypothesis(
    tokens: Sequence[str], runs: Sequence[Run], posteriors: Sequence[float], frame_shift_s: float
) -> Hypothesis:
    """Join runs of labels to a hypothesis; `posteriors` holds the model's belief in each run, 0 to 1.

    A word begins at a token that starts with SPACE, or at the first token; a Han character is one of its own. It lasts
    from the first frame to the last of its tokens, and its confidence is the mean of their posteriors; a SPACE that
    stands alone counts in neither, since it belongs to the pause. The confidence of the utterance is the mean over its
    words, 0 where there are none.
    """
    labels = [label for label, _, _ in runs]
    return joined(text_of(tokens, labels), spelled(tokens, labels), runs, posteriors, frame_shift_s)


def text_of(tokens: Sequence[str], labels: Sequence[int]) -> str:
    """Return what labels say."""
    return join_tokens([tokens[label] for label in labels])


def spelled(tokens: Sequence[str], labels: Sequence[int], *, han_apart: bool = True) -> list[Spelled]:
    """Return the words that labels spell, each with the places of its labels but those of a SPACE alone.

    han_apart: a token that begins with a Han character is a word of its own, whether or not SPACE stands around it.
    """
    words: list[Spelled] = []
    for members in _by_word(tokens, labels):
        goes_on = False
        for text, places in characters([tokens[labels[at]].removeprefix(SPACE) for at in members]):
            is_word = han_apart and is_han(text)
            before, so_far = words.pop() if goes_on and not is_word else ("", [])
            words.append((before + text, so_far + [members[place] for place in places]))
            goes_on = not is_word
    return words


def joined(
    text: str, words: Sequence[Spelled], runs: Sequence[Run], posteriors: Sequence[float], frame_shift_s: float
) -> Hypothesis:
    """Return the hypothesis of a text and its words, each given with the places of its runs."""
    spoken = tuple(
        Word(
            text=word,
            start_s=runs[members[0]][1] * frame_shift_s,
            end_s=runs[members[-1]][2] * frame_shift_s,
            confidence=mean([posteriors[at] for at in members]),
        )
        for word, members in words
    )
    return Hypothesis(text, spoken, mean([word.confidence for word in spoken]))


def _by_word(tokens: Sequence[str], labels: Sequence[int]) -> Iterator[list[int]]:
    """Yield the places of the labels that make up each word, without those that are SPACE alone."""
    members: list[int] = []
    for at, label in enumerate(labels):
        if tokens[label].startswith(SPACE) and members:
            yield members
            members = []
        if tokens[label] != SPACE:
            members.append(at)
    if members:
        yield members


def mean(posteriors: Sequence[float]) -> float:
    # Rounding can lift a posterior of one a little above it.
    return min(1.0, sum(posteriors) / len(posteriors)) if posteriors else 0.0


def check_tokens(tokens: Sequence[str], blank: int) -> tuple[str, ...]:
    """Return the tokens if `blank` is one of them and SPACE stands only where a word begins; ModelError otherwise."""
    if not 0 <= blank < len(tokens):
        raise ModelError(
            f"blank {blank}: not one of {len(tokens)} tokens; name the label that the model was trained with"
        )
    for number, token in enumerate(tokens):
        if SPACE in token[1:]:
            raise ModelError(
                f"token {number} {token!r}: {SPACE!r} may only begin a token; make the tokens word by word"
            )
    return tuple(tokens)


def check_log_probs(log_probs: FloatArray, vocabulary: int) -> FloatArray:
    """Return `log_probs` if it is [F, vocabulary] and its first row a distribution; ModelError otherwise."""
    log_probs = np.asarray(log_probs)
    if log_probs.ndim != 2 or log_probs.shape[1] != vocabulary:
        raise ModelError(
            f"log_probs: shape {log_probs.shape}, not [frames, {vocabulary}]; pass one utterance of this model"
        )
    if len(log_probs):
        with np.errstate(over="ignore"):
            total = float(np.exp(log_probs[0], dtype=np.float64).sum())
        if not abs(total - 1) < 0.01:  # wide enough for half precision, and false for NaN
            raise ModelError(f"log_probs: row 0 sums to {total:.3g}, not 1; pass log_softmax output")
    return log_probs
