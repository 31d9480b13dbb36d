"""Overlapping frames in a graph."""

from __future__ import annotations

from asr.export.nodes import Nodes, Value


def framed(nodes: Nodes, padded: Value, frames: Value, *, window: int, shift: int) -> Value:
    """Emit frames [N, frames, window] of rows [N, P], a shift apart: blocks one shift long, laid side by side.

    P is what `span` says; `frames` is a scalar.
    """
    blocks = nodes.add("Reshape", padded, nodes.integers(0, -1, shift))  # [N, frames + overlaps, shift]
    parts = []
    for block in range(-(-window // shift)):
        last = nodes.unsqueezed(nodes.add("Add", frames, nodes.integer(block)), 0)
        width = min(shift, window - block * shift)
        ends = nodes.add("Concat", last, nodes.integers(width), axis=0)
        parts.append(nodes.add("Slice", blocks, nodes.integers(block, 0), ends, nodes.integers(1, 2)))
    return nodes.add("Concat", *parts, axis=2)


def span(nodes: Nodes, frames: Value, *, window: int, shift: int) -> Value:
    """Emit how long the rows are of which `framed` makes that many frames."""
    rows = nodes.add("Add", frames, nodes.integer(-(-window // shift) - 1))
    return nodes.add("Mul", rows, nodes.integer(shift))
