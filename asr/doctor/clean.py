"""The manifests without what is wrong, and the list of what was left out and why."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping
from pathlib import Path

from asr import manifest
from asr.doctor.checks import CHECKS
from asr.doctor.report import Report
from asr.errors import DataError
from asr.files import replacing

Reasons = dict[str, list[str]]  # name of a check -> its sentences


def left_out(report: Report, drop: Collection[str] = ()) -> dict[tuple[str, int], Reasons]:
    """Return the lines with an error, or a finding of the checks named in `drop`, by manifest and number, and why."""
    lines: dict[tuple[str, int], Reasons] = defaultdict(lambda: defaultdict(list))
    for name, findings in report.found.items():
        if CHECKS[name].severity == "error" or name in drop:
            for finding in findings:
                lines[finding.manifest, finding.line][name].append(finding.says)
    return {place: dict(lines[place]) for place in sorted(lines)}


def write_clean(report: Report, paths: Mapping[str, Path], out: Mapping[tuple[str, int], Reasons]) -> dict[str, int]:
    """Write each manifest without the lines in `out`, and return how many utterances each has kept.

    paths: where each manifest goes, by its name. Nothing but the paths of the audio is written otherwise than it was.
    Raises DataError where nothing would be left of a manifest, before any is written, and OutputError.
    """
    kept = {name: [case.utterance for case in report.survey.of(name) if (name, case.line) not in out] for name in paths}
    for name, utterances in kept.items():
        if not utterances:
            raise DataError(f"{report.survey.manifests[name]}: no utterance is without errors, so that none is left")
    for name, utterances in kept.items():
        manifest.write(paths[name], utterances)
    return {name: len(utterances) for name, utterances in kept.items()}


def write_left_out(report: Report, path: Path, out: Mapping[tuple[str, int], Reasons]) -> None:
    """Write a line of JSON for each line in `out`: manifest, line, id, and the reasons by the name of the check."""
    ids = {(case.manifest, case.line): case.utterance.id for case in report.survey.cases}
    lines = [
        {"manifest": name, "line": line, "id": ids.get((name, line), ""), "reasons": reasons}
        for (name, line), reasons in out.items()
    ]
    with replacing(path) as temporary, open(temporary, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
