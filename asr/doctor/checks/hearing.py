"""What a model hears against what the text says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from asr.alignment import DOUBTFUL, AlignedWord
from asr.doctor.case import Finding, Survey
from asr.doctor.check import Check

_SHOWN = 3  # stretches
_OFTEN = 3  # a word that comes less often may be misheard by chance


def _misfit(survey: Survey) -> Iterator[Finding]:
    for case in survey.cases:
        if case.heard is None:
            continue
        if case.heard.is_doubtful:
            says = f"score {case.heard.score:.2f}, matching texts have more than {DOUBTFUL:g}"
            yield case.finding(says, badness=-case.heard.score)
        elif stretches := case.heard.doubtful_stretches():
            yield case.finding("; ".join(f"from {a.text!r} to {b.text!r}" for a, b in stretches[:_SHOWN]))


def _unheard(survey: Survey) -> Iterator[Finding]:
    """Words are those of the text, after the rules, since these are what a model could have learnt."""
    rule = survey.target.rule
    said: dict[str, list[AlignedWord]] = defaultdict(list)
    for case in survey.cases:
        for word in case.heard.words if case.heard else ():
            said[rule(word.text)].append(word)
    never = {
        text
        for text, words in said.items()
        if text and len(words) >= _OFTEN and all(word.score < DOUBTFUL for word in words)
    }
    for case in survey.cases:
        found = [rule(word.text) for word in (case.heard.words if case.heard else ()) if rule(word.text) in never]
        if found:
            yield case.finding(", ".join(f"{text!r}, {len(said[text])} times" for text in dict.fromkeys(found)), *found)


MISFIT = Check(
    severity="warning",
    title="a text that does not fit what the model hears",
    advice="Listen to them: a text of another recording, words that were left out or added, or speech that the model "
    "does not know. A model that knows nothing of a language or a channel finds fault with all of it.",
    find=_misfit,
    needs="model",
)
UNHEARD_WORDS = Check(
    severity="note",
    title=f"words that the model does not hear in any of {_OFTEN} or more places",
    advice="Listen to some: names and abbreviations that are said otherwise than they are written, misspellings, "
    "words that are never said.",
    find=_unheard,
    needs="model",
)
