"""The ONNX graph of an acoustic model, built node by node from the weights of its modules.

Each known module has one emitter in `EMITTERS`. Any other module, such as a new encoder, is traced (torch.fx) and
emitted as the known modules and functions that its `forward` calls.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from asr import mel
from asr.errors import ModelError
from asr.export.carried import Carried, carried_layers
from asr.export.nodes import Nodes, Value
from asr.feasibility import FACTOR
from asr.model.ctc import AcousticModel
from asr.model.encoders.recurrent import VariationalDropout
from asr.model.encoders.subsampling import ConvSubsampling, ResidualBlock
from asr.model.fbank import Features, masked
from asr.model.lstm import LstmLayer


def build(model: AcousticModel) -> onnx.ModelProto:
    """Return the graph: samples [N, T] and lengths [N] -> log_probs [N, F, V] and frames [N]; T and lengths may be 0.

    Where the encoder hears no future, recordings may also come in pieces, as `Carried` says.
    Raises ModelError for a module that has no ONNX form.
    """
    nodes = Nodes()
    layers = carried_layers(model)
    carried = nodes.carried = Carried(nodes, layers) if layers else None
    values, frames = _features(nodes, model.features, "samples", "lengths")
    scaled = nodes.add("Div", nodes.add("Sub", values, _weight(nodes, model.mean)), _weight(nodes, model.deviation))
    hidden, frames = emit(nodes, model.encoder, _masked(nodes, scaled, frames), frames)
    log_probs = nodes.add("LogSoftmax", emit(nodes, model.head, hidden), axis=-1)
    # The graph carries at least one frame from end to end, so that no kernel sees an empty axis; cut off here.
    columns = _divided_up(nodes, _frames(nodes, nodes.size("samples", 1), model.features.spec), FACTOR)
    ends = nodes.unsqueezed(columns if carried is None else carried.part(columns), 0)
    nodes.add("Slice", log_probs, nodes.integers(0), ends, nodes.integers(1), output="log_probs")
    nodes.add("Identity", frames, output="frames")
    outputs: dict[str, Sequence[str | int]] = {"log_probs": ("N", "F", model.head.out_features), "frames": ("N",)}
    if carried is not None:
        carried.finish()
        outputs["next_state"] = ("two", "layers", "N", "hidden")
    return nodes.model({"samples": ("N", "T"), "lengths": ("N",)}, outputs)


def emit(nodes: Nodes, module: nn.Module, *inputs: Value) -> Any:
    """Append what a module computes of `inputs`, and return its output or tuple of outputs."""
    if type(module) in EMITTERS:
        return EMITTERS[type(module)](nodes, module, *inputs)
    name = type(module).__name__
    try:
        graph = _Tracer(autowrap_functions=(masked,)).trace(module)
    except Exception as error:  # whatever a forward does with a symbol instead of a tensor
        reason = str(error).partition("\n")[0]
        raise ModelError(f"{name} cannot be traced ({reason}); add an emitter for it to asr/export/graph.py") from error
    return _Emission(nodes, fx.GraphModule(module, graph), name).run(*inputs)


class _Tracer(fx.Tracer):
    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return type(m) in EMITTERS or super().is_leaf_module(m, module_qualified_name)


class _Emission(fx.Interpreter):
    """Walks through a traced module with names of graph values in place of tensors."""

    def __init__(self, nodes: Nodes, module: fx.GraphModule, name: str) -> None:
        super().__init__(module)
        self.extra_traceback = False  # it would add lines to our errors
        self.nodes = nodes
        self.name = name

    def call_module(self, target: Any, args: Any, kwargs: Any) -> Any:
        return emit(self.nodes, self.fetch_attr(target), *args, **kwargs)

    def get_attr(self, target: Any, args: Any, kwargs: Any) -> Any:
        return _weight(self.nodes, self.fetch_attr(target))

    def call_function(self, target: Any, args: Any, kwargs: Any) -> Any:
        if target is operator.getitem and isinstance(args[0], tuple):
            return args[0][args[1]]
        if target not in FUNCTIONS:
            raise ModelError(
                f"{self.name} calls {getattr(target, '__name__', target)}, which has no ONNX form here; "
                "add it to FUNCTIONS in asr/export/graph.py"
            )
        values = [self.nodes.constant(arg) if isinstance(arg, int | float) else arg for arg in args]
        return FUNCTIONS[target](self.nodes, *values, **kwargs)

    def call_method(self, target: Any, args: Any, kwargs: Any) -> Any:
        return self.call_function(getattr(Tensor, target), args, kwargs)


def _features(nodes: Nodes, module: Features, samples: Value, lengths: Value) -> tuple[Value, Value]:
    """Emit the front end: [N, T] -> [N, max(F, 1), dim], not yet masked, and frames [N].

    Every product has frames as rows and constants as columns: onnxruntime blocks its sums by the columns, so that a
    frame's sum does not depend on how many frames there are, and padding changes not even the last bit.
    """
    frames = _frames(nodes, lengths, module.spec)
    spectrum = nodes.add("MatMul", _framed(nodes, samples, lengths, module.spec), _weight(nodes, module.frame[:, 0].T))
    real, imaginary = nodes.split(nodes.add("Mul", spectrum, spectrum), 2, axis=2)
    energies = nodes.add("MatMul", nodes.add("Add", real, imaginary), _weight(nodes, module.bands))  # [N, F, bands]
    floored = nodes.unsqueezed(nodes.add("Max", energies, nodes.constant(mel.FLOOR)), 3)
    # The logarithm of a sum of one: onnxruntime's Log rounds otherwise at the ends of the pieces that its threads take.
    values = nodes.add("ReduceLogSum", floored, axes=[3], keepdims=0)
    if module.spec.kind == "mfcc":
        values = nodes.add("MatMul", values, _weight(nodes, module.dct))
    return values, frames


def _framed(nodes: Nodes, samples: Value, lengths: Value, spec: mel.FeatureSpec) -> Value:
    """Emit overlapping frames: [N, T] -> [N, max(F, 1), window], of blocks one shift long laid side by side."""
    blocks = -(-spec.window // spec.shift)
    frames = nodes.add("Max", _frames(nodes, nodes.size(samples, 1), spec), nodes.integer(1))
    rows = nodes.add("Add", frames, nodes.integer(blocks - 1))
    padded = _mirrored(nodes, samples, lengths, nodes.add("Mul", rows, nodes.integer(spec.shift)), spec)
    padded = nodes.add("Reshape", padded, nodes.integers(0, -1, spec.shift))  # [N, F + blocks - 1, shift]
    parts = []
    for block in range(blocks):
        last = nodes.unsqueezed(nodes.add("Add", frames, nodes.integer(block)), 0)
        width = min(spec.shift, spec.window - block * spec.shift)
        ends = nodes.add("Concat", last, nodes.integers(width), axis=0)
        parts.append(nodes.add("Slice", padded, nodes.integers(block, 0), ends, nodes.integers(1, 2)))
    return nodes.add("Concat", *parts, axis=2)


def _mirrored(nodes: Nodes, samples: Value, lengths: Value, size: Value, spec: mel.FeatureSpec) -> Value:
    """Emit `asr.model.fbank.mirrored`: [N, T] -> [N, size], each row reflected at its own ends."""
    positions = nodes.unsqueezed(nodes.add("Sub", nodes.count(size), nodes.integer(spec.lead)), 0)  # [1, size]
    period = nodes.unsqueezed(nodes.add("Mul", nodes.add("Max", lengths, nodes.integer(1)), nodes.integer(2)), 1)
    around = nodes.add("Mod", positions, period)  # [N, size]
    back = nodes.add("Sub", nodes.add("Sub", period, nodes.integer(1)), around)
    # A row of no samples reads the zero that is appended here.
    extended = nodes.add("Pad", samples, nodes.integers(0, 0, 0, 1))
    return nodes.add("GatherElements", extended, nodes.add("Min", around, back), axis=1)


def _frames(nodes: Nodes, samples: Value, spec: mel.FeatureSpec) -> Value:
    return nodes.add("Div", nodes.add("Add", samples, nodes.integer(spec.shift // 2)), nodes.integer(spec.shift))


def _divided_up(nodes: Nodes, frames: Value, divisor: int) -> Value:
    return nodes.add("Div", nodes.add("Add", frames, nodes.integer(divisor - 1)), nodes.integer(divisor))


def _masked(nodes: Nodes, values: Value, frames: Value, *, axis: int = 1, rank: int = 3) -> Value:
    """Emit `asr.model.fbank.masked`: zero past each row's frames along an axis."""
    inside = nodes.add("Less", nodes.count(nodes.size(values, axis)), nodes.unsqueezed(frames, 1))  # [N, F]
    inside = nodes.unsqueezed(inside, *(other for other in range(1, rank) if other != axis))
    # A product as in torch, not Where, which took three times as long in onnxruntime 1.31.
    return nodes.add("Mul", values, nodes.add("Cast", inside, to=onnx.TensorProto.FLOAT))


