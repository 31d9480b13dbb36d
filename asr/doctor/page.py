"""The report as a page of text for people."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence

from asr.doctor.check import SEVERITIES, Severity
from asr.doctor.checks import CHECKS
from asr.doctor.distributions import Distribution
from asr.doctor.overview import COLUMNS
from asr.doctor.report import Report

SHOWN = 10  # findings of a check, and what it counted
WIDTH = 110
_NO_BREAK = "\N{NO-BREAK SPACE}"
_LEVELS = " ▁▂▃▄▅▆▇█"


def text_page(report: Report) -> str:
    """Return the report as lines of WIDTH characters at the most: an overview first, then what is wrong."""
    parts = [_heading(report), _manifests(report), _distributions(report)]
    parts += [_severity(report, severity) for severity in SEVERITIES if report.names(severity)]
    parts += [_silent_checks(report)]
    return "\n\n".join("\n".join(part) for part in parts if part)


def verdict(report: Report) -> str:
    """Return the outcome in one sentence."""
    counts = {severity: report.lines(severity) for severity in SEVERITIES}
    if not any(counts.values()):
        return "nothing was found"
    lines = [f"{_plural(count, 'line')} with {severity}s" for severity, count in counts.items() if count]
    return ", ".join(lines)


def amount(report: Report) -> str:
    """Return how much was examined."""
    overviews = report.overviews.values()
    utterances, hours = sum(each.utterances for each in overviews), sum(each.hours for each in overviews)
    return f"{_plural(len(overviews), 'manifest')}, {_plural(utterances, 'utterance')}, {hours:.2f} h"


def places(report: Report, name: str) -> str:
    """Return in how many lines of each manifest a check found something."""
    lines = {(finding.manifest, finding.line) for finding in report.found[name]}
    counts = Counter(manifest for manifest, _ in lines)
    broken = Counter(line.manifest for line in report.survey.broken)
    sizes = {name: each.utterances + broken[name] for name, each in report.overviews.items()}
    return ", ".join(
        f"{name} {counts[name]} of {sizes[name]} ({_percent(counts[name], sizes[name])})"
        for name in sizes
        if counts[name]
    )


def _heading(report: Report) -> list[str]:
    return [f"{amount(report)}: {verdict(report)}", f"examined for {report.survey.target.what}"]


def _manifests(report: Report) -> list[str]:
    rows = [("", *COLUMNS), *((name, *each.row) for name, each in report.overviews.items())]
    return _table(rows, right=range(1, 7))


def _distributions(report: Report) -> list[str]:
    rows: list[tuple[str, ...]] = [("", "least", "5 %", "median", "95 %", "most", "")]
    for each in report.distributions.values():
        numbers = [f"{value:.{each.quantity.digits}f}" for value in each.quantiles.values()]
        rows.append((each.quantity.title, *numbers, _sparkline(each)))
    return _table(rows, right=range(1, 6)) if len(rows) > 1 else []


def _sparkline(distribution: Distribution) -> str:
    pairs = zip(distribution.total[::2], distribution.total[1::2], strict=True)
    counts = [sum(pair) for pair in pairs]
    return "".join(_LEVELS[-(-count * (len(_LEVELS) - 1) // max(counts))] for count in counts)


def _severity(report: Report, severity: Severity) -> list[str]:
    lines = [f"{severity.upper()}S: {_plural(report.lines(severity), 'line')} ({SEVERITIES[severity]})"]
    for name in report.names(severity):
        lines += ["", *_check(report, name)]
    return lines


def _check(report: Report, name: str) -> Iterator[str]:
    findings, counted, examples = report.found[name], report.counted(name), report.examples(name, SHOWN)
    yield f"  {name}: {CHECKS[name].title}"
    yield _cut(f"    {places(report, name)}")
    if len(counted) > 1 or (counted and counted[0][1] > 1):
        # No line ends within a unit: textwrap does not break at these spaces.
        units = [f"{unit} {count}".replace(" ", _NO_BREAK) for unit, count in counted[:SHOWN]]
        more = f" and {len(counted) - SHOWN} more" if len(counted) > SHOWN else ""
        yield from (line.replace(_NO_BREAK, " ") for line in _wrapped(", ".join(units) + more, "    "))
    several = len(report.survey.manifests) > 1
    labels = [(f"{f.manifest}:" if several else "") + (f.id or f"line {f.line}") for f in examples]
    column = max(map(len, labels))
    for label, finding in zip(labels, examples, strict=True):
        yield _cut(f"      {label:<{column}}  {finding.says}")
    if len(findings) > len(examples):
        yield f"      ... and {len(findings) - len(examples)} more"
    yield from _wrapped(CHECKS[name].advice, "    > ")


def _silent_checks(report: Report) -> list[str]:
    lines = list(_wrapped(f"Found nothing: {', '.join(report.well) or 'none'}", ""))
    for way, names in report.not_made.items():
        lines += _wrapped(f"Not looked for: {', '.join(names)} (needs {way})", "")
    return lines


def _table(rows: Sequence[Sequence[str]], right: Sequence[int]) -> list[str]:
    columns = []
    for number, column in enumerate(zip(*rows, strict=True)):
        width = max(map(len, column))
        columns.append([cell.rjust(width) if number in right else cell.ljust(width) for cell in column])
    return [_cut("  " + "  ".join(row)) for row in zip(*columns, strict=True)]


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=" " * len(indent))


def _cut(line: str) -> str:
    line = line.rstrip()
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")


def _percent(count: int, total: int) -> str:
    """Return a share of which neither "0 %" nor "100 %" is said when it is not."""
    share = 100 * count / total
    if 0 < share < 1:
        return "< 1 %"
    return "> 99 %" if 99 < share < 100 else f"{share:.0f} %"
