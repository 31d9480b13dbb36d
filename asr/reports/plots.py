"""Plots as inline SVG, in the colours of the page that they stand in."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape

_STEPS = (0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


def intervals(rows: Sequence[tuple[str, float, Sequence[float] | None, int]]) -> str:
    """Draw rates with their intervals: (name, rate, (low, high) or None, number of the system from 0)."""
    shown = [value for _, rate, between, _ in rows for value in (rate, *(between or ()))]
    low, high = min(shown), max(shown)
    span = (high - low) or 0.01
    low, high = max(0.0, low - 0.1 * span), high + 0.1 * span
    top, left, width, step = 8, 190, 400, 30

    def x(value: float) -> float:
        return left + width * (value - low) / (high - low)

    bottom = top + step * len(rows)
    parts = [_axis(x, low, high, top, bottom)]
    for number, (name, rate, between, system) in enumerate(rows):
        y = top + step * number + step / 2
        parts.append(f'<text x="{left - 12}" y="{y + 4:.0f}" class="end">{escape(name)}</text>')
        if between:
            parts.append(
                f'<line x1="{x(between[0]):.1f}" x2="{x(between[1]):.1f}" y1="{y}" y2="{y}" class="bar s{system}"/>'
            )
        parts.append(f'<circle cx="{x(rate):.1f}" cy="{y}" r="5" class="s{system}"/>')
    return _svg(left + width + 30, bottom + 26, parts, "error rates with their intervals")


def histogram(systems: Sequence[Sequence[float]], bins: int = 10) -> str:
    """Draw how many utterances have which error rate; the last column holds all from 100 % on."""
    counts = [[0] * (bins + 1) for _ in systems]
    for column, rates in zip(counts, systems, strict=True):
        for rate in rates:
            column[min(bins, int(rate * bins + 1e-9))] += 1
    left, top, width, height = 46, 14, 520, 170
    most = max(1, max(map(max, counts)))
    slot = width / (bins + 1)
    parts = []
    for number in range(bins + 1):
        x = left + slot * number
        label = "100 on" if number == bins else f"{100 * number // bins}"
        parts.append(f'<text x="{x + slot / 2:.0f}" y="{top + height + 16}" class="mid">{label}</text>')
        for system, column in enumerate(counts):
            part = (slot - 6) / len(counts)
            tall = height * column[number] / most
            at = x + 3 + part * system
            parts.append(
                f'<rect x="{at:.1f}" y="{top + height - tall:.1f}" width="{part - 1:.1f}" height="{tall:.1f}" '
                f'class="s{system}"><title>{column[number]} utterances</title></rect>'
            )
    parts.append(f'<line x1="{left}" x2="{left + width}" y1="{top + height}" y2="{top + height}" class="axis"/>')
    parts += [
        f'<text x="{left - 8}" y="{top + 8}" class="end">{most}</text>',
        f'<text x="{left - 8}" y="{top + height}" class="end">0</text>',
    ]
    parts.append(
        f'<text x="{left + width / 2}" y="{top + height + 36}" class="mid">word error rate of an utterance, %</text>'
    )
    return _svg(left + width + 10, top + height + 44, parts, "distribution of the utterances' error rates")


def calibration(systems: Sequence[Sequence[tuple[float, float, int]]]) -> str:
    """Draw the share of right words over their confidence: (confidence, share, words) of each bin."""
    left, top, size = 46, 14, 240

    def place(confidence: float, right: float) -> str:
        return f"{left + size * confidence:.1f},{top + size * (1 - right):.1f}"

    parts = [f'<rect x="{left}" y="{top}" width="{size}" height="{size}" class="frame"/>']
    parts.append(f'<polyline points="{place(0, 0)} {place(1, 1)}" class="ideal"/>')
    for value in (0.0, 0.5, 1.0):
        parts.append(f'<text x="{left + size * value:.0f}" y="{top + size + 16}" class="mid">{value:g}</text>')
        parts.append(f'<text x="{left - 8}" y="{top + size * (1 - value) + 4:.0f}" class="end">{value:g}</text>')
    for system, bins in enumerate(systems):
        line = " ".join(place(confidence, right) for confidence, right, _ in bins)
        parts.append(f'<polyline points="{line}" class="curve s{system}"/>')
        for confidence, right, words in bins:
            cx, cy = place(confidence, right).split(",")
            parts.append(f'<circle cx="{cx}" cy="{cy}" r="4" class="s{system}"><title>{words} words</title></circle>')
    parts.append(f'<text x="{left + size / 2}" y="{top + size + 36}" class="mid">confidence</text>')
    return _svg(left + size + 20, top + size + 44, parts, "share of right words at each confidence")


def _axis(x: Callable[[float], float], low: float, high: float, top: float, bottom: float) -> str:
    step = next((step for step in _STEPS if (high - low) / step <= 6), high - low)
    ticks = [step * number for number in range(math.ceil(low / step), math.floor(high / step) + 1)]
    return "".join(
        f'<line x1="{x(t):.1f}" x2="{x(t):.1f}" y1="{top}" y2="{bottom}" class="grid"/>'
        f'<text x="{x(t):.1f}" y="{bottom + 18}" class="mid">{100 * t:.4g} %</text>'
        for t in ticks
    )


def _svg(width: float, height: float, parts: Sequence[str], title: str) -> str:
    head = (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" style="max-width:{width:.0f}px" role="img" aria-label="{title}">'
    )
    return f"{head}{''.join(parts)}</svg>"
