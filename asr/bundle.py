"""The one file that is a model: an ONNX graph whose metadata say everything else there is to know.

Layout: an ONNX `ModelProto`, readable by any ONNX runtime, whose `metadata_props` (field 14) hold one entry per field
of `ModelInfo` (`asr.tokens`, `asr.rate_hz`, ...; every value is JSON), `asr.format` and `asr.sha256`. They stand
before the graph, so that a file that was cut short still says what it is. `asr.sha256` is the SHA-256 of the whole
file in which its own 64 hex digits are zeros.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, Protocol

from asr import wire
from asr.errors import MissingFile, ModelError, OutputError
from asr.files import existing_file, replacing
from asr.tokenizers.tokens import BYTES

FORMAT = 2  # what this version reads; a file has the lowest number whose readers understand it
PREFIX = "asr."
DEFAULT_MODEL = "an4-en.onnx"

# Numbers of fields in onnx.proto: ModelProto and StringStringEntryProto.
_GRAPH, _OPSET, _METADATA = 7, 8, 14
_KEY, _VALUE = 1, 2
_ZEROS = "0" * 64
# protobuf refuses messages of 2 GiB; checked before writing, since no runtime could read the file.
_MAX_BYTES = 2**31 - 1


@dataclass(frozen=True)
class ModelInfo:
    """What a model file says about itself; `frame_shift_s` is that of the output frames (0.04)."""

    name: str
    tokens: tuple[str, ...]
    rate_hz: int
    frame_shift_s: float
    blank: int = 0
    tokenizer: str = "char"
    tokenizer_state: Mapping[str, Any] = field(default_factory=dict)  # what encoding needs beside the tokens
    text_rules: str = "none/1"
    features: Mapping[str, Any] = field(default_factory=dict)
    decoder: Mapping[str, Any] = field(default_factory=lambda: {"name": "greedy"})
    provenance: Mapping[str, Any] = field(default_factory=dict)
    scores: tuple[Mapping[str, Any], ...] = ()
    licence: str = ""
    probe: Mapping[str, Any] | None = None
    priors: tuple[float, ...] = ()  # log of each token's mean probability over training frames; () where not measured
    streaming: Mapping[str, Any] | None = None  # what pieces of a recording need; None where all of it is heard at once


class Serialisable(Protocol):
    """An `onnx.ModelProto`, named by the one method that is used of it."""

    def SerializeToString(self) -> bytes: ...  # noqa: N802 (protobuf's name)


def default_model() -> Path:
    """Return the model that ships: inside the installed package, else in the checkout's `exported/`.

    Raises MissingFile where neither has it.
    """
    package = Path(__file__).resolve().parent
    for folder in (package / "exported", package.parent / "exported"):
        if (folder / DEFAULT_MODEL).is_file():
            return folder / DEFAULT_MODEL
    raise MissingFile(f"{DEFAULT_MODEL}: the default model is not part of this installation; name a model file")


def read_info(path: str | Path) -> ModelInfo:
    """Return what a model file says about itself, after the same checks as `load_bytes`."""
    return load_bytes(path)[1]


def load_bytes(path: str | Path) -> tuple[bytes, ModelInfo]:
    """Read a model file: its bytes for the runtime, and its ModelInfo.

    Raises MissingFile, or ModelError for a file that is not ONNX, not ours, of a newer format, cut short or changed.
    """
    path = existing_file(path, "model file")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error
    entries = _checked_entries(data, path)
    _check_sha256(data, entries, path)
    return data, _info_from({key: value for key, (value, _) in entries.items()}, path)


def save(model: Serialisable, info: ModelInfo, path: str | Path) -> None:
    """Write an `onnx.ModelProto` and its info as one file, whole or not at all.

    Metadata of the model that are not ours are kept. Raises OutputError.
    """
    _write(model.SerializeToString(), info, path)


def update(path: str | Path, info: ModelInfo) -> None:
    """Replace what a model file says about itself; the graph stays as it is, byte for byte."""
    _write(load_bytes(path)[0], info, path)


def _write(model: bytes, info: ModelInfo, path: str | Path) -> None:
    entries = {
        f"{PREFIX}format": json.dumps(_needed(info)),
        f"{PREFIX}sha256": json.dumps(_ZEROS),
        **{PREFIX + f.name: json.dumps(getattr(info, f.name), ensure_ascii=False) for f in fields(info)},
    }
    data = _with_metadata(model, entries)
    if len(data) > _MAX_BYTES:
        raise OutputError(f"{path}: the model takes {len(data)} bytes, ONNX files end at 2 GiB; train a smaller one")
    digest = hashlib.sha256(data).hexdigest()
    first = _entries(data)[f"{PREFIX}sha256"][1] + 1  # after the opening quote
    with replacing(path) as temporary, open(temporary, "wb") as file:
        file.writelines((data[:first], digest.encode(), data[first + len(digest) :]))


def _needed(info: ModelInfo) -> int:
    """Return the number of the format: readers of 1 take a byte token for its name."""
    return 1 if BYTES.keys().isdisjoint(info.tokens) else 2


def _with_metadata(model: bytes, entries: Mapping[str, str]) -> bytes:
    """Return the model with `entries` as its metadata, before the graph, and without its former `asr.` ones."""
    before: list[bytes] = []
    after: list[bytes] = []
    for number, first, start, end in wire.fields(model):
        if number == _METADATA and _entry(model, start, end)[0].startswith(PREFIX):
            continue
        (before if number < _GRAPH or number == _METADATA else after).append(model[first:end])
    ours = [
        wire.message(_METADATA, wire.message(_KEY, k.encode()) + wire.message(_VALUE, v.encode()))
        for k, v in entries.items()
    ]
    return b"".join(before + ours + after)


def _checked_entries(data: bytes, path: Path) -> dict[str, tuple[str, int]]:
    """Return our metadata entries of a file that is ONNX, ours, and of a format that this version reads."""
    if not data:
        raise ModelError(f"{path}: is empty; copy or export it again")
    try:
        numbers = {number for number, *_ in wire.fields(data)}
        entries = _entries(data)
    except wire.WireError as error:
        if data[:1] == b"\x08" and f"{PREFIX}format".encode() in data:  # ir_version first, as every writer has it
            raise ModelError(f"{path}: is damaged or cut short ({error}); copy or export it again") from error
        raise ModelError(f"{path}: is not an ONNX model; name a file written by 'asr export'") from error
    if not {_GRAPH, _OPSET} <= numbers:
        raise ModelError(f"{path}: is not an ONNX model, or is cut short; name a file written by 'asr export'")
    _check_format(entries, path)
    return entries


def _check_format(entries: Mapping[str, tuple[str, int]], path: Path) -> None:
    if not any(key.startswith(PREFIX) for key in entries):
        raise ModelError(f"{path}: is an ONNX model but not one of ours; name a file written by 'asr export'")
    number = entries.get(f"{PREFIX}format", ("missing", 0))[0]
    if not (number.isascii() and number.isdecimal() and int(number) > 0 and f"{PREFIX}sha256" in entries):
        raise ModelError(f"{path}: is damaged (format {number}); copy or export it again")
    if int(number) > FORMAT:
        raise ModelError(
            f"{path}: has format {number}, newer than the {FORMAT} that this version reads; "
            "update with: pip install -U bilstm-asr"
        )


def _check_sha256(data: bytes, entries: Mapping[str, tuple[str, int]], path: Path) -> None:
    stored, start = entries[f"{PREFIX}sha256"]
    view = memoryview(data)
    digest = hashlib.sha256(view[: start + 1])
    digest.update(_ZEROS.encode())
    digest.update(view[start + 1 + len(_ZEROS) :])
    if stored != json.dumps(digest.hexdigest()):
        raise ModelError(f"{path}: was changed after it was written (its SHA-256 differs); copy or export it again")


def _info_from(entries: Mapping[str, str], path: Path) -> ModelInfo:
    values: dict[str, Any] = {}
    for f in fields(ModelInfo):
        if PREFIX + f.name in entries:
            values[f.name] = _value(f.name, entries[PREFIX + f.name], path)
        elif f.default is MISSING and f.default_factory is MISSING:
            raise ModelError(f"{path}: lacks {PREFIX}{f.name}; export it again")
    info = ModelInfo(**values)
    if info.priors and (count := len(info.priors)) != len(info.tokens):
        raise ModelError(f"{path}: {PREFIX}priors are {count} for {len(info.tokens)} tokens; export it again")
    return info


def _value(name: str, text: str, path: Path) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path}: {PREFIX}{name} is not JSON ({error}); export it again") from error
    value = tuple(value) if isinstance(value, list) else value
    if not _VALID[name](value):
        raise ModelError(f"{path}: {PREFIX}{name} is {value!r}, which cannot be; export it again")
    return value


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_mapping(value: object) -> bool:
    return isinstance(value, dict)


def _is_finite(value: object) -> bool:
    return isinstance(value, int | float) and abs(value) <= sys.float_info.max  # false for NaN, which JSON lets in


_VALID: dict[str, Callable[[Any], bool]] = {
    "name": _is_text,
    "tokens": lambda v: isinstance(v, tuple) and len(v) > 1 and all(map(_is_text, v)),
    "rate_hz": lambda v: isinstance(v, int) and v > 0,
    "frame_shift_s": lambda v: isinstance(v, int | float) and v > 0,
    "blank": lambda v: isinstance(v, int) and v >= 0,
    "tokenizer": _is_text,
    "tokenizer_state": _is_mapping,
    "text_rules": _is_text,
    "features": _is_mapping,
    "decoder": lambda v: _is_mapping(v) and _is_text(v.get("name")),
    "provenance": _is_mapping,
    "scores": lambda v: isinstance(v, tuple) and all(map(_is_mapping, v)),
    "licence": _is_text,
    "probe": lambda v: v is None or _is_mapping(v),
    "priors": lambda v: isinstance(v, tuple) and all(map(_is_finite, v)),
    "streaming": lambda v: v is None or (_is_mapping(v) and {"context_frames", "ahead_samples", "state"} <= v.keys()),
}


def _entries(data: bytes) -> dict[str, tuple[str, int]]:
    """Return key -> (value, offset of the value in the file) of the metadata."""
    found: dict[str, tuple[str, int]] = {}
    for number, _, start, end in wire.fields(data):
        if number == _METADATA:
            key, value, offset = _entry(data, start, end)
            if key in found:
                raise wire.WireError(f"{key} stands there twice")
            found[key] = (value, offset)
    return found


def _entry(data: bytes, start: int, end: int) -> tuple[str, str, int]:
    """Return (key, value, offset of the value) of one StringStringEntryProto."""
    spans = {number: (first, last) for number, _, first, last in wire.fields(data, start, end)}
    try:
        key, value = (data[slice(*spans.get(number, (end, end)))].decode() for number in (_KEY, _VALUE))
    except UnicodeDecodeError as error:
        raise wire.WireError("metadata that are not UTF-8") from error
    return key, value, spans.get(_VALUE, (end, end))[0]
