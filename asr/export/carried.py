"""What a graph carries from one piece of a recording to the next, where its encoder hears no future."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from asr.export.nodes import Nodes, Value
from asr.mel import FeatureSpec
from asr.model.ctc import AcousticModel
from asr.model.lstm import LstmLayer

ALL = np.iinfo(np.int64).max


class Carried:
    """Two more inputs, which may be left out, and one more output.

    `state` [2, layers, N or 1, hidden]: hidden states and cells of all layers before the piece; zeros unless given.
    `part` [2]: of the output frames that the samples make, how many are skipped and how many are heard after them; all
    unless given. What is skipped is context for the convolutions alone. `next_state` is the state after the piece.
    """

    def __init__(self, nodes: Nodes, layers: Sequence[LstmLayer]) -> None:
        self.nodes = nodes
        shape = state_shape(layers)
        state = nodes.given("state", np.zeros(shape, np.float32), (*shape[:2], "S", shape[3]))
        self.first, self.count = nodes.split_off(nodes.given("part", np.array([0, ALL]), (2,)), 2)
        self.before = [nodes.split_off(value, len(layers)) for value in nodes.split_off(state, 2)]
        self.after: list[list[Value]] = [[], []]

    def part(self, size: Value) -> Value:
        """Return how many of `size` frames are heard."""
        left = self.nodes.add("Sub", size, self.nodes.add("Min", self.first, size))
        return self.nodes.add("Min", left, self.count)

    def heard(self, x: Value, frames: Value) -> tuple[Value, Value]:
        """Return the frames of x [N, F, C] that are heard, and how many of each row they are."""
        nodes = self.nodes
        starts, counts = nodes.unsqueezed(self.first, 0), nodes.unsqueezed(self.part(nodes.size(x, 1)), 0)
        ends = nodes.add("Add", starts, counts)
        return nodes.add("Slice", x, starts, ends, nodes.integers(1)), self.part(frames)

    def enter(self, rows: Value) -> tuple[Value, Value]:
        """Return hidden state and cell [1, N, hidden] of the next layer, for as many rows as a scalar says."""
        nodes, layer = self.nodes, len(self.after[0])
        shape = nodes.add("Concat", nodes.integers(1), nodes.unsqueezed(rows, 0), nodes.integers(1), axis=0)
        hidden, cell = (nodes.add("Expand", values[layer], shape) for values in self.before)
        return hidden, cell

    def leave(self, hidden: Value, cell: Value) -> None:
        """Take the state of a layer after the piece."""
        self.after[0].append(hidden)
        self.after[1].append(cell)

    def finish(self) -> None:
        """Add the output `next_state`."""
        nodes = self.nodes
        both = [nodes.unsqueezed(nodes.add("Concat", *values, axis=0), 0) for values in self.after]
        nodes.add("Concat", *both, axis=0, output="next_state")


def carried_layers(model: AcousticModel) -> list[LstmLayer]:
    """Return the layers whose states are carried; none where the encoder hears the future."""
    if not getattr(model.encoder, "streams", False):
        return []
    return [module for module in model.encoder.modules() if isinstance(module, LstmLayer)]


def state_shape(layers: Sequence[LstmLayer]) -> tuple[int, int, int, int]:
    return 2, len(layers), 1, layers[0].ahead.hidden_size


def streaming(model: AcousticModel) -> dict[str, object] | None:
    """Return what a runtime has to know to feed pieces: the context that it gives, and the shape of the state."""
    layers = carried_layers(model)
    if not layers:
        return None
    spec, reach = model.features.spec, int(model.encoder.reach)  # type: ignore[arg-type]
    context, ahead = context_of(spec, reach)
    return {"context_frames": context, "ahead_samples": ahead, "state": list(state_shape(layers))}


def context_of(spec: FeatureSpec, reach: int, factor: int = 4) -> tuple[int, int]:
    """Return output frames before a piece and samples after it that its own output frames need.

    An output frame reads `reach` feature frames on each side of its first one. Feature frame f reads `window` samples
    from f * shift - lead on.
    """
    before = -(-(reach * spec.shift + spec.lead) // (factor * spec.shift))
    return before, max(0, (reach - factor) * spec.shift - spec.lead + spec.window)
