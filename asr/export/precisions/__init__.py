"""Smaller and faster forms of an exported graph; a new one is a file here and a line in `PRECISIONS`."""

from __future__ import annotations

from collections.abc import Callable

import onnx

from asr.errors import ConfigError, did_you_mean
from asr.export.precisions.fp16 import fp16
from asr.export.precisions.int8 import int8
from asr.export.precisions.weights import weights

Precision = Callable[[onnx.ModelProto], onnx.ModelProto]  # from the graph in fp32

PRECISIONS: dict[str, Precision] = {"int8": int8, "fp16": fp16, "int8-weights": weights}


def get_precision(name: str) -> Precision:
    """Return a precision by its name; an unknown name is a ConfigError with the nearest known one."""
    if name not in PRECISIONS:
        raise ConfigError(f"precision: {name!r} is not known{did_you_mean(name, PRECISIONS)}")
    return PRECISIONS[name]
