"""The data doctor: what is wrong with a data set, before a model is trained on it.

from asr import doctor

report = doctor.examine({"train": "data/train.jsonl", "test": "data/test.jsonl"}, doctor.for_config("config.toml"))
print(doctor.text_page(report))
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from asr.doctor.case import Case, Finding, Survey
from asr.doctor.check import SEVERITIES, Check, Severity
from asr.doctor.checks import CHECKS
from asr.doctor.clean import left_out, write_clean, write_left_out
from asr.doctor.html import html_page
from asr.doctor.page import text_page, verdict
from asr.doctor.report import Report, examined
from asr.doctor.survey import MakeTarget, Watch, take_survey
from asr.doctor.target import Target, for_config, for_model, for_nothing

__all__ = [
    "CHECKS",
    "SEVERITIES",
    "Case",
    "Check",
    "Finding",
    "MakeTarget",
    "Report",
    "Severity",
    "Survey",
    "Target",
    "examine",
    "for_config",
    "for_model",
    "for_nothing",
    "html_page",
    "left_out",
    "text_page",
    "verdict",
    "write_clean",
    "write_left_out",
]


def examine(
    manifests: Mapping[str, str | Path],
    target: Target | MakeTarget | None = None,
    *,
    threads: int | None = None,
    watch: Watch | None = None,
) -> Report:
    """Read every recording of some manifests, by their names, and say what is wrong.

    The training set comes first. target: what `for_model` or `for_config` returns. watch: is given the utterances as
    they are examined, and their number, and gives them on; for a progress bar.
    Raises MissingFile, DataError for a manifest without utterances, ManifestError for one in which no line is one, and
    MissingPackage where a format or a model needs another package.
    """
    return examined(take_survey(manifests, target, threads=threads, watch=watch))
