"""Error rates: references and hypotheses paired by id, counted per utterance and in all, with what they are worth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from asr.errors import DataError
from asr.scoring.alignment import ALIGNERS, aligned_text, edits, get_aligner
from asr.scoring.formats import READERS, Line, read_lines, read_pair, read_texts
from asr.scoring.report import Report, UtteranceScore
from asr.scoring.units import UNITS, get_unit

__all__ = [
    "ALIGNERS",
    "READERS",
    "UNITS",
    "Line",
    "Report",
    "UtteranceScore",
    "aligned_text",
    "check_pairing",
    "read_lines",
    "read_pair",
    "read_texts",
    "score",
]

_NAMED = 10  # how many ids an error names


def score(
    references: Mapping[str, str], hypotheses: Mapping[str, str], *, unit: str = "word", alignment: str = "fewest"
) -> Report:
    """Compare texts by id, word by word and character by character, in the order of the references.

    unit: a name of UNITS, what is a word (what white space parts, and every Han character; `mixed`: the same, and
    CER without the spaces beside Han characters; `char`: every character). alignment: a name of ALIGNERS, which edits
    between words are taken (the fewest; `nist`: those of sclite); characters always take the fewest. Nothing else is
    done to a text, so apply the same text rules to both sides before.
    An empty reference makes every word of its hypothesis an insertion, an empty hypothesis every word a deletion, and
    two empty sides agree.
    Raises DataError for ids on one side only, and where the references hold no word at all (no rate is defined);
    ConfigError for an unknown name.
    """
    check_pairing(references, hypotheses)
    parted, align = get_unit(unit), get_aligner(alignment)
    left, right = ([parted.words(side[id]) for id in references] for side in (references, hypotheses))
    if not any(left):
        raise DataError(
            f"no words in {len(left)} references, so no error rate is defined; score a set with reference texts"
        )
    characters = ([parted.characters(side[id]) for id in references] for side in (references, hypotheses))
    marks = align(left, right), edits(*characters, characters=True)
    return Report(tuple(map(UtteranceScore, references, left, right, *marks)))


def check_pairing(references: Iterable[str], hypotheses: Iterable[str]) -> None:
    """Raise DataError, with the first of them by name, where an id stands on one side only."""
    sides = dict.fromkeys(references), dict.fromkeys(hypotheses)
    alone = [
        f"{len(ids)} only among the {name} ({', '.join(ids[:_NAMED])}{', ...' if len(ids) > _NAMED else ''})"
        for name, ids in (
            ("references", [id for id in sides[0] if id not in sides[1]]),
            ("hypotheses", [id for id in sides[1] if id not in sides[0]]),
        )
        if ids
    ]
    if alone:
        raise DataError(f"ids without a partner: {'; '.join(alone)}; score the same utterances on both sides")
