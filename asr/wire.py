"""The wire format of protobuf messages, as far as a model file needs it: fields found, and written.

Source: https://protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

from collections.abc import Iterator

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class WireError(Exception):
    """Bytes that are not a protobuf message."""


def fields(data: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int, int, int]]:
    """Yield (number, first byte, start of the payload, end of the payload) of each field of a protobuf message.

    Raises WireError.
    """
    end = len(data) if end is None else end
    while start < end:
        first = start
        tag, start = _varint(data, start, end)
        number, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            stop = _varint(data, start, end)[1]
        elif kind == _BYTES:
            length, start = _varint(data, start, end)
            stop = start + length
        elif kind in (_FIXED32, _FIXED64):
            stop = start + (4 if kind == _FIXED32 else 8)
        else:
            raise WireError(f"wire type {kind} at byte {first}")
        if number == 0 or stop > end:
            raise WireError(f"field {number} at byte {first} reaches to byte {stop} of {end}")
        yield number, first, start, stop
        start = stop


def _varint(data: bytes, start: int, end: int) -> tuple[int, int]:
    """Return a base-128 number and the position after it."""
    value = 0
    for shift in range(10):  # 64 bits take 10 bytes at most
        if start + shift >= end:
            break
        byte = data[start + shift]
        value |= (byte & 0x7F) << (7 * shift)
        if byte < 0x80:
            return value, start + shift + 1
    raise WireError(f"no number at byte {start}")


def message(number: int, payload: bytes) -> bytes:
    """Return a field that holds bytes: a text, or a message."""
    return _number(number << 3 | _BYTES) + _number(len(payload)) + payload


def _number(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
