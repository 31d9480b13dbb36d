"""A score with all that belongs to it: what people read of it, and what a result card is written from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from asr.scoring.bootstrap import Bootstrap, Interval, by_speaker
from asr.scoring.formats.line import Line
from asr.scoring.report import Report
from asr.scoring.totals import RATES

if TYPE_CHECKING:  # here and below, since a plain score needs none of them and should not wait for them
    from asr.scoring.breakdown import Frequency, Group
    from asr.scoring.calibration import Calibration
    from asr.scoring.hidden import Hidden


@dataclass(frozen=True, slots=True)
class Scored:
    """A report with what is known of its utterances and how it was made: all that a card is written from.

    settings: text rules, unit, alignment, and what else decided the texts. inputs: the files, by what they are, with
    their digests. made: command, time, versions, machine.
    """

    report: Report
    references: Mapping[str, Line]
    hypotheses: Mapping[str, Line]
    settings: Mapping[str, Any]
    inputs: Mapping[str, Any] = field(default_factory=dict)
    made: Mapping[str, Any] = field(default_factory=dict)
    by: Sequence[str] = ()
    training: Sequence[str] | None = None
    hidden: Sequence[Hidden] = ()
    bootstrap: Bootstrap = field(default_factory=Bootstrap)

    @property
    def speakers(self) -> list[str]:
        """The speaker of each utterance, empty where none is known."""
        return [self.references[each.id].speaker for each in self.report.utterances]

    def intervals(self, rates: Sequence[str] = RATES) -> dict[str, dict[str, Interval | None]]:
        """Return the intervals over utterances, and over speakers where every utterance has one; {} for no rounds."""
        units = {"utterances": self.report.counts}
        if all(self.speakers):
            units["speakers"] = by_speaker(self.report.counts, self.speakers)
        return {name: self.bootstrap.intervals(counts, rates) for name, counts in units.items()}

    def breakdowns(self) -> dict[str, list[Group]]:
        """Return the groups of every field that the utterances have."""
        from asr.scoring.breakdown import STANDARD, breakdown

        names = dict.fromkeys([*STANDARD, *self.by])
        found = {name: breakdown(self.report, self.references, name, self.bootstrap) for name in names}
        return {name: groups for name, groups in found.items() if groups}

    def frequencies(self) -> list[Frequency]:
        from asr.scoring.breakdown import by_frequency

        return [] if self.training is None else by_frequency(self.report, self.training)

    def calibration(self) -> Calibration | None:
        from asr.scoring.calibration import calibration, judged

        return calibration(*judged((self.hypotheses[each.id].words for each in self.report.utterances), self.report))