def _subsampling(nodes: Nodes, module: ConvSubsampling, x: Value, frames: Value) -> tuple[Value, Value]:
    x = nodes.unsqueezed(_masked(nodes, x, frames), 1)  # [N, 1, F, dim]
    for convolution, blocks in ((module.first, module.early), (module.second, module.late)):
        frames = _divided_up(nodes, frames, 2)
        x = _cleared(nodes, _conv(nodes, convolution, x), frames)  # [N, C, F / 2, dim / 2], then [N, C, F / 4, dim / 4]
        for block in blocks:
            x = emit(nodes, block, x, frames)
    x = nodes.add("Reshape", nodes.add("Transpose", x, perm=[0, 2, 1, 3]), nodes.integers(0, 0, -1))
    x = _linear(nodes, module.project, x)
    return (x, frames) if nodes.carried is None else nodes.carried.heard(x, frames)


def _residual(nodes: Nodes, module: ResidualBlock, x: Value, frames: Value) -> Value:
    y = _cleared(nodes, _conv(nodes, module.first, x), frames)
    return _cleared(nodes, _conv(nodes, module.second, y, add=x), frames)


def _cleared(nodes: Nodes, x: Value, frames: Value) -> Value:
    return _masked(nodes, x, frames, axis=2, rank=4)


