"""Parts of a page: tables that can be sorted, alignments whose errors are coloured, lists of settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

UNDEFINED = "\N{EN DASH}"
LEGEND = (
    '<p class="legend note">Said above, read below: <span class="w C"><i>right</i></span> '
    '<span class="w S"><i>said</i><b>read instead</b></span> <span class="w D"><i>lost</i></span> '
    '<span class="w I"><b>inserted</b></span></p>'
)


def per_cent(rate: float | None) -> str:
    return UNDEFINED if rate is None else f"{100 * rate:.2f} %"


def between(interval: Sequence[float] | None) -> str:
    return UNDEFINED if not interval else f"{100 * interval[0]:.2f} to {100 * interval[1]:.2f} %"


def table(head: Sequence[str], rows: Sequence[Sequence[object]], caption: str = "") -> str:
    """Return a table whose columns sort at a click; a cell may be (what it sorts by, HTML)."""
    right = [isinstance(cell, tuple | int | float) for cell in rows[0]] if rows else [False] * len(head)
    heads = "".join(map(_head, head, right))
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    above = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f'<div class="wide"><table>{above}<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>'


def _head(name: str, right: bool) -> str:
    kind = ' class="n"' if right else ""
    return f'<th scope="col"{kind}><button type="button">{escape(name)}</button></th>'


def _cell(value: object) -> str:
    if isinstance(value, tuple):
        order, shown = value
        return f'<td class="n" data-v="{escape(str(order))}">{shown}</td>'
    if isinstance(value, int | float):
        return f'<td class="n" data-v="{value}">{value}</td>'
    return f"<td>{escape(str(value))}</td>"


def rate_cell(rate: float | None, most: float, system: int = 0) -> tuple[float, str]:
    """Return a cell with a rate and a bar that is as long as its share of the greatest, in the system's colour."""
    width = 0 if rate is None or not most else min(100, 100 * rate / most)
    return (
        -1.0 if rate is None else rate,
        f'{per_cent(rate)}<span class="meter s{system}" style="width:{width:.0f}%"></span>',
    )


def interval_cell(interval: Sequence[float] | None) -> tuple[float, str]:
    return (interval[0] if interval else -1.0, between(interval))


def alignment(utterance: Mapping[str, Any]) -> str:
    """Return the words of an utterance of a card, what was said above what was read."""
    said, read = iter(utterance["reference"].split()), iter(utterance["hypothesis"].split())
    columns = []
    for mark in utterance["marks"]:
        word = "" if mark == "I" else escape(next(said))
        guess = "" if mark == "D" else escape(next(read))
        columns.append(f'<span class="w {mark}"><i>{word or "·"}</i><b>{guess or "·"}</b></span>')
    return (
        f'<div class="al">{" ".join(columns)}</div>'
        if columns
        else '<div class="al"><em>nothing said, nothing read</em></div>'
    )


def settings(values: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Yield the entries of a list of definitions for nested settings."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from settings(value, f"{prefix}{name} ")
        else:
            yield f"<dt>{escape(prefix + name)}</dt><dd>{escape(str(value))}</dd>"


def key(names: Sequence[str]) -> str:
    """Return which colour is which system, where there are several."""
    if len(names) < 2:
        return ""
    keys = " ".join(f'<span><span class="key s{n}"></span>{escape(name)}</span>' for n, name in enumerate(names))
    return f'<p class="note">{keys}</p>'


def errors_of(each: dict[str, Any]) -> int:
    return int(each["substitutions"] + each["deletions"] + each["insertions"])
