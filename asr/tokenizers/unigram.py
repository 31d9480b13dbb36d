"""Pieces of words by a unigram model (Kudo 2018): trained by SentencePiece, used without it."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

from asr.errors import TextError, require
from asr.han import is_han
from asr.tokenizers.tokens import BLANK, SPACE, checked, decoded, look_up, marked, named, trainable, words_of

# What a character scores that SentencePiece gave none, below its rarest piece: as it does with unknown ones.
_BELOW_RAREST = 10.0
_PARTED = "\x01"  # in a training text: where no piece may reach beyond
_RESERVED = {_PARTED, "\u2585"}  # the latter is SentencePiece's own sign for what it does not know
_SHORTEST_LIMIT = 10  # bytes, the least that it takes
_THREADS = 16  # their number changes what is found, and must not be that of the machine's cores


class UnigramTokenizer:
    """One token a piece of a word; a text is cut into those whose scores, log-probabilities, sum up highest.

    scores: one of each token, 0 for the blank. Without them labels can be decoded, and texts not encoded.
    """

    def __init__(self, tokens: Sequence[str], *, scores: Sequence[float] = ()) -> None:
        self.tokens = checked(tokens)
        if wrong := [token for token in self.tokens[1:] if SPACE in token[1:]]:
            raise TextError(f"tokens: {named(wrong)} no pieces of one word; name the kind of tokenizer that made them")
        if len(scores) not in (0, len(tokens)):
            raise TextError(f"tokens: {len(tokens)} with {len(scores)} scores; restore them from one model file")
        self._scores = list(scores)
        self._ids = {token: number for number, token in enumerate(self.tokens) if number}
        self._longest = max(map(len, self._ids), default=0)
        self._known: dict[str, list[str]] = {}

    @classmethod
    def train(cls, texts: Iterable[str], *, pieces: int = 256) -> Self:
        """Let SentencePiece choose `pieces` tokens, blank and single characters included, or as many as there are.

        Raises MissingPackage, and TextError where `pieces` does not hold the single characters.
        """
        lines = trainable(texts)
        single = {SPACE, *(character for words in lines for word in words for character in word)}
        if pieces <= len(single):
            raise TextError(f"pieces: {pieces} are fewer than the {len(single) + 1} single tokens; ask for more")
        scores = _trained(sorted(map(_training_text, lines)), pieces - len(single & _RESERVED))
        lowest = min(scores.values(), default=0.0) - _BELOW_RAREST
        scores |= {character: lowest for character in sorted(single - scores.keys())}
        return cls([BLANK, *scores], scores=[0.0, *scores.values()])

    @property
    def state(self) -> Mapping[str, Any]:
        return {"scores": self._scores}

    def encode(self, text: str) -> list[int]:
        """Return the labels of a text; TextError names the characters outside the token set."""
        if not self._scores:
            raise TextError("tokens: their scores are missing, without which no text can be cut; restore them as well")
        return look_up(self._ids, [piece for part in marked(words_of(text)) for piece in self._pieces(part)], text)

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of labels; blanks among them say nothing."""
        return decoded(self.tokens, ids)

    def _pieces(self, part: str) -> list[str]:
        """Return the best pieces of a part (Viterbi); a character that is no token is a piece as well."""
        if part not in self._known:
            self._known[part] = self._best(part)
        return self._known[part]

    def _best(self, part: str) -> list[str]:
        best, begin = [0.0] + [-math.inf] * len(part), [0] * (len(part) + 1)
        for end in range(1, len(part) + 1):
            for start in range(max(0, end - self._longest), end):
                number = self._ids.get(part[start:end])
                if number is not None and (score := best[start] + self._scores[number]) > best[end]:
                    best[end], begin[end] = score, start
            if math.isinf(best[end]):  # only a character outside the token set can end here
                best[end], begin[end] = best[end - 1], end - 1
        pieces, end = [], len(part)
        while end:
            pieces.append(part[begin[end] : end])
            end = begin[end]
        return pieces[::-1]


def _training_text(words: Sequence[str]) -> str:
    """Return a text for SentencePiece, which puts SPACE before every word, Han characters kept apart from it."""
    plain = ("".join(" " if character in _RESERVED else character for character in word) for word in words)
    return " ".join(_PARTED + word if is_han(word) else word for word in plain)


def _trained(texts: Sequence[str], pieces: int) -> dict[str, float]:
    """Return the pieces that SentencePiece finds, the most probable first, with their scores."""
    library = require("sentencepiece", extra="train", purpose="training the tokenizer 'unigram'")
    written = io.BytesIO()
    library.SentencePieceTrainer.train(
        sentence_iterator=iter(texts),
        model_writer=written,
        model_type="unigram",
        vocab_size=pieces,
        hard_vocab_limit=False,  # small texts have fewer
        character_coverage=1.0,
        normalization_rule_name="identity",  # what is to be rewritten, the text rules have
        pretokenization_delimiter=_PARTED,
        max_sentence_length=max(_SHORTEST_LIMIT, *(len(text.encode()) + 1 for text in texts)),
        num_threads=_THREADS,
        unk_id=0,
        bos_id=-1,
        eos_id=-1,
        minloglevel=2,  # errors, which are raised
    )
    model = library.SentencePieceProcessor(model_proto=written.getvalue())
    scores = {model.id_to_piece(number): model.get_score(number) for number in range(1, model.get_piece_size())}
    scores.pop(_PARTED, None)  # before version 0.2.1 it is taken for a character
    return scores
