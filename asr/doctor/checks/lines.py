"""Lines of a manifest that cannot be used."""

from __future__ import annotations

from collections.abc import Iterator

from asr.doctor.case import Finding, Survey
from asr.doctor.check import Check


def _broken(survey: Survey) -> Iterator[Finding]:
    for line in survey.broken:
        yield Finding(line.manifest, line.line, "", line.reason)


def _same_id(survey: Survey) -> Iterator[Finding]:
    first: dict[tuple[str, str], int] = {}
    for case in survey.cases:
        line = first.setdefault((case.manifest, case.utterance.id), case.line)
        if line != case.line:
            yield case.finding(f"line {line} has this id too")


BROKEN_LINE = Check(
    severity="error",
    title="a line that is no utterance",
    advice="Write one JSON object a line with id, audio, text and duration_s.",
    find=_broken,
)
DUPLICATE_ID = Check(
    severity="error",
    title="an id that another line of the manifest has",
    advice="Give every line an id of its own. Of lines with the same id the first is kept.",
    find=_same_id,
)
