"""What the doctor says: an overview of each manifest, distributions, and the findings of every check."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from asr.doctor.case import Finding, Survey
from asr.doctor.check import SEVERITIES, Severity
from asr.doctor.checks import CHECKS
from asr.doctor.distributions import Distribution, distributions
from asr.doctor.overview import Overview, overview
from asr.doctor.target import NEEDS

FORMAT = 1


@dataclass(frozen=True)
class Report:
    """The findings by the name of the check, of the checks that could be made; no findings mean that all is well."""

    survey: Survey
    found: Mapping[str, Sequence[Finding]]

    @cached_property
    def overviews(self) -> dict[str, Overview]:
        return {name: overview(list(self.survey.of(name))) for name in self.survey.manifests}

    @cached_property
    def distributions(self) -> dict[str, Distribution]:
        return distributions(self.survey)

    @property
    def well(self) -> list[str]:
        """The checks that found nothing."""
        return [name for name, findings in self.found.items() if not findings]

    @property
    def not_made(self) -> dict[str, list[str]]:
        """The checks that could not be made, by what would be needed for them."""
        missing = {name: NEEDS[check.needs] for name, check in CHECKS.items() if name not in self.found}
        return {way: [name for name in missing if missing[name] == way] for way in dict.fromkeys(missing.values())}

    def names(self, severity: Severity) -> list[str]:
        """Return the checks of a severity that found something, in the order of the table."""
        return [name for name, findings in self.found.items() if findings and CHECKS[name].severity == severity]

    def lines(self, severity: Severity) -> int:
        """Return how many lines have findings of a severity."""
        return len({(finding.manifest, finding.line) for name in self.names(severity) for finding in self.found[name]})

    def counted(self, name: str) -> list[tuple[str, int]]:
        """Return what a check counted over all of its findings, the most frequent first."""
        return Counter(unit for finding in self.found[name] for unit in finding.counted).most_common()

    def examples(self, name: str, most: int) -> list[Finding]:
        """Return the worst findings of a check; of one that counts something, one for each that is counted."""
        findings = self.found[name]
        units = [unit for unit, _ in self.counted(name)[:most]]
        if not units:
            return list(findings[:most])
        firsts = (next(finding for finding in findings if unit in finding.counted) for unit in units)
        return list({finding[:2]: finding for finding in firsts}.values())

    def as_dict(self) -> dict[str, object]:
        """Return everything in the form that docs/DOCTOR.md describes."""
        manifests = self.survey.manifests
        return {
            "format": FORMAT,
            "target": self.survey.target.what,
            "lines": {severity: self.lines(severity) for severity in SEVERITIES},
            "manifests": {name: {"file": str(manifests[name])} | self.overviews[name].as_dict() for name in manifests},
            "distributions": {name: each.as_dict() for name, each in self.distributions.items()},
            "checks": {name: self._check(name) for name in CHECKS},
        }

    def _check(self, name: str) -> dict[str, object]:
        check = CHECKS[name]
        about = {"severity": check.severity, "title": check.title, "advice": check.advice}
        if name not in self.found:
            return about | {"made": False, "needs": NEEDS[check.needs]}
        findings = [
            {"manifest": finding.manifest, "line": finding.line, "id": finding.id, "says": finding.says}
            for finding in self.found[name]
        ]
        return about | {"made": True, "counted": dict(self.counted(name)), "findings": findings}


def examined(survey: Survey) -> Report:
    """Make every check that has what it needs."""
    given = survey.target.given(len(survey.manifests))
    made = {name: check for name, check in CHECKS.items() if not check.needs or check.needs in given}
    found = {name: sorted(check.find(survey), key=lambda finding: -finding.badness) for name, check in made.items()}
    return Report(survey, found)
