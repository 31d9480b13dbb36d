"""A door for those who come from pyctcdecode 0.5: its names, defaults and results over the beam search of this package.

Scores are what they are there: natural logarithms, alpha x the language model + beta for each word, unk_score_offset in
units of log10, hotword_weight for each whole hot word. What differs:

- Nothing is guessed about labels: the blank is "" or "<blk>" or is named, the space is " " or is named, and pieces of
  words begin with "▁" where a word begins. No blank is appended, and "<unk>" stays as it is written.
- Probabilities and NaN are refused, and so is a hot word that the labels cannot spell.
- A language model is an ARPA file, plain or gzip, or a binary of `asr lm build`. It knows all its words, those without
  a back-off weight as well; with unigrams it knows those alone, and any other word counts as <unk>.
- An utterance that ends in a space, or is empty, is not charged for an unknown word at its end.
- Frames are those of the best path of a text, and never -1.
- prune_history changes nothing, a state is a number, and threads do what the processes of a pool do there.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from pathlib import Path

from asr.decoders.compat.decoder import BeamSearchDecoderCTC, OutputBeam, OutputBeamMPSafe, Weights
from asr.decoders.compat.labels import tokens_of
from asr.decoders.compat.vocabulary import load
from asr.errors import ConfigError
from asr.tokenizers import SPACE

__all__ = ["BeamSearchDecoderCTC", "OutputBeam", "OutputBeamMPSafe", "build_ctcdecoder"]


def build_ctcdecoder(
    labels: Sequence[str], kenlm_model_path: str | Path | None = None, unigrams: Collection[str] | None = None,
    alpha: float = 0.5, beta: float = 1.5, unk_score_offset: float = -10.0, lm_score_boundary: bool = True, *,
    blank: str | None = None, space: str = " ",
) -> BeamSearchDecoderCTC:  # fmt: skip
    """Return a decoder for logits over the labels, one a column, with a language model if one is named.

    unigrams: the words that are known, where not all of the language model are; without one they change nothing.
    alpha, beta, unk_score_offset: weight of the language model, what a word adds, and what is added to log10 p of an
    unknown one. lm_score_boundary: the begin and the end of the sentence are scored.
    blank, space: the labels that are those, where they are not written as "" or "<blk>" and as " ".
    Raises ConfigError, ModelError, MissingFile, LanguageModelError, and MissingPackage where numba is absent.
    """
    tokens, blank_at = tokens_of(labels, blank, space)
    if not 0 <= alpha < math.inf:
        raise ConfigError(f"alpha: {alpha} cannot be weighed with; give 0 or more")
    if not math.isfinite(beta):
        raise ConfigError(f"beta: {beta} is no number to add; give one, or 0 for none")
    if not -math.inf < unk_score_offset <= 0:
        raise ConfigError(f"unk_score_offset: {unk_score_offset} is no price of an unknown word; give 0 or less")
    weights = Weights(alpha, beta, unk_score_offset, lm_score_boundary)
    if kenlm_model_path is None:
        return BeamSearchDecoderCTC(tokens, blank_at, None, weights)
    if not any(token.startswith(SPACE) for token in tokens):
        raise ConfigError(
            f"labels: none is {space!r} or begins with {SPACE!r}, so that words cannot be told apart; "
            "name the one between words, as in space='|'"
        )
    return BeamSearchDecoderCTC(tokens, blank_at, load(kenlm_model_path, unigrams, lm_score_boundary), weights)
