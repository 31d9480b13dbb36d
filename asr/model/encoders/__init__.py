"""Encoders: features in, hidden frames out. A new one is one file here and one line in the table."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Protocol

from torch import Tensor, nn

from asr.errors import ConfigError, did_you_mean
from asr.model.encoders.blstm import Blstm
from asr.model.encoders.lstm import Lstm


class Encoder(Protocol):
    """x [B, F, dim] and frames [B] -> hidden [B, F', outputs] and frames' [B], F' = ceil(F / 4).

    `twice` returns the hidden states after half of the `layers` before those after all of them, of the same width.
    """

    outputs: int
    layers: nn.ModuleList

    def __call__(self, x: Tensor, frames: Tensor) -> tuple[Tensor, Tensor]: ...

    def twice(self, x: Tensor, frames: Tensor) -> tuple[Tensor, Tensor, Tensor]: ...


ENCODERS: dict[str, Callable[..., nn.Module]] = {"blstm": Blstm, "lstm": Lstm}


def build_encoder(name: str, dim: int, /, **settings: object) -> nn.Module:
    """Return the encoder of that name over features of `dim` values.

    The settings are the keyword arguments of its constructor. Raises ConfigError for a name or a setting that is not
    known, with the nearest one that is, and for a value of another type than the default's or out of range.
    """
    if name not in ENCODERS:
        raise ConfigError(f"model: unknown encoder {name!r}{did_you_mean(name, ENCODERS)}")
    known = defaults(ENCODERS[name])
    for setting, value in settings.items():
        if setting not in known:
            raise ConfigError(f"model: unknown {setting!r} for encoder {name!r}{did_you_mean(setting, known)}")
        _check_type(setting, value, type(known[setting]))
    return ENCODERS[name](dim, **settings)


def defaults(encoder: Callable[..., nn.Module]) -> dict[str, object]:
    """Return the settings of an encoder, those that its entry in the table fixes left out, with their defaults."""
    fixed = encoder.keywords if isinstance(encoder, partial) else {}
    parameters = inspect.signature(encoder).parameters.values()
    return {
        parameter.name: parameter.default
        for parameter in parameters
        if parameter.kind is parameter.KEYWORD_ONLY and parameter.name not in fixed
    }


def _check_type(setting: str, value: object, wanted: type) -> None:
    """Raise ConfigError unless the value has the type of the default; a whole number will do for a float."""
    if type(value) is not wanted and not (wanted is float and type(value) is int):
        names = {int: "a whole number", float: "a number", bool: "true or false", str: "a string"}
        raise ConfigError(f"model: {setting} = {value!r}: should be {names.get(wanted, wanted.__name__)}; correct it")
