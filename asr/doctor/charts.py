"""Histograms as SVG, one row of bars a manifest over one axis, and their figures as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from asr.doctor.distributions import Distribution

# In the units of the drawing, which is as wide as a telephone's screen.
_WIDTH = 360
_ROW = 56
_LABEL = 19  # above the bars of a row, where there are several
_AXIS = 20
_TICKS = 4
_MOST_ROWS = 6  # of more manifests the sum is drawn


def figure(distribution: Distribution) -> str:
    """Return a distribution as a figure with its caption, quantiles, bars and a table of what they show."""
    quantity = distribution.quantity
    names = {"least": "least", "p05": "5 %", "median": "median", "p95": "95 %", "most": "most"}
    quantiles = [(names[key], f"{value:.{quantity.digits}f}") for key, value in distribution.quantiles.items()]
    title = escape(quantity.title)
    said = escape(f"Histogram: {quantity.title}; " + ", ".join(f"{name} {value}" for name, value in quantiles))
    terms = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in quantiles)
    return (
        f"<figure><figcaption>{title}</figcaption>{_drawing(distribution, said)}<dl>{terms}</dl><details>"
        f"<summary>Table<span class=unseen> of {title}</span></summary>{_table(distribution)}</details></figure>"
    )


def _rows(distribution: Distribution) -> dict[str, Sequence[int]]:
    if len(distribution.counts) > _MOST_ROWS:
        return {"all": distribution.total}
    return {name: counts for name, counts in distribution.counts.items() if sum(counts)}


def _drawing(distribution: Distribution, said: str) -> str:
    rows = _rows(distribution)
    label = _LABEL if len(rows) > 1 else 0
    height = len(rows) * (_ROW + label) + _AXIS
    parts = [f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{said}">']
    for number, (name, counts) in enumerate(rows.items()):
        bottom = (number + 1) * (_ROW + label)
        if label:
            parts.append(f'<text x="0" y="{bottom - _ROW - 4}" class="name">{escape(name)}</text>')
        parts += _bars(counts, distribution, bottom)
        parts.append(f'<line x1="0" x2="{_WIDTH}" y1="{bottom}" y2="{bottom}"/>')
    parts += [*_median(distribution, height), *_axis(distribution, height), "</svg>"]
    return "".join(parts)


def _bars(counts: Sequence[int], distribution: Distribution, bottom: int) -> Iterator[str]:
    width, most = _WIDTH / len(counts), max(counts)
    for number, count in enumerate(counts):
        if count:
            # A bar of one utterance beside bars of thousands can still be seen.
            tall = max(1.5, _ROW * count / most)
            yield (
                f'<rect x="{number * width + 0.5:.1f}" y="{bottom - tall:.1f}" width="{width - 1:.1f}" '
                f'height="{tall:.1f}"><title>{_span(distribution, number)}: {count}</title></rect>'
            )


def _median(distribution: Distribution, height: int) -> Iterator[str]:
    first, last = distribution.edges[0], distribution.edges[-1]
    x = _WIDTH * (distribution.quantiles["median"] - first) / (last - first)
    yield f'<line class="median" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{height - _AXIS}"/>'


def _axis(distribution: Distribution, height: int) -> Iterator[str]:
    first, last = distribution.edges[0], distribution.edges[-1]
    for tick in range(_TICKS + 1):
        anchor = "start" if tick == 0 else "end" if tick == _TICKS else "middle"
        value = f"{first + (last - first) * tick / _TICKS:.{distribution.quantity.digits}f}"
        yield f'<text x="{_WIDTH * tick / _TICKS:g}" y="{height - 5}" text-anchor="{anchor}">{value}</text>'


def _table(distribution: Distribution) -> str:
    rows = _rows(distribution)
    head = "".join(f"<th scope=col>{escape(name)}</th>" for name in rows)
    lines = [
        f"<tr><th scope=row>{_span(distribution, number)}</th>"
        + "".join(f"<td>{count}</td>" for count in column)
        + "</tr>"
        for number, column in enumerate(zip(*rows.values(), strict=True))
        if any(column)
    ]
    return f"<table><thead><tr><th scope=col>from to</th>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def _span(distribution: Distribution, number: int) -> str:
    """Return what a bar stands for; the outer ones have what lies beyond them too."""
    digits = distribution.quantity.digits + 1
    low, high = (f"{edge:.{digits}f}" for edge in distribution.edges[number : number + 2])
    if number == 0:
        return f"up to {high}"
    return f"{low} or more" if number == len(distribution.edges) - 2 else f"{low} to {high}"
