"""The report as one HTML file for a browser: nothing is fetched, and nothing but the browser runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from importlib import resources

from asr.doctor.charts import figure
from asr.doctor.check import SEVERITIES, Severity
from asr.doctor.checks import CHECKS
from asr.doctor.overview import COLUMNS
from asr.doctor.page import amount, places, verdict
from asr.doctor.report import Report

SHOWN = 200  # findings of a check; the rest is in the JSON


def html_page(report: Report) -> str:
    """Return the page: an overview, what was found, the errors opened, and histograms."""
    style = resources.files("asr.doctor").joinpath("page.css").read_text(encoding="utf-8")
    body = "\n".join([*_head(report), *_manifests(report), *_findings(report), *_figures(report), *_foot(report)])
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>Data doctor: {escape(', '.join(report.survey.manifests))}</title>\n<style>\n{style}</style>\n"
        f'</head>\n<body>\n<a class="skip" href="#findings">To the findings</a>\n{body}\n</body>\n</html>\n'
    )


def _head(report: Report) -> Iterator[str]:
    yield f"<header><h1>Data doctor</h1><p>{escape(amount(report))}: {escape(verdict(report))}.</p>"
    yield f"<p class=dim>Examined for {escape(report.survey.target.what)}.</p>"
    yield "<nav aria-label='Findings by severity'>"
    for severity in SEVERITIES:
        count = report.lines(severity)
        lines = "line" if count == 1 else "lines"
        target = f' href="#{severity}"' if count else ""
        yield f"<a class='{severity if count else 'none'}'{target}><b>{count}</b> {lines} with {severity}s</a>"
    yield "</nav></header>"


def _manifests(report: Report) -> Iterator[str]:
    head = "".join(f"<th scope=col>{name}</th>" for name in COLUMNS)
    yield '<section><h2>Manifests</h2><div class="wide" tabindex="0" role="region" aria-label="Manifests">'
    yield f"<table class=manifests><thead><tr><th scope=col>name</th>{head}</tr></thead><tbody>"
    for name, each in report.overviews.items():
        cells = "".join(f"<td>{escape(value)}</td>" for value in each.row)
        file = escape(str(report.survey.manifests[name]))
        yield f'<tr><th scope=row title="{file}">{escape(name)}</th>{cells}</tr>'
    yield "</tbody></table></div></section>"


def _figures(report: Report) -> Iterator[str]:
    if report.distributions:
        yield "<section><h2>Distributions</h2>"
        yield "<p class=dim>Utterances by each quantity; the dashed line is the median of all. The outer bars"
        yield "hold what lies beyond them too.</p><div class=figures>"
        yield from map(figure, report.distributions.values())
        yield "</div></section>"


def _findings(report: Report) -> Iterator[str]:
    yield "<main id=findings>"
    for severity in SEVERITIES:
        if report.names(severity):
            yield from _severity(report, severity)
    yield "</main>"


def _severity(report: Report, severity: Severity) -> Iterator[str]:
    yield f"<section><h2 id={severity}>{severity.capitalize()}s</h2>"
    yield f"<p class=dim>{SEVERITIES[severity].capitalize()}.</p>"
    for name in report.names(severity):
        yield f"<details class={severity}{' open' if severity == 'error' else ''}><summary>"
        count = len(report.found[name])
        yield f"<span class=count>{count}</span> {escape(CHECKS[name].title)} <code>{name}</code></summary>"
        yield f"<p>{escape(CHECKS[name].advice)}</p><p class=dim>{escape(places(report, name))}</p>"
        yield from _counted(report.counted(name))
        yield from _table(report, name)
        yield "</details>"
    yield "</section>"


def _counted(counted: Sequence[tuple[str, int]]) -> Iterator[str]:
    if counted:
        items = "".join(f"<li>{escape(unit)} <b>{count}</b></li>" for unit, count in counted[:SHOWN])
        more = f"<li>and {len(counted) - SHOWN} more</li>" if len(counted) > SHOWN else ""
        yield f"<ul class=counted>{items}{more}</ul>"


def _table(report: Report, name: str) -> Iterator[str]:
    findings = report.found[name]
    yield f'<div class="wide tall" tabindex="0" role="region" aria-label="Findings of {name}"><table class=findings>'
    yield "<thead><tr><th scope=col>manifest</th><th scope=col>line</th><th scope=col>id</th>"
    yield "<th scope=col>what is wrong</th></tr></thead><tbody>"
    for finding in findings[:SHOWN]:
        cells = (finding.manifest, str(finding.line), finding.id, finding.says)
        yield "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
    yield "</tbody></table></div>"
    if len(findings) > SHOWN:
        yield f"<p class=dim>{len(findings) - SHOWN} more are in what --json writes.</p>"


def _foot(report: Report) -> Iterator[str]:
    yield "<section><h2>Nothing found</h2><ul class='plain columns'>"
    yield from (f"<li>{escape(CHECKS[name].title)} <code>{name}</code></li>" for name in report.well)
    yield "</ul>"
    if report.not_made:
        yield "<h2>Not looked for</h2><ul class=plain>"
        for way, names in report.not_made.items():
            yield f"<li>{', '.join(f'<code>{name}</code>' for name in names)} (needs {escape(way)})</li>"
        yield "</ul>"
    yield "</section>"
