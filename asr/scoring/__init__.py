"""Error rates: references and hypotheses paired by id, counted by jiwer, per utterance and in all."""

from __future__ import annotations

from collections.abc import Mapping

from asr.errors import DataError
from asr.scoring.alignment import aligned_text, edits
from asr.scoring.report import Report, UtteranceScore
from asr.scoring.text import read_texts

__all__ = ["Report", "UtteranceScore", "aligned_text", "read_texts", "score"]

_NAMED = 10  # how many ids an error names


def score(references: Mapping[str, str], hypotheses: Mapping[str, str]) -> Report:
    """Compare texts by id, word by word and character by character, in the order of the references.

    Words are what white space parts, and Han characters, each of which is one; nothing else is done to a text, so apply
    the same text rules to both sides before.
    An empty reference makes every word of its hypothesis an insertion.
    Raises DataError for ids on one side only, and where the references hold no word at all (no rate is defined).
    """
    _check_pairing(references, hypotheses)
    left = [" ".join(references[id].split()) for id in references]
    right = [" ".join(hypotheses[id].split()) for id in references]
    if not any(left):
        raise DataError(
            f"no words in {len(left)} references, so no error rate is defined; score a set with reference texts"
        )
    marks = edits(left, right), edits(left, right, characters=True)
    return Report(tuple(map(UtteranceScore, references, left, right, *marks)))


def _check_pairing(references: Mapping[str, str], hypotheses: Mapping[str, str]) -> None:
    alone = [
        f"{len(ids)} only among the {side} ({', '.join(ids[:_NAMED])}{', ...' if len(ids) > _NAMED else ''})"
        for side, ids in (
            ("references", [id for id in references if id not in hypotheses]),
            ("hypotheses", [id for id in hypotheses if id not in references]),
        )
        if ids
    ]
    if alone:
        raise DataError(f"ids without a partner: {'; '.join(alone)}; score the same utterances on both sides")