def _conv(nodes: Nodes, module: nn.Conv2d, x: Value, *, add: Value | None = None) -> Value:
    """Emit a convolution, what is added to it, and the rectifier."""
    weights = [_weight(nodes, weight) for weight in module.parameters(recurse=False)]
    pads = [int(pad) for pad in module.padding] * 2  # before and after each axis
    y = nodes.add("Conv", x, *weights, strides=list(module.stride), pads=pads)
    return nodes.add("Relu", y if add is None else nodes.add("Add", add, y))


def _linear(nodes: Nodes, module: nn.Linear, x: Value) -> Value:
    product = nodes.add("MatMul", x, _weight(nodes, module.weight.T))
    return product if module.bias is None else nodes.add("Add", product, _weight(nodes, module.bias))


def _layer_norm(nodes: Nodes, module: nn.LayerNorm, x: Value) -> Value:
    weights = [_weight(nodes, weight) for weight in module.parameters()]
    return nodes.add("LayerNormalization", x, *weights, axis=-1, epsilon=module.eps)


def _lstm(nodes: Nodes, module: LstmLayer, x: Value, frames: Value) -> Value:
    """Emit one LSTM over the rows' own lengths: [N, F, inputs] -> [N, F, outputs]."""
    cells = [module.ahead] if module.back is None else [module.ahead, module.back]
    weights = [[_gates(cell.weight_ih_l0) for cell in cells], [_gates(cell.weight_hh_l0) for cell in cells]]
    biases = [np.concatenate([_gates(cell.bias_ih_l0), _gates(cell.bias_hh_l0)]) for cell in cells]
    # onnxruntime refuses lengths of 0; the one frame too many is masked after the last layer.
    lengths = nodes.add("Cast", nodes.add("Max", frames, nodes.integer(1)), to=onnx.TensorProto.INT32)
    carried = nodes.carried
    states = () if carried is None else carried.enter(nodes.size(x, 0))
    y, hidden, cell = nodes.add_many(
        "LSTM",
        nodes.add("Transpose", x, perm=[1, 0, 2]),
        *(nodes.constant(np.stack(weight)) for weight in (*weights, biases)),
        lengths,
        *states,
        outputs=[f"LSTM_{len(nodes.nodes)}_{part}" for part in ("all", "hidden", "cell")],
        direction="forward" if module.back is None else "bidirectional",
        hidden_size=module.ahead.hidden_size,
    )  # [F, directions, N, hidden], then [directions, N, hidden] twice
    if carried is not None:
        carried.leave(hidden, cell)
    return nodes.add("Reshape", nodes.add("Transpose", y, perm=[2, 0, 1, 3]), nodes.integers(0, 0, -1))


def _gates(weight: Any) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return rows in ONNX's order of gates (input, output, forget, cell) from torch's (input, forget, cell, output)."""
    i, f, c, o = weight.detach().cpu().float().numpy().reshape(4, -1, *weight.shape[1:])
    return np.concatenate([i, o, f, c])


def _identity(nodes: Nodes, module: nn.Module, x: Value) -> Value:
    return x


def _weight(nodes: Nodes, tensor: Tensor) -> Value:
    return nodes.constant(tensor.detach().cpu().float().numpy())


def _operator(name: str) -> Callable[..., Value]:
    return lambda nodes, *inputs: nodes.add(name, *inputs)


EMITTERS: dict[type[nn.Module], Callable[..., Any]] = {
    Features: _features,
    ConvSubsampling: _subsampling,
    ResidualBlock: _residual,
    LstmLayer: _lstm,
    nn.LayerNorm: _layer_norm,
    nn.Linear: _linear,
    nn.ReLU: lambda nodes, module, x: nodes.add("Relu", x),
    nn.Dropout: _identity,
    VariationalDropout: _identity,
}
FUNCTIONS: dict[Any, Callable[..., Any]] = {
    masked: _masked,
    operator.add: _operator("Add"),
    operator.sub: _operator("Sub"),
    operator.mul: _operator("Mul"),
    operator.truediv: _operator("Div"),
    torch.relu: _operator("Relu"),
    functional.relu: lambda nodes, x, inplace=False: nodes.add("Relu", x),
    torch.tanh: _operator("Tanh"),
    torch.sigmoid: _operator("Sigmoid"),
}
